import type { Socket } from 'node:net';
import type { Body } from '../../../src/http/types.ts';
import { LAST_CHUNK, writeChunk } from './chunked.ts';
import { MessageBody, type Sink } from './message-body.ts';

/** Writes the request body, framed as the head says. */
export class RequestBodyWriter implements Sink {
  readonly #socket: Socket;
  readonly #isChunked: boolean;
  readonly #onBroken: (error: unknown) => void;
  #isStopped = false;
  #isEnded = false;

  constructor(socket: Socket, isChunked: boolean, onBroken: (error: unknown) => void) {
    this.#socket = socket;
    this.#isChunked = isChunked;
    this.#onBroken = onBroken;
  }

  /** Whether the whole body was written. */
  get isEnded(): boolean {
    return this.#isEnded && !this.#isStopped;
  }

  /** Socket to socket. */
  take(body: MessageBody): void {
    this.#socket.on('drain', () => body.resume());
    body.pipeTo(this);
  }

  /** From any other source of chunks. */
  async pull(body: Body | AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunksOf(body)) {
      if (this.#socket.destroyed) return;
      if (!this.write(chunk)) await drained(this.#socket);
    }
    this.end();
  }

  write(data: Uint8Array): boolean {
    // If nothing waits for the body any more, it is read and dropped, so that the client gets to read the answer.
    if (this.#isStopped || this.#socket.destroyed) return true;
    return this.#isChunked ? writeChunk(this.#socket, data) : this.#socket.write(data);
  }

  end(): void {
    this.#isEnded = true;
    if (this.#isChunked && !this.#isStopped && !this.#socket.destroyed) this.#socket.write(LAST_CHUNK, 'latin1');
  }

  abort(error: Error): void {
    this.#onBroken(error);
  }

  /** Stops sending: an upstream that refused the request may close at any time, and its answer must still be read. */
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

/** Writes the response to the client. Until the end is written, the connection can only be broken off. */
export class ResponseWriter implements Sink {
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

  send(body: Body): void {
    if (body instanceof MessageBody) {
      // Socket to socket.
      this.#socket.on('drain', () => body.resume());
      body.pipeTo(this);
    } else void this.#pull(body);
  }

  /** From a source that is not the body of a message. */
  async #pull(body: Body): Promise<void> {
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
