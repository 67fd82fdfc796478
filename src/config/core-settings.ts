import { readUpstreamHeaders } from '../http/upstream-headers.ts';
import {
  choice,
  duration,
  optional,
  type Read,
  readAliasTokens,
  readAllowedHosts,
  readPublicUrl,
  readSentryUri,
  readSwitch,
  readText,
  readToken,
  size,
} from './values.ts';

/** A setting of the core: a flag and a variable of the program, a binding of the edge, an option of the library. */
export interface CoreSetting {
  readonly flag: string;
  readonly variable: string;
  /** The placeholder that `--help` shows for its value. */
  readonly placeholder: string;
  /** The text of the value if it is not set. */
  readonly default: string;
  readonly help: string;
  /** It may be given more than once; the values are joined with this. */
  readonly listSeparator?: string;
  /** It needs no value: given alone it means `true`. */
  readonly isSwitch?: boolean;
  /** It is never shown. */
  readonly isSecret?: boolean;
  /** The types that the value of the library's option may have. */
  readonly types: readonly string[];
  /** The unit of a number in the library. */
  readonly unit?: 'b' | 'ms';
  readonly parse: Read<unknown>;
}

/**
 * Every setting of the core by its name, which is the library's option as well. The program's rows, the edge's bindings
 * and the library's options are made of it, so that their bounds and texts are the same.
 */
export const CORE_SETTINGS = {
  sentryUri: {
    flag: 'sentry-uri',
    variable: 'SENTRY_URI',
    placeholder: 'URL',
    default: 'http://sentry-web:9000',
    help: "Sentry's base URI; a path in it is prepended to every request's path",
    types: ['string', 'URL'],
    parse: readSentryUri,
  },
  token: {
    flag: 'token',
    variable: 'SENTRY_TOKEN',
    placeholder: 'TOKEN',
    default: 'system',
    help: "the token to inject, or the word system for Sentry's own, read from its PostgreSQL",
    isSecret: true,
    types: ['string', 'object'],
    parse: readToken,
  },
  tokens: {
    flag: 'tokens',
    variable: 'TOKENS',
    placeholder: 'JSON',
    default: '',
    help: 'further tokens for some organizations and scopes, next to the default token: the text of a tokens file',
    isSecret: true,
    types: ['object', 'string'],
    parse: optional(readText),
  },
  aliasTokens: {
    flag: 'alias-token',
    variable: 'ALIAS_TOKENS',
    placeholder: 'TOKENS',
    default: '',
    help: 'inject the token only for clients that send one of these as bearer token; separated by ;',
    listSeparator: ';',
    isSecret: true,
    types: ['array'],
    parse: readAliasTokens,
  },
  clients: {
    flag: 'clients',
    variable: 'CLIENTS',
    placeholder: 'JSON',
    default: '',
    help: 'the named clients and their rights: the text of a clients file',
    isSecret: true,
    types: ['object', 'string'],
    parse: optional(readText),
  },
  allowAnyClient: {
    flag: 'allow-any-client',
    variable: 'ALLOW_ANY_CLIENT',
    placeholder: 'true|false',
    default: 'false',
    help: 'inject the token for every client if no alias tokens and no clients are set',
    isSwitch: true,
    types: ['boolean'],
    parse: readSwitch,
  },
  unmatched: {
    flag: 'unmatched',
    variable: 'UNMATCHED',
    placeholder: 'bypass|reject',
    default: 'bypass',
    help: 'what to do with a request without a known token: forward it as it is, or refuse it with 401; a clients file can set reject too',
    types: ['string'],
    parse: choice('bypass', 'reject'),
  },
  allowedHosts: {
    flag: 'allowed-host',
    variable: 'ALLOWED_HOSTS',
    placeholder: 'NAMES',
    default: '',
    help: 'serve only requests for these host names; separated by ;',
    listSeparator: ';',
    types: ['array'],
    parse: readAllowedHosts,
  },
  publicUrl: {
    flag: 'public-url',
    variable: 'PUBLIC_URL',
    placeholder: 'URL',
    default: '',
    help: "the URL at which clients reach the proxy, for example behind a TLS terminator; empty: the listener's scheme and the request's Host",
    types: ['string'],
    parse: readPublicUrl,
  },
  keepInside: {
    flag: 'keep-inside',
    variable: 'KEEP_INSIDE',
    placeholder: 'true|false',
    default: 'true',
    help: "rewrite URLs in Sentry's responses (pagination, uploads, regions) so that clients stay on the proxy",
    isSwitch: true,
    types: ['boolean'],
    parse: readSwitch,
  },
  upstreamHeaders: {
    flag: 'upstream-header',
    variable: 'UPSTREAM_HEADERS',
    placeholder: 'NAME: VALUE',
    default: '',
    help: 'headers to add to every request to Sentry, for a gateway in front of it; the variable has one per line',
    // A value may have a semicolon in it.
    listSeparator: '\n',
    isSecret: true,
    types: ['object', 'string'],
    parse: readUpstreamHeaders,
  },
  replayLimit: {
    flag: 'replay-limit',
    variable: 'REPLAY_LIMIT',
    placeholder: 'SIZE',
    default: '1MiB',
    help: 'how much of a request body is kept to send it again after a 401; a chunked body up to this size is sent with a length',
    types: ['number', 'string'],
    unit: 'b',
    parse: size({ min: '0', max: '1GiB' }),
  },
  replayLimitTotal: {
    flag: 'replay-limit-total',
    variable: 'REPLAY_LIMIT_TOTAL',
    placeholder: 'SIZE',
    default: '64MiB',
    help: 'how much of all bodies together is kept; above it, a request whose body has to be kept whole (chunked, to check or to edit) gets 503',
    types: ['number', 'string'],
    unit: 'b',
    parse: size({ min: '0', max: '64GiB' }),
  },
  streamChunked: {
    flag: 'stream-chunked',
    variable: 'STREAM_CHUNKED',
    placeholder: 'true|false',
    default: 'false',
    help: 'pass chunked bodies on as they are, to a Sentry that reads them: behind nginx, or served by granian',
    isSwitch: true,
    types: ['boolean'],
    parse: readSwitch,
  },
  writeTimeout: {
    flag: 'write-timeout',
    variable: 'WRITE_TIMEOUT',
    placeholder: 'TIME',
    default: '25s',
    help: 'the time from the end of the header section to the end of the response; 0: no limit, for long downloads',
    types: ['number', 'string'],
    unit: 'ms',
    parse: duration({ min: '1ms', max: '24h', orZero: true }),
  },
} as const satisfies Readonly<Record<string, CoreSetting>>;

type Table = typeof CORE_SETTINGS;

/** The name of a setting of the core. */
export type CoreName = keyof Table;

/** The values of the core's settings. */
export type CoreValues = { readonly [Name in CoreName]: ReturnType<Table[Name]['parse']> };

/** The core's values with their texts read: the configuration that every way to run a proxy shares. */
export interface CoreConfig extends Omit<CoreValues, 'token' | 'tokens' | 'clients' | 'allowAnyClient'> {
  /** The text of a clients file; undefined: there are no named clients. */
  readonly clientsText: string | undefined;
  /** The text of a tokens file; undefined: there is only the default token. */
  readonly tokensText: string | undefined;
  /** Whether every request gets the token. */
  readonly isOpen: boolean;
}

/** The names of all settings of the core. */
export const CORE_NAMES = Object.keys(CORE_SETTINGS) as readonly CoreName[];
