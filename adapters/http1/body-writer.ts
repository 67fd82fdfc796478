import type { Socket } from 'node:net';
import type { Body } from '../../src/types.ts';
import { LAST_CHUNK, writeChunk } from './chunked.ts';
import type { MessageBody, Sink } from './message-body.ts';

/** The request body on its way out, framed as the head said. */
export class Upload implements Sink {
  readonly #socket: Socket;
  readonly #isChunked: boolean;
  readonly #onBroken: (error: unknown) => void;
  #isStopped = false;

  constructor(socket: Socket, isChunked: boolean, onBroken: (error: unknown) => void) {
    this.#socket = socket;
    this.#isChunked = isChunked;
    this.#onBroken = onBroken;
  }

  /** Socket to socket. */
  take(body: MessageBody): void {
    this.#socket.on('drain', () => body.resume());
    body.pipeTo(this);
  }

  /** From whatever else yields chunks. */
  async pull(body: Body | AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunksOf(body)) {
      if (this.#socket.destroyed) return;
      if (!this.write(chunk)) await drained(this.#socket);
    }
    this.end();
  }

  write(data: Uint8Array): boolean {
    // What nobody waits for any more is read and dropped, for the client to come to hear the answer.
    if (this.#isStopped || this.#socket.destroyed) return true;
    return this.#isChunked ? writeChunk(this.#socket, data) : this.#socket.write(data);
  }

  end(): void {
    if (this.#isChunked && !this.#isStopped && !this.#socket.destroyed) this.#socket.write(LAST_CHUNK, 'latin1');
  }

  abort(error: Error): void {
    this.#onBroken(error);
  }

  /** Sends no more: an upstream that refused the request may close at any time, and its answer is still to be read. */
  stop(): void {
    this.#isStopped = true;
  }
}

async function* chunksOf(body: Body | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (Symbol.asyncIterator in body) {
    yield* body;
    return;
  }
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (value !== undefined) yield value;
      if (done) return;
    }
  } finally {
    reader.releaseLock();
  }
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });

/** The response's way to the client; until the end is written, the connection can only break. */
export class Download implements Sink {
  readonly #socket: Socket;
  readonly #isChunked: boolean;
  readonly #onEnd: () => void;
  readonly #onAbort: (error: Error) => void;

  constructor(socket: Socket, isChunked: boolean, onEnd: () => void, onAbort: (error: Error) => void) {
    this.#socket = socket;
    this.#isChunked = isChunked;
    this.#onEnd = onEnd;
    this.#onAbort = onAbort;
  }

  /** From whatever is no message's body. */
  async pull(body: Body): Promise<void> {
    const reader = body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#socket.destroyed) return;
        if (value !== undefined && !this.write(value)) await drained(this.#socket);
        if (done) break;
      }
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    this.end();
  }

  write(data: Uint8Array): boolean {
    return this.#isChunked ? writeChunk(this.#socket, data) : this.#socket.write(data);
  }

  end(): void {
    if (this.#isChunked) this.#socket.write(LAST_CHUNK, 'latin1');
    this.#onEnd();
  }

  abort(error: Error): void {
    this.#onAbort(error);
  }
}
