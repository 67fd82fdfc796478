import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { Connection, type ConnectionOwner } from './connection.ts';
import { Connections } from './connections.ts';

/** Milliseconds between two looks at the deadlines, at most. */
const TICK = 250;
/** Milliseconds for a TLS handshake. */
const HANDSHAKE = 10_000;
/** Milliseconds for a client that has connected but sent nothing yet, once the port is closed. */
const LAST_CHANCE = 1000;

export interface ServerOptions extends Omit<ConnectionOwner, 'closed'> {
  /** PEM; undefined: plain TCP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Descriptors that connections and their upstream sides may take up together; further clients are turned away. */
  readonly maxDescriptors?: number | undefined;
}

/** The proxy's listening side: its connections and their deadlines. */
export interface ProxyServer {
  readonly listener: Server;
  /** Stops listening and resolves when the last request in flight is answered. */
  drain(): Promise<void>;
  /** New certificates, for the connections to come. */
  setSecureContext(tls: { readonly cert: string; readonly key: string }): void;
}

export function makeServer(options: ServerOptions): ProxyServer {
  const connections = new Connections();
  let onLastClosed: (() => void) | undefined;
  const owner: ConnectionOwner = {
    ...options,
    closed(connection) {
      connections.delete(connection);
      if (connections.size === 0) onLastClosed?.();
    },
  };

  // One look at all connections in turn costs a request less than timers of its own would.
  const bounds = [options.limits.readHeader, options.limits.read, options.limits.write].filter((bound) => bound > 0);
  const tick = Math.max(10, Math.min(TICK, ...bounds.map((bound) => bound / 4)));
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) if (connection.deadline <= now) connection.expire();
  }, tick);

  const accept = (socket: Socket): void => {
    connections.add(new Connection(socket, owner));
  };
  const tls =
    options.tls && createTlsServer({ ...options.tls, allowHalfOpen: true, handshakeTimeout: HANDSHAKE }, accept);
  const listener = tls ?? createServer({ allowHalfOpen: true }, accept);
  if (options.maxDescriptors !== undefined) listener.maxConnections = Math.floor(options.maxDescriptors / 2);

  return {
    listener,
    setSecureContext: (changed) => (tls as TlsServer | undefined)?.setSecureContext({ ...changed }),
    drain: async () => {
      // Right after the event loop has accepted who was waiting: closing resets whoever still waits.
      await new Promise((resolve) => setImmediate(resolve));
      listener.close();
      // Who has just connected is about to ask.
      const last = performance.now() + LAST_CHANCE;
      for (const connection of connections) {
        if (connection.isIdle) connection.deadline = Math.min(connection.deadline, last);
      }
      // The listener itself would also wait for those who have not even finished a TLS handshake.
      const { promise, resolve } = Promise.withResolvers<void>();
      onLastClosed = resolve;
      if (connections.size > 0) await promise;
      clearInterval(sweep);
    },
  };
}
