import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { ConnHost, ConnInfo, TargetSessionAttrs } from './conninfo/types.ts';
import { type Failure, failureOf } from './database-error.ts';
import { encrypt } from './encrypt.ts';
import { logIn } from './log-in.ts';
import { passwordFor } from './passfile.ts';
import { begin } from './transaction.ts';
import { within } from './within.ts';

/** A connection with the one transaction begun. */
export interface Session {
  readonly client: Client;
  /** A failure here, for messages. */
  failure(error: unknown): Failure;
  close(): void;
}

/** One way to try to reach a server. */
interface Attempt {
  readonly info: ConnInfo;
  readonly host: ConnHost;
  /** An IP address, or the folder of a Unix socket. */
  readonly address: string;
  /** The address for messages. */
  readonly where: string;
  readonly isEncrypted: boolean;
  readonly attrs: TargetSessionAttrs;
  /** Milliseconds from the connection to the start of the transaction. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Connects, logs in and begins the transaction.
 * @throws the failure, with nothing left open
 */
export async function openAt(attempt: Attempt): Promise<Session> {
  const { info, host, address, where, isEncrypted, attrs, timeout, signal } = attempt;
  const target = address.startsWith('/') ? { path: socketPath(host) } : { host: address, port: host.port };
  const socket = connectSocket({ ...target, noDelay: true });
  // Code that waits for the socket sees its errors. This listener is for errors while no code waits.
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
      // end() announces the end and waits for the server to close the connection, which may never happen.
      stream.destroySoon();
    };
    return { client, close, failure: (error) => failureOf(where, error, passwordFor(info, host)) };
  } catch (error) {
    stream.destroy();
    socket.destroy();
    throw error;
  }
}

/** The file of the Unix socket in a host's folder. */
export function socketPath({ host, port }: ConnHost): string {
  return join(host, `.s.PGSQL.${port}`);
}
