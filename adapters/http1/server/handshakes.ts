import type { Socket } from 'node:net';

/**
 * TLS connections whose handshake is not finished, oldest first. Such a connection costs a client nothing but holds a
 * descriptor, so it is closed first if others need the room.
 *
 * `tls.Server` gives the TCP connection at the beginning and the TLS connection at the end; the peer's address shows
 * that they are the same. A Unix socket has no address and is not tracked: only its owner can connect.
 */
export class Handshakes {
  readonly #sockets = new Map<string, Socket>();

  get size(): number {
    return this.#sockets.size;
  }

  begin(socket: Socket): void {
    const peer = peerOf(socket);
    if (peer === undefined) return;
    this.#sockets.set(peer, socket);
    socket.once('close', () => {
      if (this.#sockets.get(peer) === socket) this.#sockets.delete(peer);
    });
  }

  finish(socket: Socket): void {
    const peer = peerOf(socket);
    if (peer !== undefined) this.#sockets.delete(peer);
  }

  destroyOldest(): void {
    for (const [peer, socket] of this.#sockets) {
      this.#sockets.delete(peer);
      socket.destroy();
      return;
    }
  }

  destroyAll(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
