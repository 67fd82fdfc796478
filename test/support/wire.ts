import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** A connection whose far end is in a test's hands, chunk by chunk: what no real socket promises. */
export class Wire extends Duplex {
  /** For what takes a socket; only what an HTTP/1.1 reader uses of one is there. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** The other side sends these chunks, one at a time, and closes its sending side. */
  async receive(chunks: readonly Buffer[]): Promise<void> {
    await turn();
    for (const chunk of chunks) {
      if (this.destroyed) return;
      this.push(chunk);
    }
    if (!this.destroyed) this.push(null);
    await turn();
    await turn();
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): void {
    this.destroy();
  }
}
