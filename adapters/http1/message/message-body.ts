import type { Socket } from 'node:net';
import type { Body, BodyReader } from '../../../src/http/types.ts';
import { ChunkedDecoder } from './chunked.ts';
import type { Decoder, Framing } from './framing.ts';

/** The destination of a body. */
export interface Sink {
  /** @returns false to pause until `MessageBody.resume` is called */
  write(data: Buffer): boolean;
  end(): void;
  /** The body broke off. What was written must not look complete. */
  abort(error: Error): void;
}

/** Called with the number of bytes each time that bytes of a body were read. */
export type CountRead = (bytes: number) => void;

/** Bytes kept while there is no reader; above that the socket is paused. */
const HIGH_WATER = 64 * 1024;

/**
 * The body of the one message that a connection carries in one direction. It is decoded from its framing as the bytes
 * come, for one consumer: a sink that it is pushed into, or a reader that pulls.
 * Flow control is the socket's: it is paused while the consumer does not keep up.
 */
export class MessageBody implements Body {
  /** Called once, when the consumer first asks for data. */
  onDemand: (() => void) | undefined;
  /** Called once, when the last byte of the message has been read from the connection. */
  onComplete: (() => void) | undefined;

  readonly #socket: Socket;
  readonly #decoder: Decoder;
  readonly #abandon: () => void;
  readonly #countRead: CountRead | undefined;
  #sink: Sink | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #isComplete = false;
  #error: Error | undefined;
  #waiting: { resolve(result: ReadResult): void; reject(error: Error): void } | undefined;

  /** @param abandon called if the consumer does not want the rest of the body; it closes the connection */
  constructor(
    socket: Socket,
    framing: Exclude<Framing, { kind: 'none' }>,
    abandon: () => void,
    countRead?: CountRead | undefined,
  ) {
    this.#socket = socket;
    this.#abandon = abandon;
    this.#countRead = countRead;
    this.#decoder = framing.kind === 'chunked' ? new ChunkedDecoder() : new LengthDecoder(framing);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Takes the next bytes from the connection. Bytes after the end of the message are dropped, never read as another.
   * @returns how many of `bytes` came after the end of the message
   * @throws MalformedMessage
   */
  push(bytes: Buffer): number {
    if (this.#isComplete || this.#error !== undefined) return bytes.length;
    this.#countRead?.(bytes.length);
    const surplus = this.#decoder.decode(bytes, this.#deliver);
    if (surplus === undefined) return 0;
    this.#complete();
    return surplus;
  }

  /** The connection was closed in order: the end of a body that ends with the connection, else a truncation. */
  finish(truncated: Error): void {
    if (this.#isComplete || this.#error !== undefined) return;
    if (this.#decoder.isEndedByClose) this.#complete();
    else this.fail(truncated);
  }

  fail(error: Error): void {
    if (this.#isComplete || this.#error !== undefined) return;
    this.#error = error;
    this.#queue = [];
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#sink?.abort(error);
  }

  pipeTo(sink: Sink): void {
    this.#sink = sink;
    if (this.#error !== undefined) {
      sink.abort(this.#error);
      return;
    }
    this.#demand();
    this.#drain();
  }

  /** The sink accepts data again. */
  resume(): void {
    if (this.#sink !== undefined) this.#drain();
  }

  getReader(): BodyReader {
    return { read: () => this.#read(), releaseLock: () => {} };
  }

  async cancel(): Promise<void> {
    if (this.#isComplete && this.#queue.length === 0) return;
    this.fail(new Error('cancelled'));
    this.#queue = [];
    this.#abandon();
  }

  #read(): Promise<ReadResult> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#demand();
    const next = this.#queue.shift();
    if (next !== undefined) {
      this.#queued -= next.length;
      if (this.#queued < HIGH_WATER) this.#socket.resume();
      return Promise.resolve({ done: false, value: next });
    }
    if (this.#isComplete) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.resume();
    });
  }

  #demand(): void {
    this.onDemand?.();
    this.onDemand = undefined;
  }

  #drain(): void {
    const sink = this.#sink!;
    while (this.#queue.length > 0) {
      const next = this.#queue.shift()!;
      this.#queued -= next.length;
      if (!sink.write(next)) return;
    }
    if (this.#isComplete) {
      this.#sink = undefined;
      sink.end();
    } else {
      this.#socket.resume();
    }
  }

  readonly #deliver = (data: Buffer): void => {
    if (this.#waiting !== undefined) {
      this.#waiting.resolve({ done: false, value: data });
      this.#waiting = undefined;
      return;
    }
    if (this.#sink !== undefined && this.#queue.length === 0) {
      if (!this.#sink.write(data)) this.#socket.pause();
      return;
    }
    this.#queue.push(data);
    this.#queued += data.length;
    if (this.#queued >= HIGH_WATER) this.#socket.pause();
  };

  #complete(): void {
    this.#isComplete = true;
    // The end of the connection must be noticed even if the consumer lags behind.
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
    const sink = this.#queue.length === 0 ? this.#sink : undefined;
    if (sink !== undefined) this.#sink = undefined;
    sink?.end();
    this.onComplete?.();
  }
}

type ReadResult = { done: boolean; value?: Buffer | undefined };

class LengthDecoder implements Decoder {
  readonly isEndedByClose: boolean;
  #left: number;

  constructor(framing: { kind: 'length'; length: number } | { kind: 'until-close' }) {
    this.isEndedByClose = framing.kind === 'until-close';
    this.#left = framing.kind === 'length' ? framing.length : Number.POSITIVE_INFINITY;
  }

  decode(bytes: Buffer, deliver: (data: Buffer) => void): number | undefined {
    const data = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= data.length;
    if (data.length > 0) deliver(data);
    return this.#left === 0 ? bytes.length - data.length : undefined;
  }
}
