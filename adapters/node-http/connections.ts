import type { Socket } from 'node:net';
import { OwnSignal } from '../../src/http/deadline.ts';
import type { Signal } from '../../src/http/types.ts';
import { CLOSED } from './close-signal.ts';

/**
 * The ends of a listener's connections. A response that waits behind others on its connection has no close of its own
 * in Node 22 if the client leaves. Many may wait, so a connection gets one listener for them all.
 */
export class Connections {
  readonly #ends = new WeakMap<Socket, OwnSignal>();

  /** @param socket undefined, or something that is no emitter, on serverless platforms: its end is never seen */
  endOf(socket: Socket | undefined): Signal {
    if (typeof socket?.once !== 'function') return new OwnSignal();
    const known = this.#ends.get(socket);
    if (known !== undefined) return known;
    const end = new OwnSignal();
    this.#ends.set(socket, end);
    if (socket.destroyed) end.abort(CLOSED);
    else socket.once('close', () => end.abort(CLOSED));
    return end;
  }
}
