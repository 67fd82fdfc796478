import { examineClients } from '../clients/clients-file.ts';
import type { ClientsFileJson } from '../clients/clients-json.ts';
import type { RequestRecord } from '../http/request-context.ts';
import type { Transport } from '../http/types.ts';
import { readUpstreamHeaders, readUpstreamHeadersObject, type UpstreamHeaders } from '../http/upstream-headers.ts';
import { nearest, suggestion } from '../nearest-name.ts';
import type { TokenSource } from '../tokens/token-source.ts';
import { staticToken } from '../tokens/token-source.ts';
import {
  checkAliasTokens,
  checkAllowedHosts,
  type Problem,
  readClientsText,
  readDuration,
  readPublicUrl,
  readSentryUri,
  readSize,
  readToken,
  SYSTEM,
} from './configuration.ts';

/** The program's settings in camelCase, and options that only the library has. */
export interface ProxyOptions {
  /** Sentry's base URI; a path in it is put before every request's path. */
  readonly sentryUri: string | URL;
  /** The Sentry auth token to inject, or a source of one. */
  readonly token: string | TokenSource;
  /** Only requests with one of these as bearer token get Sentry's token. */
  readonly aliasTokens?: readonly string[] | undefined;
  /** The named clients and their rights: a clients file as an object, or its text. */
  readonly clients?: ClientsFileJson | string | undefined;
  /** Required without alias tokens and clients: everyone who can connect then uses the token. Default false. */
  readonly allowAnyClient?: boolean | undefined;
  /** Host names to serve, without port. Default: all. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The URL at which clients reach the proxy. Default: the origin that each request names, and `basePath`. */
  readonly publicUrl?: string | undefined;
  /** Replace Sentry's URLs that clients follow with URLs at the proxy. Default true. */
  readonly keepInside?: boolean | undefined;
  /**
   * Headers that are added to everything that goes to Sentry, for a gateway in front of it: an object, or a text with one
   * `Name: value` a line. They are secrets, and replace what a client sends by these names.
   */
  readonly upstreamHeaders?: Readonly<Record<string, string>> | string | undefined;
  /** How much of one request body is kept: bytes, or a text like `1MiB`, which is the default. */
  readonly replayLimit?: number | string | undefined;
  /** How much of all request bodies together is kept: bytes, or a text like `64MiB`, which is the default. */
  readonly replayLimitTotal?: number | string | undefined;
  /** Pass chunked bodies on as they are, to a Sentry that reads them: one behind nginx or granian. Default false. */
  readonly streamChunked?: boolean | undefined;
  /** From a request's arrival to its response's end: milliseconds, or a text like `25s`, the default. 0: no limit. */
  readonly writeTimeout?: number | string | undefined;
  /** The path at which the proxy is mounted, like `/sentry`. It is removed from each path. Default: the root. */
  readonly basePath?: string | undefined;
  /** Called once for each request, when its response has ended. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  /** Sends requests to Sentry. Default: the global `fetch`. */
  readonly transport?: Transport | undefined;
}

/** The configuration that `createProxy` makes from its options. */
export interface ProxyConfig {
  readonly sentryUri: URL;
  readonly token: TokenSource;
  readonly aliasTokens: readonly string[];
  /** The text of a clients file; undefined: there are no named clients. */
  readonly clientsText: string | undefined;
  /** Whether every request gets the token. */
  readonly isOpen: boolean;
  /** Lower case. */
  readonly allowedHosts: readonly string[];
  /** Without a trailing slash. */
  readonly publicUrl: string | undefined;
  readonly keepInside: boolean;
  readonly upstreamHeaders: UpstreamHeaders;
  /** Bytes. */
  readonly replayLimit: number;
  /** Bytes. */
  readonly replayLimitTotal: number;
  readonly streamChunked: boolean;
  /** Milliseconds; 0: no limit. */
  readonly writeTimeout: number;
  /** Without a trailing slash; empty: the root. */
  readonly basePath: string;
  readonly onRequest: ((record: RequestRecord) => void) | undefined;
  readonly transport: Transport | undefined;
}

/** Wrong options: the message names each of them and quotes no value. */
export class OptionsError extends TypeError {
  override readonly name = 'OptionsError';
  readonly problems: readonly string[];

  constructor(problems: readonly Problem[]) {
    const texts = problems.map(({ variable, text }) => `${variable} ${text}`);
    super(`sentry-api-proxy: ${texts.join('; ')}`);
    this.problems = texts;
  }
}

