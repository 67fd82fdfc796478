import { type ClientsFile, readClients } from '../../../src/clients/clients-file.ts';
import type { Problem } from '../../../src/config/values.ts';
import { asProxyError, ERRORS, type ErrorName, ProxyError } from '../../../src/http/errors.ts';
import { onlyFields } from '../../../src/http/headers.ts';
import { makeUpstream } from '../../../src/http/target-url.ts';
import type { UpstreamResponse } from '../../../src/http/types.ts';
import { withUpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { makeTransport } from '../../http1/client/transport.ts';
import { addressText, isLocal } from '../../http1/server/listen-address.ts';
import { fingerprint } from '../../system-token/fingerprint.ts';
import type { ConnInfo } from '../../system-token/postgres/conninfo.ts';
import { reasonOf } from '../../system-token/renewal.ts';
import { expiryWarnings } from '../clients/expiry.ts';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';
import { problemLines, problemText } from '../config/problem-text.ts';
import { clientsTable } from './clients-table.ts';
import { denyWarnings } from './deny-warnings.ts';
import { BAD_CONFIGURATION } from './exit-codes.ts';
import { settingsTable } from './settings-table.ts';

/** Milliseconds for Sentry to answer. */
const TIMEOUT = 5000;
/** How many characters of a response are read. */
const MAX_LOOKED_AT = 4096;

/**
 * Shows every setting with its origin. Then says what is wrong, or what the proxy does with this configuration and who its
 * named clients are; with `isProbing` also whether Sentry accepts the token and the limit store answers.
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
  say('token', tokenText(config));
  if (config.token.kind === 'system') say('reads it from', databaseText(config.token.connInfo));
  const named = namedClients(config);
  say('injects it for', clientsText(config, named));
  if (config.limitStore !== undefined) say('shares limits in', storeText(config.limitStore));
  if (config.allowedHosts.length > 0) say('serves the hosts', config.allowedHosts.join(', '));
  if (config.keepInside) say('leads clients to', config.publicUrl ?? 'the host that each request names');
  else say('leads clients to', "Sentry's own address, past the proxy, since --keep-inside is false");
  for (const warning of warnings) say('warning', problemText(warning));
  if (named !== undefined) {
    const now = Date.now();
    for (const warning of expiryWarnings(named.clients, now)) say('warning', warning);
    for (const warning of denyWarnings(named.clients)) say('warning', warning);
    process.stdout.write(`\n${clientsTable(named.clients, now)}`);
  }
  if (!isProbing) return 0;

  const storeFault = config.limitStore === undefined ? undefined : await probeStore(config.limitStore);
  const fault = await probe(config);
  say('probe', fault ?? 'Sentry takes the token');
  return fault === undefined && storeFault === undefined ? 0 : 1;
}

const say = (what: string, text: string): void => void process.stdout.write(`${`${what}:`.padEnd(24)}${text}\n`);

const tokenText = ({ token: origin }: Config): string =>
  origin.kind === 'system' ? "Sentry's system token" : `static, ${described(origin.token)}`;

const described = (token: string): string => `${token.length} characters, fingerprint ${fingerprint(token)}`;

function databaseText({ hosts, user, database, sslmode }: ConnInfo): string {
  const where = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  return `PostgreSQL at ${where}, database ${database}, user ${user}, sslmode ${sslmode}`;
}

/** The clients file, which was found to be valid before. */
function namedClients({ clientsText }: Config): ClientsFile | undefined {
  const read = clientsText === undefined ? undefined : readClients(clientsText);
  return read !== undefined && 'clients' in read ? read : undefined;
}

function clientsText({ aliasTokens, isOpen, listen }: Config, named: ClientsFile | undefined): string {
  const byAlias = `clients that send ${aliasTokens.length === 1 ? 'the alias token' : `one of ${aliasTokens.length} alias tokens`}`;
  const others = named?.unmatched === 'reject' ? 'others are refused' : 'others are forwarded as they are';
  if (named !== undefined) {
    const alias = aliasTokens.length === 0 ? '' : `, and without limits for ${byAlias}`;
    const { length } = named.clients;
    return `${length} named ${length === 1 ? 'client' : 'clients'} within their rights${alias}; ${others}`;
  }
  if (!isOpen) return `${byAlias}; ${others}`;
  return isLocal(listen)
    ? 'everyone on this machine'
    : 'EVERYONE who can reach the port: neither clients nor alias tokens are set';
}

/** Without the credentials in it. */
function storeText(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Says whether the store answers. */
async function probeStore(url: string): Promise<string | undefined> {
  const { storeFault } = await import('../limits/store-fault.ts');
  const fault = await storeFault(url, TIMEOUT);
  say('limit store', fault === undefined ? 'answers' : `${fault}; check --limit-store`);
  return fault;
}

/** The first fault on the way to an answer, as a line that says what to do about it; undefined if there is none. */
async function probe(config: Config): Promise<string | undefined> {
  const origin = config.token;
  let token: string;
  if (origin.kind === 'static') token = origin.token;
  else {
    try {
      const { readSystemToken } = await import('../../system-token/read.ts');
      token = await readSystemToken(origin.connInfo);
      say('system token', described(token));
    } catch (error) {
      return `the system token could not be read: ${reasonOf(error)}`;
    }
  }
  try {
    return await askSentry(config, token);
  } catch (thrown) {
    const error = asProxyError(thrown);
    const cause = error.message === '' ? '' : ` (${error.message})`;
    const remedy = PLAIN_HTTP.test(cause) ? PLAIN_HTTP_REMEDY : (REMEDIES[error.name] ?? 'check --sentry-uri');
    return `${ERRORS[error.name].detail.slice(0, -1)}${cause}: ${remedy}.`;
  }
}

/** OpenSSL reads the first bytes of another protocol as a version of TLS. */
const PLAIN_HTTP = /wrong version number|packet length too long/;
const PLAIN_HTTP_REMEDY = 'what listens there does not speak TLS; set --sentry-uri to http:// or to the port that does';

const REMEDIES: Partial<Record<ErrorName, string>> = {
  upstream_unknown_host: 'check the host name in --sentry-uri, and that the proxy is on the network where it is known',
  upstream_refused: 'check host and port in --sentry-uri, and that Sentry runs',
  upstream_tls: 'check --sentry-uri, and --sentry-ca if its certificate comes from a CA of your own',
  upstream_malformed: 'check the scheme and the port in --sentry-uri',
  upstream_timeout: 'read the log of Sentry, which takes connections but does not answer',
  upstream_connect_timeout: 'check --sentry-uri, and that no firewall drops what is sent there',
};

async function askSentry(config: Config, token: string): Promise<string | undefined> {
  const upstream = makeUpstream(config.sentryUri);
  const transport = makeTransport({ origin: upstream.origin, trust: config.sentryTrust });
  const send = withUpstreamHeaders(transport, () => config.upstreamHeaders);
  const late = new AbortController();
  setTimeout(() => late.abort(new ProxyError('upstream_timeout')), TIMEOUT).unref();
  const response = await send(`${upstream.origin}${upstream.basePath}/api/0/`, {
    method: 'GET',
    headers: onlyFields([
      ['Authorization', `Bearer ${token}`],
      ['Accept', 'application/json'],
    ]),
    body: null,
    signal: late.signal,
  });
  const text = await textOf(response);
  if (response.status === 200 && /"version"/.test(text)) return undefined;
  if (response.status === 401) return config.token.kind === 'system' ? SYSTEM_TOKEN_REFUSED : STATIC_TOKEN_REFUSED;
  if (response.status >= 300 && response.status < 400) {
    const to = redirectionOf(response, upstream.origin);
    return `${upstream.origin} redirects${to} (${response.status}): set --sentry-uri to the address it redirects to.`;
  }
  if (response.status === 200 || response.status === 404) {
    return `what answers at ${upstream.origin}${upstream.basePath} is not Sentry's API (status ${response.status}): check --sentry-uri.`;
  }
  return `Sentry answered with status ${response.status}; its own log says why.`;
}

const SYSTEM_TOKEN_REFUSED =
  'Sentry refused its own system token (401): it takes it only from addresses in INTERNAL_SYSTEM_IPS, which self-hosted ' +
  'sets to the network of its web container; run the proxy on that network, and check that the database is this ' +
  "Sentry's.";
const STATIC_TOKEN_REFUSED =
  'Sentry refused the token (401): make a new one in Sentry and set --token or --token-file.';

/** Where a redirection leads, without its query. */
function redirectionOf({ headers }: UpstreamResponse, base: string): string {
  const location = headers.get('location');
  if (location === null || !URL.canParse(location, base)) return '';
  const { origin, pathname } = new URL(location, base);
  return ` to ${origin}${pathname}`;
}

async function textOf({ body }: UpstreamResponse): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (value !== undefined) text += decoder.decode(value, { stream: true });
    if (done) return text;
    if (text.length > MAX_LOOKED_AT) {
      await body.cancel();
      return text;
    }
  }
}
