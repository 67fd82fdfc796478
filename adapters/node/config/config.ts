import { createSecureContext } from 'node:tls';
import { type Problem, SYSTEM } from '../../../src/config/values.ts';
import { tableName } from '../../../src/http/headers.ts';
import type { UpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { TlsTrust } from '../../http1/client/tls-trust.ts';
import { addressText } from '../../http1/listen/listen-address.ts';
import { PG_VARIABLES } from '../../system-token/postgres/conninfo/keys.ts';
import { type ConnInfo, parseConnInfo } from '../../system-token/postgres/conninfo.ts';
import { settingName } from './problem-text.ts';
import { type Contents, inFile, isGiven, parseSettings, type RawSettings, textOf } from './raw-settings.ts';
import type { Settings } from './settings.ts';

/** Where the token to inject comes from. */
export type TokenConfig =
  | { readonly kind: 'static'; readonly token: string }
  | { readonly kind: 'system'; readonly connInfo: ConnInfo };

/** The settings, and what follows from several of them together. */
export interface Config extends Omit<Settings, 'token'> {
  readonly token: TokenConfig;
  /** Those that are given and those from the file, each once. */
  readonly aliasTokens: string[];
  /** Those that are given and those from the file. */
  readonly upstreamHeaders: UpstreamHeaders;
  /** The clients file; undefined: there are no named clients. */
  readonly clientsText: string | undefined;
  /** The path of that file; undefined if the setting holds its text. */
  readonly clientsPath: string | undefined;
  /** The tokens file; undefined: there is only the default token. */
  readonly tokensText: string | undefined;
  /**
   * Whether every client gets the token: there are no alias tokens and no named clients, and none were revoked at run
   * time.
   */
  readonly isOpen: boolean;
  /** For an https Sentry. */
  readonly sentryTrust: TlsTrust | undefined;
  /** The certificate and key to listen with TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Reads all settings and adds their faults to `problems`.
 * @param environment where libpq's variables are looked up
 * @returns a configuration, to use only if no problem was added
 */
export function readConfig(
  given: RawSettings,
  contents: Contents,
  environment: NodeJS.ProcessEnv,
  problems: Problem[],
): Config {
  const settings = parseSettings(given, contents, problems);
  refuseBoth('SENTRY_TOKEN', 'SENTRY_TOKEN_FILE', given, problems);
  refuseBoth('PGX_CONN', 'PGX_CONN_FILE', given, problems);
  refuseBoth('CLIENTS', 'CLIENTS_FILE', given, problems);
  refuseBoth('TOKENS', 'TOKENS_FILE', given, problems);
  refuseOneAddress(settings, problems);
  const aliasTokens = [...new Set([...settings.aliasTokens, ...(settings.aliasTokensFile ?? [])])];
  const clientsText = settings.clientsFile ?? settings.clients;
  return {
    ...settings,
    token: readTokenConfig(settings, environment, problems),
    aliasTokens,
    upstreamHeaders: readHeaders(settings, problems),
    clientsText,
    tokensText: settings.tokensFile ?? settings.tokens,
    clientsPath: textOf(given, 'CLIENTS_FILE') || undefined,
    isOpen: aliasTokens.length === 0 && clientsText === undefined,
    sentryTrust: readSentryTrust(settings, given, problems),
    tls: readTls(settings, given, problems),
  };
}

function refuseBoth(variable: string, file: string, given: RawSettings, problems: Problem[]): void {
  const areBoth = isGiven(given, variable) && textOf(given, file) !== '';
  if (areBoth) problems.push({ variable: file, text: `and ${settingName(variable)} are both set; leave one out` });
}

function refuseOneAddress({ listen, adminListen }: Settings, problems: Problem[]): void {
  if (adminListen === undefined) return;
  // The system picks a free port for 0, so two of them differ.
  const isPicked = 'port' in listen && listen.port === 0;
  const areOne = !isPicked && addressText(listen) === addressText(adminListen);
  const text = `and ${settingName('LISTEN')} are the same address; set two`;
  if (areOne) problems.push({ variable: 'ADMIN_LISTEN', text });
}

function readHeaders({ upstreamHeaders, upstreamHeadersFile = [] }: Settings, problems: Problem[]): UpstreamHeaders {
  const given = new Set(upstreamHeaders.map(([name]) => tableName(name)));
  const isTwice = upstreamHeadersFile.some(([name]) => given.has(tableName(name)));
  if (isTwice) {
    const variable = 'UPSTREAM_HEADERS_FILE';
    problems.push({ variable, text: inFile('has a header that is also in UPSTREAM_HEADERS') });
  }
  return [...upstreamHeaders, ...upstreamHeadersFile];
}

/** The one place that decides between a static token and Sentry's own. */
function readTokenConfig(settings: Settings, environment: NodeJS.ProcessEnv, problems: Problem[]): TokenConfig {
  const token = settings.tokenFile ?? settings.token;
  if (token !== SYSTEM) return { kind: 'static', token };
  const { pgxConn, pgxConnFile } = settings;
  const result = parseConnInfo(pgxConnFile ?? pgxConn, environment);
  if ('info' in result) return { kind: 'system', connInfo: result.info };
  for (const problem of result.problems) {
    const variable = PG_VARIABLES.find((name) => problem.startsWith(`${name} `));
    if (variable !== undefined) problems.push({ variable, text: problem.slice(variable.length + 1) });
    else if (pgxConnFile === undefined) problems.push({ variable: 'PGX_CONN', text: problem });
    else problems.push({ variable: 'PGX_CONN_FILE', text: inFile(problem) });
  }
  return { kind: 'static', token: '' };
}

function readSentryTrust(
  { sentryUri, sentryCa, sentryCert, sentryKey }: Settings,
  given: RawSettings,
  problems: Problem[],
): TlsTrust | undefined {
  const pair = readPair(['SENTRY_CERT', sentryCert], ['SENTRY_KEY', sentryKey], given, problems);
  if (sentryUri.protocol !== 'https:') return undefined;
  try {
    return new TlsTrust({ ca: sentryCa, ...pair });
  } catch {
    problems.push({ variable: 'SENTRY_CA', text: inFile('is not PEM that TLS can use') });
    return undefined;
  }
}

const readTls = ({ tlsCert, tlsKey }: Settings, given: RawSettings, problems: Problem[]): Config['tls'] =>
  readPair(['TLS_CERT', tlsCert], ['TLS_KEY', tlsKey], given, problems);

/** The variable of a file, and its content. */
type FileContent = readonly [variable: string, content: string | undefined];

/** A certificate and its key; undefined if there are none, or if they can't be used. */
function readPair(
  [variable, cert]: FileContent,
  [keyVariable, key]: FileContent,
  given: RawSettings,
  problems: Problem[],
): Config['tls'] {
  const both = `and ${settingName(keyVariable)}`;
  const isHalf = (textOf(given, variable) === '') !== (textOf(given, keyVariable) === '');
  if (isHalf) problems.push({ variable, text: `${both} belong together; one is not set` });
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch {
    problems.push({ variable, text: `${both} are not a certificate and its key` });
    return undefined;
  }
}
