import { readUpstreamHeaders, readUpstreamHeadersObject, type UpstreamHeaders } from '../http/upstream-headers.ts';
import { nearest, suggestion } from '../nearest-name.ts';
import { NO_TOKEN } from '../tokens/token-choice.ts';
import type { TokenSource } from '../tokens/token-source.ts';
import { staticToken } from '../tokens/token-source.ts';
import { CORE_NAMES, CORE_SETTINGS, type CoreName, type CoreSetting, type CoreValues } from './core-settings.ts';
import { checkCredentials } from './credentials.ts';
import type { ProxyConfig, ProxyOptions } from './option-types.ts';
import {
  checkAliasTokens,
  checkAllowedHosts,
  type Problem,
  readSentryUri,
  readToken,
  rejectsNobody,
  SYSTEM,
} from './values.ts';

/** Options that only the library has, with the types that their values may have. */
const LIBRARY_OPTIONS = {
  basePath: ['string'],
  onRequest: ['function'],
  transport: ['function'],
} satisfies Partial<Record<keyof ProxyOptions, readonly string[]>>;

/** Every option, with the types that its value may have. */
export const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(CORE_NAMES.map((name) => [name, CORE_SETTINGS[name].types])),
  ...LIBRARY_OPTIONS,
};

/** The differences for a caller that has further options. */
export interface OwnOptions {
  /** Their names; the caller reads them itself. */
  readonly names: readonly string[];
  /** The problem reported for a missing token. */
  readonly missingToken: string;
  /** Whether `tokens` and `clients` may name files. */
  readonly mayNameFiles: boolean;
}

const CREATE_PROXY: OwnOptions = {
  names: [],
  missingToken: 'is empty; set a Sentry auth token',
  mayNameFiles: false,
};

/**
 * Reads the options and adds every problem with them to `problems`.
 * @returns a configuration, to use only if no problem was added
 */
export function readOptions(
  options: ProxyOptions,
  problems: Problem[],
  { names, missingToken, mayNameFiles }: OwnOptions = CREATE_PROXY,
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
  const clientsText = jsonOf(given.clients);
  const tokensText = jsonOf(given.tokens);
  const isTokenOfWrongType = given.token === undefined && all.token !== undefined;
  const defaultToken = typeof given.token === 'string' ? given.token : undefined;
  checkCredentials({ aliasTokens, clientsText, tokensText, defaultToken }, NAMES, problems, mayNameFiles);
  const sentryUri = readSentryUri(String(given.sentryUri ?? ''), about('sentryUri'));
  const token = isTokenOfWrongType ? NO_TOKEN : readTokenOption(given.token ?? '', missingToken, about('token'));
  const plain = PLAIN_OPTIONS.map((name) => {
    const report = about(name);
    return [name, CORE_SETTINGS[name].parse(plainText(name, given[name], report), report)];
  });
  const values: Pick<CoreValues, PlainOption> = Object.fromEntries(plain);
  const isOpen = all.aliasTokens === undefined && all.clients === undefined;
  if (isOpen && values.unmatched === 'reject') about('unmatched')(rejectsNobody('clients', 'aliasTokens'));
  return {
    ...values,
    sentryUri,
    token,
    aliasTokens,
    clientsText,
    tokensText,
    isOpen,
    allowedHosts,
    upstreamHeaders: readHeadersOption(given.upstreamHeaders ?? '', about('upstreamHeaders')),
    basePath: readBasePath(given.basePath ?? '', about('basePath')),
    onRequest: given.onRequest,
    transport: given.transport,
  };
}

const NAMES = { aliasTokens: 'aliasTokens', clients: 'clients', tokens: 'tokens' };

type PlainType = 'string' | 'number' | 'boolean';

/** An option that is a text as the program's setting has it, or becomes one. */
type PlainOption = {
  [Name in CoreName]: (typeof CORE_SETTINGS)[Name]['types'][number] extends PlainType ? Name : never;
}[CoreName];
const PLAIN_OPTIONS = CORE_NAMES.filter((name): name is PlainOption =>
  CORE_SETTINGS[name].types.every((type) => /^(?:string|number|boolean)$/.test(type)),
);

