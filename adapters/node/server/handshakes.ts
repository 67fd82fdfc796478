import type { Socket } from 'node:net';

/**
 * TLS connections whose handshake is not finished, oldest first. Such a connection costs a client nothing and holds a
 * descriptor, so it is the first to go when others need the room.
 *
 * `tls.Server` hands out the TCP connection at the beginning and the TLS one at the end; the peer's address tells that
 * they are the same. A Unix socket has none, and is not looked after: only its owner gets there.
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
