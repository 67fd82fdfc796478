import { createSecureContext } from 'node:tls';
import { type Problem, SYSTEM } from '../../../src/config.ts';
import { tableName } from '../../../src/fields.ts';
import type { UpstreamHeaders } from '../../../src/upstream-headers.ts';
import { TlsTrust } from '../../http1/tls-trust.ts';
import { type ConnInfo, parseConnInfo } from '../postgres/conninfo.ts';
import { type Contents, type Given, inFile, isGiven, parseSettings, textOf } from './given.ts';
import type { Settings } from './settings.ts';

/** Where the token to inject comes from. */
export type TokenOrigin =
  | { readonly kind: 'static'; readonly token: string }
  | { readonly kind: 'system'; readonly connInfo: ConnInfo };

/** The settings, and what follows from several of them together. */
export interface Config extends Omit<Settings, 'token'> {
  readonly token: TokenOrigin;
  /** Those that are given and those from the file. */
  readonly aliasTokens: string[];
  /** Those that are given and those from the file. */
  readonly upstreamHeaders: UpstreamHeaders;
  /** The clients file; undefined: there are no named clients. */
  readonly clientsText: string | undefined;
  /** Whether every client gets the token: there are no alias tokens and no named clients, and none were revoked at run time. */
  readonly isOpen: boolean;
  /** For an https Sentry. */
  readonly sentryTrust: TlsTrust | undefined;
  /** The certificate and key to listen with TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Reads all settings and adds what is wrong with them to `problems`.
 * @param environment where libpq's variables are looked up
 * @returns a configuration, to use only if no problem was added
 */
export function readConfig(
  given: Given,
  contents: Contents,
  environment: NodeJS.ProcessEnv,
  problems: Problem[],
): Config {
  const settings = parseSettings(given, contents, problems);
  refuseBoth('SENTRY_TOKEN', 'SENTRY_TOKEN_FILE', given, problems);
  refuseBoth('PGX_CONN', 'PGX_CONN_FILE', given, problems);
  refuseBoth('CLIENTS', 'CLIENTS_FILE', given, problems);
  const aliasTokens = [...settings.aliasTokens, ...(settings.aliasTokensFile ?? [])];
  const clientsText = settings.clientsFile ?? settings.clients;
  return {
    ...settings,
    token: readTokenOrigin(settings, environment, problems),
    aliasTokens,
    upstreamHeaders: readHeaders(settings, problems),
    clientsText,
    isOpen: aliasTokens.length === 0 && clientsText === undefined,
    sentryTrust: readSentryTrust(settings, given, problems),
    tls: readTls(settings, given, problems),
  };
}

function refuseBoth(variable: string, file: string, given: Given, problems: Problem[]): void {
  const areBoth = isGiven(given, variable) && textOf(given, file) !== '';
  if (areBoth) problems.push({ variable: file, text: `and ${variable} are both set; leave one out` });
}

function readHeaders({ upstreamHeaders, upstreamHeadersFile = [] }: Settings, problems: Problem[]): UpstreamHeaders {
  const given = new Set(upstreamHeaders.map(([name]) => tableName(name)));
  const isTwice = upstreamHeadersFile.some(([name]) => given.has(tableName(name)));
  if (isTwice) {
    const variable = 'UPSTREAM_HEADERS_FILE';
    problems.push({ variable, text: inFile('has a header that UPSTREAM_HEADERS has as well') });
  }
  return [...upstreamHeaders, ...upstreamHeadersFile];
}

/** The one place that decides between a static token and Sentry's own. */
function readTokenOrigin(settings: Settings, environment: NodeJS.ProcessEnv, problems: Problem[]): TokenOrigin {
  const token = settings.tokenFile ?? settings.token;
  if (token !== SYSTEM) return { kind: 'static', token };
  const { pgxConn, pgxConnFile } = settings;
  const result = parseConnInfo(pgxConnFile ?? pgxConn, environment);
  if ('info' in result) return { kind: 'system', connInfo: result.info };
  for (const text of result.problems) {
    const isOfFile = pgxConnFile !== undefined;
    problems.push(isOfFile ? { variable: 'PGX_CONN_FILE', text: inFile(text) } : { variable: 'PGX_CONN', text });
  }
  return { kind: 'static', token: '' };
}

function readSentryTrust(
  { sentryUri, sentryCa, sentryCert, sentryKey }: Settings,
  given: Given,
  problems: Problem[],
): TlsTrust | undefined {
  if (isHalf('SENTRY_CERT', 'SENTRY_KEY', given)) {
    problems.push({ variable: 'SENTRY_CERT', text: 'and --sentry-key (SENTRY_KEY) belong together; one is not set' });
  }
  if (sentryUri.protocol !== 'https:') return undefined;
  try {
    return new TlsTrust({ ca: sentryCa, cert: sentryCert, key: sentryKey });
  } catch {
    const variable = sentryCert === undefined ? 'SENTRY_CA' : 'SENTRY_CERT';
    problems.push({ variable, text: 'or what belongs to it is not PEM that TLS can use' });
    return undefined;
  }
}

function readTls({ tlsCert: cert, tlsKey: key }: Settings, given: Given, problems: Problem[]): Config['tls'] {
  if (isHalf('TLS_CERT', 'TLS_KEY', given)) {
    problems.push({ variable: 'TLS_CERT', text: 'and --tls-key (TLS_KEY) belong together; one is not set' });
  }
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
  } catch {
    problems.push({ variable: 'TLS_CERT', text: 'and --tls-key (TLS_KEY) are not a certificate and its key' });
  }
  return { cert, key };
}

const isHalf = (one: string, other: string, given: Given): boolean =>
  (textOf(given, one) === '') !== (textOf(given, other) === '');
