import type { ClientsFile } from '../../../src/clients/clients-file.ts';
import type { Problem } from '../../../src/config/values.ts';
import { makeUpstream } from '../../../src/http/target-url.ts';
import { identityWarnings } from '../../../src/identity/lint.ts';
import { addressText, isLocal } from '../../http1/listen/listen-address.ts';
import { BAD_CONFIGURATION } from '../cli/exit-codes.ts';
import { expiryWarnings } from '../clients/expiry.ts';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';
import { problemLines, problemText } from '../config/problem-text.ts';
import { issuersTable, probeIssuers } from '../identity/issuers.ts';
import { originOf } from '../token/token-origin.ts';
import { allowWarnings } from './allow-warnings.ts';
import { clientsTable } from './clients-table.ts';
import { clientsFileOf, tokensOf } from './configured.ts';
import { denyWarnings } from './deny-warnings.ts';
import { probe } from './probe.ts';
import { say } from './say.ts';
import { settingsTable } from './settings-table.ts';
import { tokensTable } from './tokens-table.ts';

/**
 * Shows every setting with its origin. Then says what is wrong, or what the proxy does with this configuration and who
 * its named clients are; with `isProbing` also whether Sentry accepts the token and the limit store answers.
 * @returns the exit code: 0; 1 if the probe found a fault; 2 if the configuration is wrong
 */
export async function check(
  { config, given, warnings }: LoadedConfig,
  problems: readonly Problem[],
  isProbing: boolean,
): Promise<number> {
  process.stdout.write(`${settingsTable(given, problems)}\n`);
  if (problems.length > 0) {
    process.stderr.write(problemLines(problems));
    return BAD_CONFIGURATION;
  }
  say('listens on', addressText(config.listen) + (config.tls === undefined ? '' : ', with TLS'));
  if (config.adminListen !== undefined) say('probes and metrics on', addressText(config.adminListen));
  const upstream = makeUpstream(config.sentryUri);
  say('forwards to', upstream.origin + upstream.basePath);
  const names = config.upstreamHeaders.map(([name]) => name).join(', ');
  if (names !== '') say('adds to each request', `${names} (the values are not shown)`);
  for (const [what, text] of originOf(config.token).described) say(what, text);
  const named = clientsFileOf(config);
  say('injects it for', clientsText(config, named));
  if (config.limitStore !== undefined) say('shares limits in', storeText(config.limitStore));
  if (config.allowedHosts.length > 0) say('serves the hosts', config.allowedHosts.join(', '));
  if (config.keepInside) say('keeps clients at', config.publicUrl ?? 'the host that each request names');
  else say('keeps clients at', "Sentry's own address, past the proxy, because --keep-inside is false");
  for (const warning of warnings) say('warning', problemText(warning));
  for (const warning of originOf(config.token).warnings) say('warning', warning);
  if (named !== undefined) {
    const now = Date.now();
    for (const warning of expiryWarnings(named.clients, now)) say('warning', warning);
    for (const warning of allowWarnings(named.clients)) say('warning', warning);
    for (const warning of denyWarnings(named.clients)) say('warning', warning);
    for (const warning of identityWarnings(named.clients, named.issuers)) say('warning', warning);
    process.stdout.write(`\n${clientsTable(named.clients, now)}`);
    if (named.issuers.length > 0) process.stdout.write(`\n${issuersTable(named.issuers)}`);
  }
  if (config.tokensText !== undefined) process.stdout.write(`\n${tokensTable((await tokensOf(config)).list)}`);
  if (!isProbing) return 0;

  const haveIssuersKeys = await probeIssuers(named?.issuers ?? []);
  return (await probe(config)) && haveIssuersKeys ? 0 : 1;
}

function clientsText({ aliasTokens, isOpen, listen, unmatched }: Config, named: ClientsFile | undefined): string {
  const byAlias = `clients that send ${aliasTokens.length === 1 ? 'the alias token' : `one of ${aliasTokens.length} alias tokens`}`;
  const isRejected = unmatched === 'reject' || named?.unmatched === 'reject';
  const others = isRejected ? 'others are refused' : 'others are forwarded as they are';
  if (named !== undefined) {
    const alias = aliasTokens.length === 0 ? '' : `, and without limits for ${byAlias}`;
    return `${namedText(named.clients)}${alias}; ${others}`;
  }
  if (!isOpen) return `${byAlias}; ${others}`;
  return isLocal(listen)
    ? 'everyone on this machine'
    : 'EVERYONE who can reach the port: neither clients nor alias tokens are set';
}

/** How many clients there are, and how many of them may still do everything. */
function namedText(clients: ClientsFile['clients']): string {
  const all = `${clients.length} named ${clients.length === 1 ? 'client' : 'clients'}`;
  const observed = clients.filter(({ mode }) => mode === 'observe').length;
  if (observed === 0) return `${all} within their rights`;
  const enforced = clients.length - observed;
  return `${all}: ${enforced} enforced, within their rights, and ${observed} observed, without limits so far`;
}

/** Without the credentials in it. */
function storeText(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search}`;
}
