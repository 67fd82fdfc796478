import { createServer, type Server, type Socket } from 'node:net';
import { Connection, type ConnectionOwner } from './connection.ts';
import { Connections } from './connections.ts';
import { makeTlsListener, type TlsFiles } from './tls-listener.ts';

/** Milliseconds between two checks of the deadlines, at most. */
const TICK = 250;

export interface ServerOptions extends Omit<ConnectionOwner, 'closed' | 'isDraining'> {
  /** Undefined: plain TCP. */
  readonly tls?: TlsFiles | undefined;
  /** Descriptors that connections and their upstream sides may take up together; further clients are turned away. */
  readonly maxDescriptors?: number | undefined;
  /** Called for each client that is turned away because there is no room for it. */
  turnedAway?(): void;
}

/** The proxy's listening side: its connections and their deadlines. */
export interface ProxyServer {
  readonly listener: Server;
  /** Stops listening and resolves when the last request in flight is answered. */
  drain(): Promise<void>;
  /** Sets a new certificate and key for later connections. */
  setSecureContext(tls: TlsFiles): void;
}

/** Makes the server; it does not listen yet. */
export function makeServer(options: ServerOptions): ProxyServer {
  const connections = new Connections();
  const maxConnections = options.maxDescriptors && Math.floor(options.maxDescriptors / 2);
  let isDraining = false;
  let onLastClosed: (() => void) | undefined;
  const owner: ConnectionOwner = {
    ...options,
    get isDraining() {
      return isDraining;
    },
    closed(connection) {
      connections.delete(connection);
      if (connections.size === 0) onLastClosed?.();
    },
  };

  // One timer that checks all connections costs less than timers for each request.
  const bounds = [options.limits.readHeader, options.limits.read, options.limits.write].filter((bound) => bound > 0);
  const tick = Math.max(10, Math.min(TICK, ...bounds.map((bound) => bound / 4)));
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) if (connection.deadline <= now) connection.expire();
  }, tick);

  const accept = (socket: Socket): void => {
    connections.add(new Connection(socket, owner));
  };
  const makeRoom = (): void => {
    const { handshakes } = tls!;
    const isFull = maxConnections !== undefined && handshakes.size + connections.size >= maxConnections;
    // The newest handshake stays: it is as likely as any to belong to a real client.
    if (!isFull || handshakes.size < 2) return;
    handshakes.destroyOldest();
    options.turnedAway?.();
  };
  const tls = options.tls && makeTlsListener(options.tls, accept, makeRoom);
  const listener = tls?.listener ?? createServer({ allowHalfOpen: true }, accept);
  if (maxConnections !== undefined) listener.maxConnections = maxConnections;
  listener.on('drop', () => options.turnedAway?.());

  return {
    listener,
    setSecureContext: (changed) => tls?.listener.setSecureContext({ ...changed }),
    drain: async () => {
      // Right after the event loop has accepted waiting connections: closing the port resets those that still wait.
      await new Promise((resolve) => setImmediate(resolve));
      listener.close();
      isDraining = true;
      // A client that has just connected is about to send a request.
      for (const connection of connections) connection.hurry();
      // The listener itself would also wait for connections with an unfinished TLS handshake.
      const { promise, resolve } = Promise.withResolvers<void>();
      onLastClosed = resolve;
      if (connections.size > 0) await promise;
      clearInterval(sweep);
      tls?.handshakes.destroyAll();
    },
  };
}
