import { CORE_SETTINGS } from '../../../src/config/core-settings.ts';
import {
  choice,
  duration,
  optional,
  type Read,
  readAllowedHosts,
  readSwitch,
  readText,
  readToken,
  size,
} from '../../../src/config/values.ts';
import { readListenAddress } from '../../http1/listen/listen-address.ts';
import { LEVELS } from '../log/log.ts';
import { aliasFile, logFormat, pem, secret, storeUrl, upstreamHeadersFile } from './parsers.ts';
import type { FileGroup, Setting } from './setting.ts';

/** A setting that is the path of a file. */
const file = <T>(setting: Omit<Setting, 'placeholder' | 'default'> & FileSetting<T>) => ({
  ...setting,
  placeholder: 'FILE',
  default: '',
  help: `${setting.help}; re-read when it changes`,
});

interface FileSetting<T> {
  readonly files: FileGroup;
  readonly parse: Read<T>;
}

/**
 * The program's own settings by their names in the configuration. One stands `after` a setting of the core, or after the
 * one before it. A new flag needs a new row here, or in the table of the core, and the code that uses it.
 */
const OWN = {
  listen: {
    flag: 'listen',
    variable: 'LISTEN',
    placeholder: 'ADDRESS',
    default: '0.0.0.0:8080',
    help: 'where to listen: host:port, :port for all addresses, [::1]:port for IPv6, unix:/path for a socket',
    parse: readListenAddress,
  },
  tokenFile: file({
    after: 'token',
    flag: 'token-file',
    variable: 'SENTRY_TOKEN_FILE',
    help: 'a file with the token, in place of --token',
    files: 'token',
    parse: secret(readToken),
  }),
  tokensFile: file({
    after: 'tokens',
    flag: 'tokens-file',
    variable: 'TOKENS_FILE',
    help: 'a file with further tokens, in place of --tokens',
    files: 'tokens',
    parse: readText,
  }),
  pgxConn: {
    flag: 'pgx-conn',
    variable: 'PGX_CONN',
    placeholder: 'STRING',
    default: '',
    help: "Sentry's PostgreSQL, as a URI or key=value string; what it leaves out comes from the PG* variables",
    isSecret: true,
    parse: readText,
  },
  pgxConnFile: file({
    flag: 'pgx-conn-file',
    variable: 'PGX_CONN_FILE',
    help: 'a file with that string, in place of --pgx-conn',
    files: 'database',
    parse: secret(readText),
  }),
  aliasTokensFile: file({
    after: 'aliasTokens',
    flag: 'alias-token-file',
    variable: 'ALIAS_TOKENS_FILE',
    help: 'a file with alias tokens, one per line, # for comments, in addition to --alias-token',
    files: 'aliases',
    parse: aliasFile,
  }),
  clientsFile: file({
    after: 'clients',
    flag: 'clients-file',
    variable: 'CLIENTS_FILE',
    help: 'a file with the named clients and their rights, in place of --clients',
    files: 'clients',
    parse: readText,
  }),
  limitStore: {
    flag: 'limit-store',
    variable: 'LIMIT_STORE',
    placeholder: 'URL',
    default: '',
    help: "a Redis or Valkey (redis://, rediss://) in which replicas share the clients' rates and concurrency; ?prefix=NAME begins its keys",
    isSecret: true,
    parse: optional(storeUrl),
  },
  upstreamHeadersFile: file({
    after: 'upstreamHeaders',
    flag: 'upstream-header-file',
    variable: 'UPSTREAM_HEADERS_FILE',
    help: 'a file with such headers, one per line, # for comments, in addition to --upstream-header',
    files: 'gateway',
    parse: upstreamHeadersFile,
  }),
  maxHeaderSize: {
    after: 'streamChunked',
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
  drainDelay: {
    after: 'writeTimeout',
    flag: 'drain-delay',
    variable: 'DRAIN_DELAY',
    placeholder: 'TIME',
    default: '0',
    help: 'the time from the stop signal, when /readyz begins to fail, until the port closes',
    parse: duration({ min: '1ms', max: '1h', orZero: true }),
  },
  sentryCa: file({
    flag: 'sentry-ca',
    variable: 'SENTRY_CA',
    help: "certificate authorities (PEM) for an https Sentry, in place of the system's",
    files: 'sentry',
    parse: pem,
  }),
  sentryCert: file({
    flag: 'sentry-cert',
    variable: 'SENTRY_CERT',
    help: 'client certificate (PEM) to show to an https Sentry',
    files: 'sentry',
    parse: pem,
  }),
  sentryKey: file({
    flag: 'sentry-key',
    variable: 'SENTRY_KEY',
    help: 'private key (PEM) of that client certificate',
    files: 'sentry',
    parse: pem,
  }),
  tlsCert: file({
    flag: 'tls-cert',
    variable: 'TLS_CERT',
    help: 'certificate chain (PEM) to listen with TLS',
    files: 'tls',
    parse: pem,
  }),
  tlsKey: file({
    flag: 'tls-key',
    variable: 'TLS_KEY',
    help: 'private key (PEM) of that certificate',
    files: 'tls',
    parse: pem,
  }),
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
type Table = typeof CORE_SETTINGS & typeof OWN;

/** The values of all settings, by name. A file is its content, and undefined if none is set. */
export type Settings = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly files: FileGroup }
    ? ReturnType<Table[Name]['parse']> | undefined
    : ReturnType<Table[Name]['parse']>;
};

/** Every setting with its name, in the order of `--help` and of docs/configuration.md. */
export const NAMED_SETTINGS: readonly (readonly [name: string, setting: Setting])[] = inOrder();

/** The same without their names. */
export const SETTINGS: readonly Setting[] = NAMED_SETTINGS.map(([, setting]) => setting);

function inOrder(): [string, Setting][] {
  const all: [string, Setting][] = Object.entries(CORE_SETTINGS);
  let at = 0;
  for (const [name, setting] of Object.entries<Setting>(OWN)) {
    if (setting.after !== undefined) at = all.findIndex(([other]) => other === setting.after) + 1;
    all.splice(at++, 0, [name, setting]);
  }
  return all;
}
