import { CORE_SETTINGS } from '../../../src/config/core-settings.ts';
import {
  choice,
  duration,
  optional,
  readAllowedHosts,
  readSwitch,
  readText,
  readToken,
  size,
} from '../../../src/config/values.ts';
import { readListenAddress } from '../../http1/server/listen-address.ts';
import { LEVELS } from '../log/log.ts';
import { aliasFile, logFormat, pem, secret, storeUrl, upstreamHeadersFile } from './parsers.ts';
import type { FileGroup, Setting } from './setting.ts';

/**
 * Every setting by its name in the configuration, in the order of `--help` and of docs/configuration.md. A new flag
 * needs a new row here, or in the table of the core, and the code that uses it.
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
  sentryUri: CORE_SETTINGS.sentryUri,
  token: CORE_SETTINGS.token,
  tokenFile: {
    flag: 'token-file',
    variable: 'SENTRY_TOKEN_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with the token, in place of --token; re-read when it changes',
    files: 'token',
    parse: secret(readToken),
  },
  tokens: CORE_SETTINGS.tokens,
  tokensFile: {
    flag: 'tokens-file',
    variable: 'TOKENS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with further tokens, in place of --tokens; re-read when it changes',
    files: 'tokens',
    parse: readText,
  },
  pgxConn: {
    flag: 'pgx-conn',
    variable: 'PGX_CONN',
    placeholder: 'STRING',
    default: '',
    help: "Sentry's PostgreSQL, as a URI or key=value string; what it leaves out comes from the PG* variables",
    isSecret: true,
    parse: readText,
  },
  pgxConnFile: {
    flag: 'pgx-conn-file',
    variable: 'PGX_CONN_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with that string, in place of --pgx-conn; re-read when it changes',
    files: 'database',
    parse: secret(readText),
  },
  aliasTokens: CORE_SETTINGS.aliasTokens,
  aliasTokensFile: {
    flag: 'alias-token-file',
    variable: 'ALIAS_TOKENS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with alias tokens, one per line, # for comments, in addition to --alias-token; re-read when it changes',
    files: 'aliases',
    parse: aliasFile,
  },
  clients: CORE_SETTINGS.clients,
  clientsFile: {
    flag: 'clients-file',
    variable: 'CLIENTS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with the named clients and their rights, in place of --clients; re-read when it changes',
    files: 'clients',
    parse: readText,
  },
  limitStore: {
    flag: 'limit-store',
    variable: 'LIMIT_STORE',
    placeholder: 'URL',
    default: '',
    help: "a Redis or Valkey (redis://, rediss://) in which replicas share the clients' rates and concurrency; ?prefix=NAME begins its keys",
    isSecret: true,
    parse: optional(storeUrl),
  },
  allowAnyClient: CORE_SETTINGS.allowAnyClient,
  unmatched: CORE_SETTINGS.unmatched,
  allowedHosts: CORE_SETTINGS.allowedHosts,
  publicUrl: CORE_SETTINGS.publicUrl,
  keepInside: CORE_SETTINGS.keepInside,
  upstreamHeaders: CORE_SETTINGS.upstreamHeaders,
  upstreamHeadersFile: {
    flag: 'upstream-header-file',
    variable: 'UPSTREAM_HEADERS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with such headers, one per line, # for comments, in addition to --upstream-header; re-read when it changes',
    files: 'gateway',
    parse: upstreamHeadersFile,
  },
  replayLimit: CORE_SETTINGS.replayLimit,
  replayLimitTotal: CORE_SETTINGS.replayLimitTotal,
  streamChunked: CORE_SETTINGS.streamChunked,
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
  writeTimeout: CORE_SETTINGS.writeTimeout,
  drainDelay: {
    flag: 'drain-delay',
    variable: 'DRAIN_DELAY',
    placeholder: 'TIME',
    default: '0',
    help: 'the time from the stop signal, when /readyz begins to fail, until the port closes',
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
  adminAllowedHosts: {
    flag: 'admin-allowed-host',
    variable: 'ADMIN_ALLOWED_HOSTS',
    placeholder: 'NAMES',
    default: '',
    help: 'host names under which the admin listener serves more than the probes, in addition to IP addresses and localhost; separated by ;',
    listSeparator: ';',
    parse: readAllowedHosts,
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
