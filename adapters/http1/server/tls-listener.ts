import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { Handshakes } from './handshakes.ts';

/** Milliseconds for a TLS handshake. */
const HANDSHAKE = 10_000;

export interface TlsFiles {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** A listener for TLS, and its unfinished handshakes. */
export interface TlsListener {
  readonly listener: Server;
  readonly handshakes: Handshakes;
}

/**
 * Makes a TLS listener that drops each connection whose handshake fails, takes too long or breaks off.
 * @param accept called with each connection whose handshake is finished
 * @param began is called when a handshake begins
 */
export function makeTlsListener(files: TlsFiles, accept: (socket: Socket) => void, began: () => void): TlsListener {
  const handshakes = new Handshakes();
  // Half-open only later: a FIN during the handshake ends the connection.
  const listener = createServer({ ...files, allowHalfOpen: false, handshakeTimeout: HANDSHAKE }, (socket) => {
    socket.allowHalfOpen = true;
    handshakes.finish(socket);
    accept(socket);
  });
  listener.on('connection', (socket) => {
    handshakes.begin(socket);
    began();
  });
  // The server itself destroys no connection, neither after a failed handshake nor at its own timeout.
  listener.on('tlsClientError', (_error, socket) => socket.destroy());
  return { listener, handshakes };
}
