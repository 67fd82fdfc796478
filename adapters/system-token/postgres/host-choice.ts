import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ConnHost, ConnInfo, TargetSessionAttrs } from './conninfo/types.ts';
import { DatabaseError, type Failure, failureOf } from './database-error.ts';
import { passwordFor } from './passfile.ts';
import { openAt, type Session, socketPath } from './session.ts';
import { within } from './within.ts';

/** Milliseconds to connect, for all hosts together, unless the connection string sets a time for each. */
const CONNECT_TIMEOUT = 5000;

/** The first suitable server in the order of the hosts, with a transaction begun there. */
export async function openSession(info: ConnInfo, signal: AbortSignal | undefined): Promise<Session> {
  const passes: TargetSessionAttrs[] =
    info.targetSessionAttrs === 'prefer-standby' ? ['standby', 'any'] : [info.targetSessionAttrs];
  const attempts = passes.flatMap((attrs) => info.hosts.map((host) => ({ host, attrs })));
  const end = performance.now() + CONNECT_TIMEOUT;
  const failures: Failure[] = [];
  for (const [index, { host, attrs }] of attempts.entries()) {
    // A host that does not answer must leave some time for the hosts after it.
    const equalPart = (end - performance.now()) / (attempts.length - index);
    const timeout = info.connectTimeout === undefined ? equalPart : info.connectTimeout * 1000;
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
        return await openAt({ info, host, address, where, isEncrypted, attrs, timeout, signal });
      } catch (error) {
        const failure = fail(where, error);
        if (failure.isFinal) return failures;
        if (failure.isUnreachable) break;
      }
    }
  }
  return failures;
}

/** The kinds of connection that an sslmode allows, in the order of the attempts. */
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
