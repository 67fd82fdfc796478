/** A setting of the Node adapter: a flag, or a variable of the environment or of a `.env` file. */
export interface Setting {
  readonly flag: string;
  readonly variable: string;
  readonly placeholder: string;
  /** What is taken when it is not set; undefined where that means something else than any value. */
  readonly default: string;
  readonly help: string;
  /** May be given more than once; the values are joined with `;`. */
  readonly isList?: boolean;
}

/** Every setting, in the order of `--help` and of the README. */
export const SETTINGS: readonly Setting[] = [
  {
    flag: 'listen',
    variable: 'LISTEN',
    placeholder: 'ADDRESS',
    default: '0.0.0.0:8080',
    help: 'where to listen: host:port, :port for all addresses, [::1]:port for IPv6',
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
    flag: 'pgx-conn',
    variable: 'PGX_CONN',
    placeholder: 'STRING',
    default: '',
    help: "Sentry's PostgreSQL, as a URI or key=value string; what it leaves out comes from the PG* variables",
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
];
