/** Where and how to connect to PostgreSQL. Holds a password: never log it. */
export interface ConnInfo {
  /** In the order of the attempts; never empty. */
  readonly hosts: readonly ConnHost[];
  readonly user: string;
  readonly database: string;
  /** Undefined: taken from the passfile. */
  readonly password: string | undefined;
  readonly passfile: string | undefined;
  readonly sslmode: SslMode;
  readonly sslnegotiation: 'postgres' | 'direct';
  readonly sslsni: boolean;
  /** A file, or `system`. */
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  readonly sslpassword: string | undefined;
  readonly sslMinVersion: TlsVersion | undefined;
  readonly sslMaxVersion: TlsVersion | undefined;
  readonly channelBinding: boolean;
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly applicationName: string;
  /** Seconds for each host; undefined: the default, for all hosts together. */
  readonly connectTimeout: number | undefined;
  /** The two run-time parameters that affect what a query finds. */
  readonly searchPath: string | undefined;
  readonly role: string | undefined;
  /** Problems that do not prevent a start, but help if a connection fails. */
  readonly warnings: readonly string[];
}

/** One of the hosts to try. */
export interface ConnHost {
  /** A name, an address, or the folder of a Unix socket, which starts with a slash. */
  readonly host: string;
  /** The address to use instead of looking the name up. */
  readonly hostaddr: string | undefined;
  readonly port: number;
}

/** From no TLS to a verified name, as in libpq's table 32.1. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The kind of server to use. */
export const SESSION_ATTRS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
export type TargetSessionAttrs = (typeof SESSION_ATTRS)[number];

/** As OpenSSL names them. */
export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
type TlsVersion = (typeof TLS_VERSIONS)[number];

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;