/** The text of an option, as a variable of the program would have it. A number is in the base unit. */
function plainText(
  name: PlainOption,
  value: string | number | boolean | undefined,
  report: (text: string) => void,
): string {
  const setting: CoreSetting = CORE_SETTINGS[name];
  if (value === undefined) return setting.default;
  if (typeof value === 'number') return `${value}${setting.unit}`;
  // A number is milliseconds here, and seconds in the program's settings: in a text it could be taken for either.
  const isAmbiguous = setting.unit === 'ms' && /^[\d.]+$/.test(String(value)) && Number(value) !== 0;
  if (!isAmbiguous) return String(value);
  report("is a string without a unit; write one like '25s', or a number of milliseconds");
  return setting.default;
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
    const types = Object.hasOwn(OPTIONS, variable) ? OPTIONS[variable] : undefined;
    if (types === undefined) problems.push({ variable, text: `is not an option${hint(variable, names)}` });
    else if (!types.includes(typeOf(value))) problems.push({ variable, text: isNone(types) });
    else usable[variable] = value;
  }
  return usable;
}

/** Options that `createListener` has in addition. */
export const LISTENER_OPTIONS = ['pgxConn', 'sentryCa', 'sentryCert', 'sentryKey', 'onTokenRead'] as const;

/** A hint for an option that exists elsewhere: in the other function, or as a file setting of the program. */
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
function textsOf(list: readonly unknown[] | undefined, report: (text: string) => void): readonly string[] {
  return (list ?? []).map((item, index) => {
    if (typeof item !== 'string') {
      report(`has something other than a string at number ${index + 1}; is a variable unset?`);
      return 'x';
    }
    if (item === '') report(`number ${index + 1} is empty`);
    return item || 'x';
  });
}

const jsonOf = (value: object | string | undefined): string | undefined =>
  typeof value === 'object' ? JSON.stringify(value) : value;

/** @param given as the caller wrote them: an option that cannot be used is still set */
function checkOpenness(given: Partial<ProxyOptions>, report: (text: string) => void): void {
  const { aliasTokens, clients, allowAnyClient } = given;
  if (aliasTokens === undefined && (allowAnyClient === true || clients !== undefined)) return;
  if (aliasTokens === undefined) report(OPEN);
  // An empty list more likely comes from an unset variable than from intent.
  else if (Array.isArray(aliasTokens) && aliasTokens.length === 0)
    report(`is empty; leave it out and set allowAnyClient to true if that is intended`);
}

const OPEN =
  'is not set, so every client that can reach the proxy would act on Sentry with the token; set clients or alias tokens, or ' +
  'set allowAnyClient to true if something else decides who can connect';

function readTokenOption(token: string | TokenSource, missing: string, report: (text: string) => void): TokenSource {
  if (typeof token !== 'string') {
    const isSource = typeof token.get === 'function' && typeof token.renew === 'function';
    if (!isSource) report('is neither a string nor a source of tokens');
    const isFlag = token.isRenewable === undefined || typeof token.isRenewable === 'boolean';
    if (!isFlag) report('has an isRenewable that is neither true nor false');
    return token;
  }
  if (token === '') {
    report(missing);
    return NO_TOKEN;
  }
  if (token === SYSTEM) report("asks for Sentry's own token, which needs a database; set a Sentry auth token");
  return staticToken(readToken(token, report));
}

const readHeadersOption = (headers: object | string, report: (text: string) => void): UpstreamHeaders =>
  typeof headers === 'string' ? readUpstreamHeaders(headers, report) : readUpstreamHeadersObject(headers, report);

function readBasePath(value: string, report: (text: string) => void): string {
  const path = value.replace(/\/$/, '');
  const isPlain = /^(?:\/[\w.~!$&'()*+,;=:@-]+)*$/.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path);
  if (!isPlain) report('is not a path like /sentry');
  return path;
}
