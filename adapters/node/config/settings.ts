/** A setting of the Node adapter: a flag, or a variable of the environment or of a `.env` file. */
export interface Setting {
  readonly flag: string;
  readonly variable: string;
  readonly placeholder: string;
  /** What is taken when it is not set. */
  readonly default: string;
  readonly help: string;
  /** May be given more than once; the values are joined with `;`. */
  readonly isList?: boolean;
  /** Needs no value: given alone it means `true`. */
  readonly isSwitch?: boolean;
}

/** Every setting, in the order of `--help` and of the README. */
export const SETTINGS: readonly Setting[] = [
  {
    flag: 'listen',
    variable: 'LISTEN',
    placeholder: 'ADDRESS',
    default: '0.0.0.0:8080',
    help: 'where to listen: host:port, :port for all addresses, [::1]:port for IPv6, unix:/path for a socket',
  },
  {
    flag: 'sentry-uri',
    variable: 'SENTRY_URI',
    placeholder: 'URL',
    default: 'http://sentry-web:9000',
    help: "Sentry's base URI; a path in it is put before every request's path",
  },
  {
    flag: 'token',
    variable: 'SENTRY_TOKEN',
    placeholder: 'TOKEN',
    default: 'system',
    help: "the token to inject, or the word system for Sentry's own, read from its PostgreSQL",
  },
  {
    flag: 'token-file',
    variable: 'SENTRY_TOKEN_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with the token, in place of --token; re-read when it changes',
  },
  {
    flag: 'pgx-conn',
    variable: 'PGX_CONN',
    placeholder: 'STRING',
    default: '',
    help: "Sentry's PostgreSQL, as a URI or key=value string; what it leaves out comes from the PG* variables",
  },
  {
    flag: 'pgx-conn-file',
    variable: 'PGX_CONN_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with that string, in place of --pgx-conn; re-read when it changes',
  },
  {
    flag: 'alias-token',
    variable: 'ALIAS_TOKENS',
    placeholder: 'TOKENS',
    default: '',
    help: 'only who sends one of these as bearer token gets the token injected; separated by ;',
    isList: true,
  },
  {
    flag: 'alias-token-file',
    variable: 'ALIAS_TOKENS_FILE',
    placeholder: 'FILE',
    default: '',
    help: 'a file with alias tokens, one a line, # for comments, beside --alias-token; re-read when it changes',
  },
  {
    flag: 'allowed-host',
    variable: 'ALLOWED_HOSTS',
    placeholder: 'NAMES',
    default: '',
    help: 'only requests for these host names are served; separated by ;',
    isList: true,
  },
  {
    flag: 'replay-limit',
    variable: 'REPLAY_LIMIT',
    placeholder: 'SIZE',
    default: '1MiB',
    help: 'how much of a request body is kept to send it again after a 401',
  },
  {
    flag: 'max-header-size',
    variable: 'MAX_HEADER_SIZE',
    placeholder: 'SIZE',
    default: '16KiB',
    help: 'the largest header section of a request that is taken; above it the answer is 431',
  },
  {
    flag: 'read-header-timeout',
    variable: 'READ_HEADER_TIMEOUT',
    placeholder: 'TIME',
    default: '10s',
    help: 'for a client to send the header section; 0: no bound',
  },
  {
    flag: 'read-timeout',
    variable: 'READ_TIMEOUT',
    placeholder: 'TIME',
    default: '25s',
    help: 'for a client to send its whole request; 0: no bound',
  },
  {
    flag: 'write-timeout',
    variable: 'WRITE_TIMEOUT',
    placeholder: 'TIME',
    default: '25s',
    help: 'from the end of the header section to the end of the response; 0: no bound, for long downloads',
  },
  {
    flag: 'drain-delay',
    variable: 'DRAIN_DELAY',
    placeholder: 'TIME',
    default: '0',
    help: 'from the signal to stop, at which /readyz begins to fail, to the closing of the port',
  },
  {
    flag: 'sentry-ca',
    variable: 'SENTRY_CA',
    placeholder: 'FILE',
    default: '',
    help: "certificate authorities (PEM) for an https Sentry, in place of the system's",
  },
  {
    flag: 'sentry-cert',
    variable: 'SENTRY_CERT',
    placeholder: 'FILE',
    default: '',
    help: 'client certificate (PEM) to show to an https Sentry',
  },
  {
    flag: 'sentry-key',
    variable: 'SENTRY_KEY',
    placeholder: 'FILE',
    default: '',
    help: 'private key (PEM) of that client certificate',
  },
  {
    flag: 'tls-cert',
    variable: 'TLS_CERT',
    placeholder: 'FILE',
    default: '',
    help: 'certificate chain (PEM) to listen with TLS; re-read when it changes',
  },
  {
    flag: 'tls-key',
    variable: 'TLS_KEY',
    placeholder: 'FILE',
    default: '',
    help: 'private key (PEM) of that certificate; re-read when it changes',
  },
  {
    flag: 'reuse-port',
    variable: 'REUSE_PORT',
    placeholder: 'true|false',
    default: 'false',
    help: 'share the port with other processes that say so too, one for each core (SO_REUSEPORT)',
    isSwitch: true,
  },
  {
    flag: 'admin-listen',
    variable: 'ADMIN_LISTEN',
    placeholder: 'ADDRESS',
    default: '',
    help: 'where to serve /livez, /readyz and /metrics; off when empty',
  },
  {
    flag: 'log-format',
    variable: 'LOG_FORMAT',
    placeholder: 'auto|json|text',
    default: 'auto',
    help: 'auto: text on a terminal, JSON elsewhere',
  },
  {
    flag: 'log-level',
    variable: 'LOG_LEVEL',
    placeholder: 'LEVEL',
    default: 'info',
    help: 'debug, info, warn or error',
  },
];
