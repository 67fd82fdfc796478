import {
  readAliasTokens,
  readAllowedHosts,
  readPublicUrl,
  readSentryUri,
  readSwitch,
  readToken,
} from '../../../src/config/configuration.ts';
import { readUpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { readListenAddress } from '../../http1/server/listen-address.ts';
import { LEVELS } from '../log/log.ts';
import {
  aliasFile,
  choice,
  duration,
  logFormat,
  optional,
  type Parse,
  pem,
  secret,
  size,
  storeUrl,
  text,
  upstreamHeadersFile,
} from './parsers.ts';

/** Files that are read again together if one of them changes, since they only make sense together. */
export type FileGroup = 'token' | 'database' | 'aliases' | 'clients' | 'tokens' | 'gateway' | 'sentry' | 'tls';

/** A setting of the Node adapter: a flag, or a variable of the environment or of a `.env` file. */
export interface Setting {
  readonly flag: string;
  readonly variable: string;
  readonly placeholder: string;
  /** The value if it is not set. */
  readonly default: string;
  readonly help: string;
  /** It may be given more than once; the values are joined with this. */
  readonly listSeparator?: string;
  /** It needs no value: given alone it means `true`. */
  readonly isSwitch?: boolean;
  /** It is never shown. */
  readonly isSecret?: boolean;
  /** It is the path of a file, which is re-read with its group. */
  readonly files?: FileGroup;
  /** Reads the text; of a file, its content. */
  readonly parse: Parse<unknown>;
}

/**
 * Every setting by its name in the configuration, in the order of `--help` and of docs/configuration.md. A new flag
 * needs only a new row here and the code that uses it.
 */
const TABLE = {
  listen: {
    flag: 'listen',
    variable: 'LISTEN',
    placeholder: 'ADDRESS',
    default: '0.0.0.0:8080',
    help: 'where to listen: host:port, :port for all addresses, [::1]:port for IPv6, unix:/path for a socket',
    parse: readListenAddress,
  },
  sentryUri: {
    flag: 'sentry-uri',
    variable: 'SENTRY_URI',
    placeholder: 'URL',
    default: 'http://sentry-web:9000',
    help: "Sentry's base URI; a path in it is put before every request's path",
    parse: readSentryUri,
  },
  token: {
    flag: 'token',
    variable: 'SENTRY_TOKEN',
    placeholder: 'TOKEN',
    default: 'system',
    help: "the token to inject, or the word system for Sentry's own, read from its PostgreSQL",
    isSecret: true,
    parse: readToken,
  },
  tokenFile: {
    flag: 'token-file',
    variable: 'SENTRY_TOKEN_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with the token, in place of --token; re-read when it changes',
    files: 'token',
    parse: secret(readToken),
  },
  tokens: {
    flag: 'tokens',
    variable: 'TOKENS',
    placeholder: 'JSON',
    default: '',
    help: 'further tokens for some organizations and scopes, next to the default token: the text of a tokens file',
    isSecret: true,
    parse: optional(text),
  },
  tokensFile: {
    flag: 'tokens-file',
    variable: 'TOKENS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with further tokens, in place of --tokens; re-read when it changes',
    files: 'tokens',
    parse: text,
  },
  pgxConn: {
    flag: 'pgx-conn',
    variable: 'PGX_CONN',
    placeholder: 'STRING',
    default: '',
    help: "Sentry's PostgreSQL, as a URI or key=value string; what it leaves out comes from the PG* variables",
    isSecret: true,
    parse: text,
  },
  pgxConnFile: {
    flag: 'pgx-conn-file',
    variable: 'PGX_CONN_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with that string, in place of --pgx-conn; re-read when it changes',
    files: 'database',
    parse: secret(text),
  },
  aliasTokens: {
    flag: 'alias-token',
    variable: 'ALIAS_TOKENS',
    placeholder: 'TOKENS',
    default: '',
    help: 'inject the token only for clients that send one of these as bearer token; separated by ;',
    listSeparator: ';',
    isSecret: true,
    parse: readAliasTokens,
  },
  aliasTokensFile: {
    flag: 'alias-token-file',
    variable: 'ALIAS_TOKENS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with alias tokens, one a line, # for comments, beside --alias-token; re-read when it changes',
    files: 'aliases',
    parse: aliasFile,
  },
  clients: {
    flag: 'clients',
    variable: 'CLIENTS',
    placeholder: 'JSON',
    default: '',
    help: 'the named clients and their rights: the text of a clients file',
    isSecret: true,
    parse: optional(text),
  },
  clientsFile: {
    flag: 'clients-file',
    variable: 'CLIENTS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with the named clients and their rights, in place of --clients; re-read when it changes',
    files: 'clients',
    parse: text,
  },
  limitStore: {
    flag: 'limit-store',
    variable: 'LIMIT_STORE',
    placeholder: 'URL',
    default: '',
    help: "a Redis or Valkey (redis://, rediss://) in which replicas share the clients' rates and concurrency",
    isSecret: true,
    parse: optional(storeUrl),
  },
  allowAnyClient: {
    flag: 'allow-any-client',
    variable: 'ALLOW_ANY_CLIENT',
    placeholder: 'true|false',
    default: 'false',
    help: 'inject the token for every client if no alias tokens and no clients are set',
    isSwitch: true,
    parse: readSwitch,
  },
  allowedHosts: {
    flag: 'allowed-host',
    variable: 'ALLOWED_HOSTS',
    placeholder: 'NAMES',
    default: '',
    help: 'serve only requests for these host names; separated by ;',
    listSeparator: ';',
    parse: readAllowedHosts,
  },
  publicUrl: {
    flag: 'public-url',
    variable: 'PUBLIC_URL',
    placeholder: 'URL',
    default: '',
    help: "what clients reach the proxy by, behind a TLS terminator say; empty: the listener's scheme and the request's Host",
    parse: readPublicUrl,
  },
  keepInside: {
    flag: 'keep-inside',
    variable: 'KEEP_INSIDE',
    placeholder: 'true|false',
    default: 'true',
    help: "lead the URLs of Sentry's own that clients follow (next pages, uploads, regions) back to the proxy",
    isSwitch: true,
    parse: readSwitch,
  },
  upstreamHeaders: {
    flag: 'upstream-header',
    variable: 'UPSTREAM_HEADERS',
    placeholder: 'NAME: VALUE',
    default: '',
    help: 'headers to add to every request to Sentry, for a gateway in front of it; the variable has one a line',
    // A value may have a semicolon in it.
    listSeparator: '\n',
    isSecret: true,
    parse: readUpstreamHeaders,
  },
  upstreamHeadersFile: {
    flag: 'upstream-header-file',
    variable: 'UPSTREAM_HEADERS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with such headers, one a line, # for comments, beside --upstream-header; re-read when it changes',
    files: 'gateway',
    parse: upstreamHeadersFile,
  },
  replayLimit: {
    flag: 'replay-limit',
    variable: 'REPLAY_LIMIT',
    placeholder: 'SIZE',
    default: '1MiB',
    help: 'how much of a request body is kept to send it again after a 401; up to it a chunked one is sent with a length',
    parse: size({ min: '0', max: '1GiB' }),
  },
  replayLimitTotal: {
    flag: 'replay-limit-total',
    variable: 'REPLAY_LIMIT_TOTAL',
    placeholder: 'SIZE',
    default: '64MiB',
    help: 'how much of all bodies together is kept; one that has to be kept whole (chunked, to check or to edit) gets 503 above it',
    parse: size({ min: '0', max: '64GiB' }),
  },
  streamChunked: {
    flag: 'stream-chunked',
    variable: 'STREAM_CHUNKED',
    placeholder: 'true|false',
    default: 'false',
    help: 'pass chunked bodies on as they are, to a Sentry that reads them: behind nginx, or served by granian',
    isSwitch: true,
    parse: readSwitch,
  },
  maxHeaderSize: {
    flag: 'max-header-size',
    variable: 'MAX_HEADER_SIZE',
    placeholder: 'SIZE',
    default: '16KiB',
    help: 'the largest header section of a request; a larger one is answered with 431',
    parse: size({ min: '1KiB', max: '1MiB' }),
  },
  readHeaderTimeout: {
    flag: 'read-header-timeout',
    variable: 'READ_HEADER_TIMEOUT',
    placeholder: 'TIME',
    default: '10s',
    help: 'how long a client may take to send the header section; 0: no limit',
    parse: duration({ min: '1ms', max: '24h', orZero: true }),
  },
  readTimeout: {
    flag: 'read-timeout',
    variable: 'READ_TIMEOUT',
    placeholder: 'TIME',
    default: '25s',
    help: 'how long a client may take to send its whole request; 0: no limit',
    parse: duration({ min: '1ms', max: '24h', orZero: true }),
  },
  writeTimeout: {
    flag: 'write-timeout',
    variable: 'WRITE_TIMEOUT',
    placeholder: 'TIME',
    default: '25s',
    help: 'from the end of the header section to the end of the response; 0: no limit, for long downloads',
    parse: duration({ min: '1ms', max: '24h', orZero: true }),
  },
  drainDelay: {
    flag: 'drain-delay',
    variable: 'DRAIN_DELAY',
    placeholder: 'TIME',
    default: '0',
    help: 'from the signal to stop, when /readyz begins to fail, until the port closes',
    parse: duration({ min: '1ms', max: '1h', orZero: true }),
  },
  sentryCa: {
    flag: 'sentry-ca',
    variable: 'SENTRY_CA',
    placeholder: 'FILE',
    default: '',
    help: "certificate authorities (PEM) for an https Sentry, in place of the system's; re-read when it changes",
    files: 'sentry',
    parse: pem,
  },
  sentryCert: {
    flag: 'sentry-cert',
    variable: 'SENTRY_CERT',
    placeholder: 'FILE',
    default: '',
    help: 'client certificate (PEM) to show to an https Sentry; re-read when it changes',
    files: 'sentry',
    parse: pem,
  },
  sentryKey: {
    flag: 'sentry-key',
    variable: 'SENTRY_KEY',
    placeholder: 'FILE',
    default: '',
    help: 'private key (PEM) of that client certificate; re-read when it changes',
    files: 'sentry',
    parse: pem,
  },
  tlsCert: {
    flag: 'tls-cert',
    variable: 'TLS_CERT',
    placeholder: 'FILE',
    default: '',
    help: 'certificate chain (PEM) to listen with TLS; re-read when it changes',
    files: 'tls',
    parse: pem,
  },
  tlsKey: {
    flag: 'tls-key',
    variable: 'TLS_KEY',
    placeholder: 'FILE',
    default: '',
    help: 'private key (PEM) of that certificate; re-read when it changes',
    files: 'tls',
    parse: pem,
  },
  reusePort: {
    flag: 'reuse-port',
    variable: 'REUSE_PORT',
    placeholder: 'true|false',
    default: 'false',
    help: 'share the port with other processes that set this too, one for each core (SO_REUSEPORT)',
    isSwitch: true,
    parse: readSwitch,
  },
  adminListen: {
    flag: 'admin-listen',
    variable: 'ADMIN_LISTEN',
    placeholder: 'ADDRESS',
    default: '',
    help: 'where to serve the status page, /livez, /readyz and /metrics; off if empty',
    parse: optional(readListenAddress),
  },
  logFormat: {
    flag: 'log-format',
    variable: 'LOG_FORMAT',
    placeholder: 'auto|json|text',
    default: 'auto',
    help: 'auto: text on a terminal, JSON elsewhere',
    parse: logFormat,
  },
  logLevel: {
    flag: 'log-level',
    variable: 'LOG_LEVEL',
    placeholder: 'LEVEL',
    default: 'info',
    help: 'debug, info, warn or error',
    parse: choice(...LEVELS),
  },
} satisfies Record<string, Setting>;

type Table = typeof TABLE;

/** The values of all settings, by name. A file is its content, and undefined if none is set. */
export type Settings = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly files: FileGroup }
    ? ReturnType<Table[Name]['parse']> | undefined
    : ReturnType<Table[Name]['parse']>;
};

/** Every setting, in the order of the table. */
export const SETTINGS: readonly Setting[] = Object.values(TABLE);

/** Every setting with its name. */
export const NAMED_SETTINGS: readonly (readonly [name: string, setting: Setting])[] = Object.entries(TABLE);
