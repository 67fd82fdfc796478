import { createServer, type Server, type Socket } from 'node:net';
import type { Capacity } from '../listen/capacity.ts';
import { type Place, Room } from '../listen/room.ts';
import { makeTlsListener, type TlsFiles } from '../listen/tls-listener.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner } from './owner.ts';

/** Milliseconds between two checks of the deadlines, at most. */
const TICK = 250;

export interface ServerOptions extends Omit<ConnectionOwner, 'closed' | 'isDraining'> {
  /** Undefined: plain TCP. */
  readonly tls?: TlsFiles | undefined;
  /** The room that connections may take up together. */
  readonly capacity: Capacity;
  /** Called for each client that is turned away because there is no room for all. */
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
  const room = new Room(options.capacity, () => options.turnedAway?.());
  let open = 0;
  let isDraining = false;
  let onLastClosed: (() => void) | undefined;
  const owner: ConnectionOwner = {
    ...options,
    get isDraining() {
      return isDraining;
    },
    closed() {
      open--;
      if (open === 0) onLastClosed?.();
    },
  };

  // One timer that checks all connections costs less than timers for each request.
  const bounds = [options.limits.readHeader, options.limits.read, options.limits.write].filter((bound) => bound > 0);
  const tick = Math.max(10, Math.min(TICK, ...bounds.map((bound) => bound / 4)));
  const sweep = setInterval(() => {
    const now = performance.now();
    room.visit((connection) => {
      if (connection.deadline <= now) connection.expire();
    });
  }, tick);

  const accept = (socket: Socket, place: Place): void => {
    if (place.isLost) return;
    open++;
    place.connection = new Connection(socket, owner, place);
  };
  const acceptPlain = (socket: Socket): void =>
    accept(
      socket,
      room.enter(false, () => void socket.destroy()),
    );
  const tls = options.tls && makeTlsListener(options.tls, room, accept);
  const listener = tls?.listener ?? createServer({ allowHalfOpen: true }, acceptPlain);

  return {
    listener,
    setSecureContext: (changed) => tls?.listener.setSecureContext({ ...changed }),
    drain: async () => {
      // Right after the event loop has accepted waiting connections: closing the port resets those that still wait.
      await new Promise((resolve) => setImmediate(resolve));
      listener.close();
      isDraining = true;
      // A client that has just connected is about to send a request.
      room.visit((connection) => {
        connection.shorten();
      });
      // The listener itself would also wait for connections with an unfinished TLS handshake.
      const { promise, resolve } = Promise.withResolvers<void>();
      onLastClosed = resolve;
      if (open > 0) await promise;
      clearInterval(sweep);
      tls?.dropHandshakes();
    },
  };
}
