/** Why the token could not be read. The message is for the log: what failed, where, and what to do; never a secret. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
  /** PostgreSQL's SQLSTATE (28P01, 42P01 ...) or the system's code (ECONNREFUSED ...) of the last failure. */
  readonly code: string | undefined;

  /**
   * @param failures the failures, one host after the other
   * @param warnings oddities of the configuration that may be the cause
   */
  constructor(failures: readonly Failure[], warnings: readonly string[]) {
    const notes = warnings.map((warning) => `Note: ${warning}.`);
    super([...withHints(failures), ...notes].join(' '));
    this.code = failures.at(-1)?.code;
  }
}

/** Failed hosts, grouped by the hint that helps; each group is followed by its hint. */
function withHints(failures: readonly Failure[]): string[] {
  const byHint = Map.groupBy(failures, ({ hint }) => hint);
  return [...byHint].map(([hint, group]) => {
    const reasons = new Set(group.map(({ where, reason }) => `${where}: ${reason}`));
    return `${[...reasons].join('; ')}.${hint === undefined ? '' : ` ${hint}`}`;
  });
}

/** The failure at one address. */
export interface Failure {
  /** `host:port`, or a socket's path. */
  readonly where: string;
  readonly reason: string;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  /** Whether to try no other host: the server refused the user or the database, and the next one would too. */
  readonly isFinal: boolean;
  /** Whether no server answered, so that another kind of connection would not help either. */
  readonly isUnreachable: boolean;
}

/** A fault of the other side that the proxy itself detected. The message continues after `host:port: `. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

export class TimeoutError extends ConnectionError {
  override name = 'TimeoutError';

  /** @param timeout milliseconds */
  constructor(timeout: number) {
    super(`no answer within ${Number((timeout / 1000).toFixed(1))} s`);
  }
}

/** By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SERVER_HINTS = new Map<string, string>(
  Object.entries({
    '28P01': 'Check the user and the password.',
    '28000': "Check the user, the database and sslmode against the server's pg_hba.conf.",
    '3D000': "Check the database's name.",
    '42P01':
      "This is not Sentry's database, or Sentry is not installed in it yet; or its tables are outside search_path.",
    '42703': "The table sentry_option is not Sentry's.",
    '42501': 'Let the user read it: GRANT SELECT ON sentry_option TO that user.',
    '53300': 'Raise max_connections there, or connect through PgBouncer.',
    '57P03': 'It is starting or stopping; the proxy tries again.',
    '57014': 'Something has locked the table sentry_option, or the server is overloaded.',
  }),
);

/** With these the server refuses the user or the database. pgx tries no further host then either (connectPreferred). */
const FINAL = new Set(['28P01', '3D000', '42501']);

const SYSTEM_REASONS = new Map<string, [reason: string, hint: string]>(
  Object.entries({
    ECONNREFUSED: ['connection refused', 'Check host and port, and that PostgreSQL listens there.'],
    ECONNRESET: ['it closed the connection', 'Check that PostgreSQL listens on that port.'],
    EPIPE: ['it closed the connection', 'Check that PostgreSQL listens on that port.'],
    EHOSTUNREACH: ['no route to the host', 'Check the address and the network.'],
    ENETUNREACH: ['no route to the network', 'Check the address and the network.'],
    ETIMEDOUT: ['no answer', 'Check the address, and whether a firewall is in between.'],
    ENOTFOUND: ['the host name is not known', 'Check the name, and that the proxy is on the same network.'],
    EAI_AGAIN: ['the host name could not be looked up', 'Check the name server.'],
    ENOENT: ['there is no such socket', 'Set host, or check that PostgreSQL runs and has its socket there.'],
    EACCES: ['no permission to use the socket', 'Check which user this process runs as.'],
  }),
);

/** OpenSSL's verdicts on a certificate, as Node names them. */
const CERTIFICATE_REASONS = new Map<string, string>(
  Object.entries({
    CERT_HAS_EXPIRED: 'its certificate has expired',
    CERT_NOT_YET_VALID: 'its certificate is not valid yet',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not in sslrootcert',
    ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
    SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from a CA that is not in sslrootcert',
    UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from a CA that is not in sslrootcert',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from a CA that is not in sslrootcert',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from a CA that is not in sslrootcert',
  }),
);

/** @param password is never repeated, even if the server repeats it */
export function failureOf(where: string, error: unknown, password: string | undefined): Failure {
  const { code, message = '', severity } = error as { code?: string; message?: string; severity?: string };
  const failure = { where, code, hint: undefined, isFinal: false, isUnreachable: false };
  if (error instanceof ConnectionError) {
    return { ...failure, reason: message, hint: error.hint, isUnreachable: error instanceof TimeoutError };
  }
  if (severity !== undefined) {
    const said = printable(message, password);
    if (!/^[0-9A-Z]{5}$/.test(code ?? '')) return { ...failure, code: undefined, reason: said };
    return { ...failure, reason: `${said} (${code})`, hint: SERVER_HINTS.get(code!), isFinal: FINAL.has(code!) };
  }
  const [reason, hint] = SYSTEM_REASONS.get(code ?? '') ?? [];
  if (reason !== undefined) {
    return {
      ...failure,
      reason: `${reason} (${code})`,
      hint,
      isUnreachable: code !== 'ECONNRESET' && code !== 'EPIPE',
    };
  }
  const certificate = CERTIFICATE_REASONS.get(code ?? '');
  if (certificate !== undefined) {
    return { ...failure, reason: `${certificate} (${code})`, hint: 'Check sslmode and sslrootcert.' };
  }
  if (code?.startsWith('ERR_SSL') || code?.startsWith('ERR_TLS')) {
    return { ...failure, reason: `the TLS handshake failed (${code})`, hint: 'Check sslmode and sslcert.' };
  }
  // The driver failed on a message that no real server sends.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) {
    return { ...failure, reason: 'it violates the PostgreSQL protocol' };
  }
  if (message === 'Connection terminated unexpectedly') return failureOf(where, { code: 'ECONNRESET' }, password);
  return { ...failure, code: undefined, reason: printable(message, password) || 'unknown error' };
}

/** The server's text, without control characters and secrets, and cut to a bounded length. */
function printable(text: string, password: string | undefined): string {
  const clean = text.replace(/[^\x20-\x7e\u00a0-\u{10ffff}]+/gu, ' ').trim();
  const safe = password ? clean.replaceAll(password, '***') : clean;
  return safe.length > 200 ? `${safe.slice(0, 200)}...` : safe;
}
