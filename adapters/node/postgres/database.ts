import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, getCACertificates } from 'node:tls';
import type { Client } from 'pg';
import type { ConnHost, ConnInfo, TargetSessionAttrs } from './conninfo.ts';
import { ConnectionError, DatabaseError, type Failure, failureOf, TimeoutError } from './database-error.ts';
import { GuardedStream } from './guarded-stream.ts';
import { passwordFor } from './passfile.ts';

/** Milliseconds to connect, over all hosts, unless the connection string says how long for each. */
const CONNECT_TIMEOUT = 5000;
/** Milliseconds from the first statement to the answer. */
const QUERY_TIMEOUT = 5000;
/**
 * Milliseconds after which the server itself gives a statement up: before we do. A backend that waits for a lock does not
 * see that its client is gone, so without this every attempt would leave one behind.
 */
const STATEMENT_TIMEOUT = 4500;

/**
 * Reads Sentry's system token as it is stored, over a connection of its own.
 *
 * Nothing is left behind: not a connection, not a waiting backend. Suits PgBouncer's transaction pooling, which gives
 * the next transaction another session: one transaction, no prepared statement, no start-up parameter but those that
 * PgBouncer knows.
 *
 * @returns the value, parsed if it is JSON; null where NULL is stored; undefined where there is no such row
 * @throws {DatabaseError} within the connection's time-out and 5 s for the query; or the signal's reason
 */
export async function readStoredToken(info: ConnInfo, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  const session = await openSession(info, signal);
  try {
    return await within(QUERY_TIMEOUT, signal, () => select(session.client));
  } catch (error) {
    signal?.throwIfAborted();
    throw new DatabaseError([session.failure(error)], info.warnings);
  } finally {
    session.close();
  }
}

async function select(client: Client): Promise<unknown> {
  const rows = await query(client, "SELECT value FROM sentry_option WHERE key = 'sentry:system-token'; COMMIT");
  return rows[0]?.[0];
}

/** The rows of the first statement that has any. */
async function query(client: Client, text: string): Promise<unknown[][]> {
  const result: unknown = await client.query({ text, rowMode: 'array', types: { getTypeParser } });
  const results = (Array.isArray(result) ? result : [result]) as { rows: unknown[][] }[];
  return results.find(({ rows }) => rows.length > 0)?.rows ?? [];
}

/** JSON (114) and jsonb (3802) are parsed; everything else stays text. */
function getTypeParser(type: number): (text: string) => unknown {
  return type === 114 || type === 3802 ? JSON.parse : (text) => text;
}

// ---- Which server ----

interface Session {
  readonly client: Client;
  failure(error: unknown): Failure;
  close(): void;
}

/** A server that is fit for use, with a transaction begun there: the first one in the order of the hosts. */
async function openSession(info: ConnInfo, signal: AbortSignal | undefined): Promise<Session> {
  const passes: TargetSessionAttrs[] =
    info.targetSessionAttrs === 'prefer-standby' ? ['standby', 'any'] : [info.targetSessionAttrs];
  const attempts = passes.flatMap((attrs) => info.hosts.map((host) => ({ host, attrs })));
  const end = performance.now() + CONNECT_TIMEOUT;
  const failures: Failure[] = [];
  for (const [index, { host, attrs }] of attempts.entries()) {
    // A host that does not answer must leave the ones behind it some time.
    const share = (end - performance.now()) / (attempts.length - index);
    const timeout = info.connectTimeout === undefined ? share : info.connectTimeout * 1000;
    const result = await tryHost(info, host, attrs, performance.now() + timeout, signal);
    if (!Array.isArray(result)) return result;
    failures.push(...result);
    if (result.some(({ isFinal }) => isFinal)) break;
  }
  throw new DatabaseError(failures, info.warnings);
}

