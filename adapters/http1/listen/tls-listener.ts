import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { Place, Room } from './room.ts';

/** Milliseconds for a TLS handshake. */
const HANDSHAKE = 10_000;

export interface TlsFiles {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** A listener for TLS. */
export interface TlsListener {
  readonly listener: Server;
  /** Drops the connections whose handshake is not finished. */
  dropHandshakes(): void;
}

/**
 * Makes a TLS listener that drops each connection whose handshake fails, takes too long or breaks off.
 *
 * `tls.Server` gives the TCP connection at the beginning of a handshake and the TLS connection at its end; the peer's
 * address shows that they are the same. A Unix socket has no address, so there a connection has a place only afterwards.
 * @param accept called with each connection whose handshake is finished
 */
export function makeTlsListener(
  files: TlsFiles,
  room: Room,
  accept: (socket: Socket, place: Place) => void,
): TlsListener {
  const handshakes = new Map<string, Place>();
  // Half-open only later: a FIN during the handshake ends the connection.
  const listener = createServer({ ...files, allowHalfOpen: false, handshakeTimeout: HANDSHAKE }, (socket) => {
    socket.allowHalfOpen = true;
    const close = () => void socket.destroy();
    const peer = peerOf(socket);
    const begun = peer === undefined ? undefined : handshakes.get(peer);
    if (peer !== undefined) handshakes.delete(peer);
    const place = begun ?? room.enter(true, close);
    place.close = close;
    accept(socket, place);
  });
  listener.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    if (peer === undefined) return;
    const place = room.enter(true, () => void socket.destroy());
    handshakes.set(peer, place);
    socket.once('close', () => {
      place.leave();
      if (handshakes.get(peer) === place) handshakes.delete(peer);
    });
  });
  // The server itself destroys no connection, neither after a failed handshake nor at its own timeout.
  listener.on('tlsClientError', (_error, socket) => socket.destroy());
  return {
    listener,
    dropHandshakes() {
      for (const place of handshakes.values()) place.close();
    },
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