/** Every option, with the types that its value may have. */
export const OPTIONS: Readonly<Record<keyof ProxyOptions, readonly string[]>> = {
  sentryUri: ['string', 'URL'],
  token: ['string', 'object'],
  aliasTokens: ['array'],
  clients: ['object', 'string'],
  allowAnyClient: ['boolean'],
  allowedHosts: ['array'],
  publicUrl: ['string'],
  keepInside: ['boolean'],
  upstreamHeaders: ['object', 'string'],
  replayLimit: ['number', 'string'],
  replayLimitTotal: ['number', 'string'],
  streamChunked: ['boolean'],
  writeTimeout: ['number', 'string'],
  basePath: ['string'],
  onRequest: ['function'],
  transport: ['function'],
};

/** What differs for a caller with options of its own. */
export interface OwnOptions {
  /** Their names; the caller reads them itself. */
  readonly names: readonly string[];
  /** What is said of a token that is missing. */
  readonly missingToken: string;
}

/**
 * Reads the options and adds every problem with them to `problems`.
 * @returns a configuration, to use only if no problem was added
 */
export function readOptions(
  options: ProxyOptions,
  problems: Problem[],
  { names, missingToken }: OwnOptions = { names: [], missingToken: 'is empty; set an auth token of Sentry' },
): ProxyConfig {
  const about = (variable: string) => (text: string) => void problems.push({ variable, text });
  // A caller without types may leave the options out.
  const all: Partial<ProxyOptions> = options ?? {};
  const given = knownAndTyped(all, names, problems);
  const aliasTokens = textsOf(given.aliasTokens, about('aliasTokens'));
  const allowedHosts = textsOf(given.allowedHosts, about('allowedHosts')).map((host) => host.toLowerCase());
  checkAliasTokens(aliasTokens, about('aliasTokens'));
  checkAllowedHosts(allowedHosts, about('allowedHosts'));
  checkOpenness(all, about('aliasTokens'));
  const clientsText = readClientsText(clientsTextOf(given.clients), about('clients'));
  checkSharedTokens(clientsText, aliasTokens, about('clients'));
  const isTokenOfWrongType = given.token === undefined && all.token !== undefined;
  return {
    sentryUri: readSentryUri(String(given.sentryUri ?? ''), about('sentryUri')),
    token: readTokenOption(isTokenOfWrongType ? STAND_IN : (given.token ?? ''), missingToken, about('token')),
    aliasTokens,
    clientsText,
    isOpen: all.aliasTokens === undefined && all.clients === undefined,
    allowedHosts,
    publicUrl: readPublicUrl(given.publicUrl ?? '', about('publicUrl')),
    keepInside: given.keepInside ?? true,
    upstreamHeaders: readHeadersOption(given.upstreamHeaders ?? '', about('upstreamHeaders')),
    replayLimit: readSize(textOf(given.replayLimit ?? '1MiB', 'b'), about('replayLimit')),
    replayLimitTotal: readSize(textOf(given.replayLimitTotal ?? '64MiB', 'b'), about('replayLimitTotal')),
    streamChunked: given.streamChunked ?? false,
    writeTimeout: readTime(given.writeTimeout ?? '25s', about('writeTimeout')),
    basePath: readBasePath(given.basePath ?? '', about('basePath')),
    onRequest: given.onRequest,
    transport: given.transport,
  };
}