async function tryHost(
  info: ConnInfo,
  host: ConnHost,
  attrs: TargetSessionAttrs,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Session | Failure[]> {
  const remaining = () => Math.max(1, end - performance.now());
  const failures: Failure[] = [];
  const fail = (where: string, error: unknown): Failure => {
    signal?.throwIfAborted();
    const failure = failureOf(where, error, passwordFor(info, host));
    failures.push(failure);
    return failure;
  };

  const isSocket = host.host.startsWith('/');
  let addresses: string[];
  try {
    addresses = isSocket ? [host.host] : await within(remaining(), signal, () => resolve(host));
  } catch (error) {
    fail(nameOf(host), error);
    return failures;
  }
  for (const [index, address] of addresses.entries()) {
    const where = isSocket ? socketPath(host) : nameOf(host, addresses.length > 1 ? address : '');
    const addressEnd = performance.now() + remaining() / (addresses.length - index);
    for (const isEncrypted of isSocket ? [false] : encryptions(info)) {
      try {
        const timeout = Math.max(1, addressEnd - performance.now());
        return await openAt(info, host, address, where, isEncrypted, attrs, timeout, signal);
      } catch (error) {
        const failure = fail(where, error);
        if (failure.isFinal) return failures;
        if (failure.isUnreachable) break;
      }
    }
  }
  return failures;
}

/** The kinds of connection that an sslmode allows, in the order in which they are tried. */
function encryptions({ sslmode }: ConnInfo): boolean[] {
  if (sslmode === 'disable') return [false];
  if (sslmode === 'allow') return [false, true];
  return sslmode === 'prefer' ? [true, false] : [true];
}

async function resolve({ host, hostaddr }: ConnHost): Promise<string[]> {
  if (hostaddr !== undefined) return [hostaddr];
  return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

function nameOf({ host, hostaddr, port }: ConnHost, address = ''): string {
  const name = host || hostaddr!;
  const shown = isIP(name) === 6 ? `[${name}]` : name;
  return address === '' || address === name ? `${shown}:${port}` : `${shown}:${port} (${address})`;
}

// ---- One connection ----

async function openAt(
  info: ConnInfo,
  host: ConnHost,
  address: string,
  where: string,
  isEncrypted: boolean,
  attrs: TargetSessionAttrs,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const target = address.startsWith('/') ? { path: socketPath(host) } : { host: address, port: host.port };
  const socket = connectSocket({ ...target, noDelay: true });
  // Errors are seen by whoever waits for the socket; this is for those that nobody waits for.
  socket.on('error', () => {});
  let stream = socket;
  try {
    const client = await within(timeout, signal, async () => {
      await once(socket, 'connect');
      if (isEncrypted) stream = await encrypt(socket, info, host);
      const loggedIn = await logIn(stream, info, host, stream !== socket);
      await begin(loggedIn, info, attrs);
      return loggedIn;
    });
    const close = () => {
      client.end().catch(() => {});
      // end() says goodbye and waits for the server to hang up, which it may never do.
      stream.destroySoon();
    };
    return { client, close, failure: (error) => failureOf(where, error, passwordFor(info, host)) };
  } catch (error) {
    stream.destroy();
    socket.destroy();
    throw error;
  }
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** The socket with TLS over it; or as it is, where the server has none and that will do. */
async function encrypt(socket: Socket, info: ConnInfo, host: ConnHost): Promise<Socket> {
  if (info.sslnegotiation === 'postgres') {
    const answered = once(socket, 'data');
    socket.once('end', () => socket.destroy(new ConnectionError('it closed the connection')));
    socket.write(SSL_REQUEST);
    const answer = String((await answered)[0]);
    if (answer === 'N' && info.sslmode === 'prefer') return socket;
    if (answer === 'N')
      throw new ConnectionError('it does not offer TLS', 'Set sslmode to disable, or turn TLS on there.');
    // More than that byte would be something that somebody slipped in before the encryption (CVE-2021-23222).
    if (answer !== 'S') throw new ConnectionError('it answers a request for TLS with something else');
  }
  const secured = connectTls({ ...tlsOptions(info, host), socket });
  secured.on('error', () => {});
  await once(secured, 'secureConnect');
  if (info.sslnegotiation === 'direct' && secured.alpnProtocol !== 'postgresql') {
    throw new ConnectionError('it does not know sslnegotiation=direct', 'PostgreSQL 17 and later do.');
  }
  return secured;
}

function tlsOptions(info: ConnInfo, { host }: ConnHost): ConnectionOptions {
  const { sslmode, sslrootcert, sslcert, sslkey, sslpassword, sslsni, sslMinVersion, sslMaxVersion } = info;
  const isVerified = sslmode === 'verify-ca' || sslmode === 'verify-full';
  // Afresh for each connection: certificates are renewed while the proxy runs.
  const read = (key: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConnectionError(`the file of ${key} could not be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const systemRoots = () => [...getCACertificates('default'), ...getCACertificates('system')];
  return {
    rejectUnauthorized: isVerified,
    ...(isVerified && {
      ca: sslrootcert && sslrootcert !== 'system' ? read('sslrootcert', sslrootcert) : systemRoots(),
    }),
    ...(sslcert && sslkey && { cert: read('sslcert', sslcert), key: read('sslkey', sslkey) }),
    ...(sslpassword !== undefined && { passphrase: sslpassword }),
    ...(sslMinVersion !== undefined && { minVersion: sslMinVersion }),
    ...(sslMaxVersion !== undefined && { maxVersion: sslMaxVersion }),
    ...(info.sslnegotiation === 'direct' && { ALPNProtocols: ['postgresql'] }),
    // RFC 6066 section 3: no addresses.
    servername: sslsni && isIP(host) === 0 ? host : '',
    // By the name that was asked for, never by hostaddr.
    checkServerIdentity: (_, certificate) =>
      sslmode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}

/** The parts of the driver's client that its types leave out. */
interface ClientInternals {
  getStartupConf(): Record<string, string>;
  connection: {
    on(
      event: 'authenticationSASL' | 'authenticationSASLFinal',
      listener: (message: { mechanisms: string[] }) => void,
    ): void;
  };
}

async function logIn(stream: Socket, info: ConnInfo, host: ConnHost, isEncrypted: boolean): Promise<Client> {
  // The driver takes a fifth of the proxy's start-up time, and a proxy with a static token never needs it.
  const { default: pg } = await import('pg');
  let isBindingOffered = false;
  let isProven = false;
  const client = new pg.Client({
    stream: () => new GuardedStream(stream) as unknown as Duplex,
    // All of these, so that the driver does not look into the environment itself.
    host: host.host,
    port: host.port,
    user: info.user,
    database: info.database,
    ssl: false,
    client_encoding: 'UTF8',
    password: () => {
      if (info.channelBinding && !isBindingOffered) throw new ConnectionError(NO_BINDING);
      const password = passwordFor(info, host);
      if (password === undefined) throw new ConnectionError('it wants a password, and none is set', PASSWORD_HINT);
      return password;
    },
    ...{ sslnegotiation: 'postgres', enableChannelBinding: info.channelBinding && isEncrypted },
  });
  client.on('error', () => {});
  const internals = client as unknown as ClientInternals;
  // PgBouncer refuses all others, and the driver would add PGOPTIONS.
  const { user, database, applicationName } = info;
  internals.getStartupConf = () => ({ user, database, application_name: applicationName, client_encoding: 'UTF8' });
  internals.connection.on('authenticationSASL', ({ mechanisms }) => {
    isBindingOffered = isEncrypted && mechanisms.includes('SCRAM-SHA-256-PLUS');
  });
  internals.connection.on('authenticationSASLFinal', () => {
    isProven = isBindingOffered;
  });
  await client.connect();
  if (info.channelBinding && !isProven) throw new ConnectionError(NO_BINDING);
  return client;
}

const NO_BINDING = 'it does not offer channel binding, which channel_binding=require asks for';
const PASSWORD_HINT = 'Put it into the connection string, PGPASSWORD or the passfile.';

/** Begins the one transaction, and looks whether the server is of the kind that is wanted. */
async function begin(client: Client, info: ConnInfo, attrs: TargetSessionAttrs): Promise<void> {
  // LOCAL, because behind PgBouncer the session belongs to somebody else after this transaction.
  const statements = ['BEGIN READ ONLY', `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT}`];
  for (const [name, value] of [
    ['role', info.role],
    ['search_path', info.searchPath],
  ] as const) {
    if (value !== undefined)
      statements.push(`SELECT pg_catalog.set_config('${name}', ${client.escapeLiteral(value)}, true)`);
  }
  await query(client, statements.join('; '));
  if (attrs === 'any') return;

  const [[recovery, readOnly] = []] = await query(
    client,
    "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')",
  );
  const isStandby = recovery === 't';
  const isReadOnly = isStandby || readOnly === 'on';
  const isFit = {
    'read-write': !isReadOnly,
    'read-only': isReadOnly,
    primary: !isStandby,
    standby: isStandby,
    'prefer-standby': true,
  }[attrs];
  if (!isFit) {
    const kind = isStandby ? 'a standby' : `a ${isReadOnly ? 'read-only ' : ''}primary`;
    throw new ConnectionError(`it is ${kind}, which target_session_attrs=${attrs} rules out`);
  }
}

function socketPath({ host, port }: ConnHost): string {
  return join(host, `.s.PGSQL.${port}`);
}

/** The outcome of some work if there is one in time. The work goes on otherwise: what it waits for has to be ended. */
async function within<T>(timeout: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal!.reason);
  const timer = setTimeout(() => reject(new TimeoutError(timeout)), timeout);
  signal?.addEventListener('abort', abort);
  work().then(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