/** Leaves out options that can't be read any further. */
function knownAndTyped(
  options: Partial<ProxyOptions>,
  others: readonly string[],
  problems: Problem[],
): Partial<ProxyOptions> {
  const names = [...Object.keys(OPTIONS), ...others];
  const usable: Record<string, unknown> = {};
  for (const [variable, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const types = Object.hasOwn(OPTIONS, variable) ? OPTIONS[variable as keyof ProxyOptions] : undefined;
    if (types === undefined) problems.push({ variable, text: `is not an option${hint(variable, names)}` });
    else if (!types.includes(typeOf(value))) problems.push({ variable, text: isNone(types) });
    else usable[variable] = value;
  }
  return usable;
}

/** Options that `createListener` has in addition. */
export const LISTENER_OPTIONS = ['pgxConn', 'sentryCa', 'sentryCert', 'sentryKey', 'onTokenRead'] as const;

/** What to do about an option that there is elsewhere: in the other function, or as a file of the program. */
function hint(variable: string, names: readonly string[]): string {
  if ((LISTENER_OPTIONS as readonly string[]).includes(variable)) {
    return ' of createProxy; createListener of sentry-api-proxy/node-http has it';
  }
  const content = /^(.+)File$/.exec(variable)?.[1];
  const option = content && nearest(content, names, 2);
  if (option !== undefined) return `: the library reads no files; set ${option} to the content of the file`;
  return suggestion(variable, names);
}

function typeOf(value: unknown): string {
  if (value instanceof URL) return 'URL';
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function isNone(types: readonly string[]): string {
  const named = types.map((type) => `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`);
  return named.length === 1 ? `is not ${named[0]}` : `is neither ${named.join(' nor ')}`;
}

/** The texts of a list. An entry of which a problem was named is replaced, so that it is not named again. */
function textsOf(list: readonly unknown[] | undefined, complain: (text: string) => void): readonly string[] {
  return (list ?? []).map((item, index) => {
    if (typeof item !== 'string') {
      complain(`has something other than a string at number ${index + 1}; is a variable unset?`);
      return 'x';
    }
    if (item === '') complain(`number ${index + 1} is empty`);
    return item || 'x';
  });
}

const clientsTextOf = (clients: object | string | undefined): string | undefined =>
  typeof clients === 'object' ? JSON.stringify(clients) : clients;

/** Tokens that are written as digests are compared when the first request comes, since Web Crypto is asynchronous. */
function checkSharedTokens(
  clientsText: string | undefined,
  aliasTokens: readonly string[],
  complain: (text: string) => void,
): void {
  if (clientsText === undefined) return;
  for (const [index, client] of examineClients(clientsText).entries.entries()) {
    const isShared = client?.credentials.some((one) => one.kind === 'token' && aliasTokens.includes(one.token));
    if (isShared) complain(`has clients[${index}].token, which is one of aliasTokens as well`);
  }
}

/** @param given as the caller wrote them: an option that cannot be used is still set */
function checkOpenness(given: Partial<ProxyOptions>, complain: (text: string) => void): void {
  const { aliasTokens, clients, allowAnyClient } = given;
  if (aliasTokens === undefined && (allowAnyClient === true || clients !== undefined)) return;
  if (aliasTokens === undefined) complain(OPEN);
  // An empty list more likely comes from an unset variable than from intent.
  else if (Array.isArray(aliasTokens) && aliasTokens.length === 0)
    complain(`is empty; leave it out and set allowAnyClient to true if that is meant`);
}

const OPEN =
  'is not set, so every client that can reach the proxy would act on Sentry with the token; set clients or alias tokens, or ' +
  'set allowAnyClient to true if something else decides who gets here';

/** Stands for the token while the other options are read. */
export const STAND_IN: TokenSource = { isRenewable: false, get: () => undefined, renew: async () => undefined };

function readTokenOption(token: string | TokenSource, missing: string, complain: (text: string) => void): TokenSource {
  if (typeof token !== 'string') {
    const isSource = typeof token.get === 'function' && typeof token.renew === 'function';
    if (!isSource) complain('is neither a string nor a source of tokens');
    const isFlag = token.isRenewable === undefined || typeof token.isRenewable === 'boolean';
    if (!isFlag) complain('has an isRenewable that is neither true nor false');
    return token;
  }
  if (token === '') {
    complain(missing);
    return STAND_IN;
  }
  if (token === SYSTEM) complain("asks for Sentry's own token, which needs a database; set an auth token of Sentry");
  return staticToken(readToken(token, complain));
}

const readHeadersOption = (headers: object | string, complain: (text: string) => void): UpstreamHeaders =>
  typeof headers === 'string' ? readUpstreamHeaders(headers, complain) : readUpstreamHeadersObject(headers, complain);

/** A number is milliseconds here, and seconds in the program's settings: in a text it could be taken for either. */
function readTime(value: number | string, complain: (text: string) => void): number {
  const isAmbiguous = typeof value === 'string' && /^[\d.]+$/.test(value) && Number(value) !== 0;
  if (!isAmbiguous) return readDuration(textOf(value, 'ms'), complain);
  complain("is a text without a unit; write one like '25s', or a number of milliseconds");
  return 0;
}

/** A number is already in the base unit. */
const textOf = (value: number | string, unit: string): string => (typeof value === 'number' ? value + unit : value);

function readBasePath(value: string, complain: (text: string) => void): string {
  const path = value.replace(/\/$/, '');
  const isPlain = /^(?:\/[\w.~!$&'()*+,;=:@-]+)*$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path);
  if (!isPlain) complain('is not a path like /sentry');
  return path;
}
