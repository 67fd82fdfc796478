import type { Socket } from 'node:net';
import type { Body, BodyReader } from '../../src/types.ts';
import { countRead } from './dead-buffers.ts';
import { type Framing, framingOf, MalformedMessage, parseHead } from './field-lines.ts';

/** Where a body is written to. */
export interface Sink {
  /** @returns false to be spared more until `MessageBody.resume` is called */
  write(data: Buffer): boolean;
  end(): void;
  /** The body broke off; what was written must not look whole. */
  abort(error: Error): void;
}

/** Bytes kept while nobody reads; above it the socket is paused. */
const HIGH_WATER = 64 * 1024;
/** Characters of a chunk-size line with its extensions, and of a trailer section. */
const MAX_CHUNK_LINE = 4096;
const MAX_TRAILER = 8192;

/**
 * The body of the one message that a connection carries in one direction, decoded from its framing as the bytes come
 * and handed to one consumer: a sink that it is pushed into, or a reader that pulls.
 * Flow control is the socket's: it is paused while the consumer does not keep up.
 */
export class MessageBody implements Body {
  /** Called once, when the consumer first asks for data. */
  onDemand: (() => void) | undefined;
  /** Called once, when the last byte of the message has been read off the connection. */
  onComplete: (() => void) | undefined;

  readonly #socket: Socket;
  readonly #decoder: Decoder;
  readonly #abandon: () => void;
  #sink: Sink | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #isComplete = false;
  #error: Error | undefined;
  #waiting: { resolve(result: ReadResult): void; reject(error: Error): void } | undefined;

  /** @param abandon what to do with the connection when the consumer wants no more */
  constructor(socket: Socket, framing: Exclude<Framing, { kind: 'none' }>, abandon: () => void) {
    this.#socket = socket;
    this.#abandon = abandon;
    this.#decoder = framing.kind === 'chunked' ? new ChunkedDecoder() : new LengthDecoder(framing);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Takes the next bytes off the connection; those behind the end of the message are dropped, never read as another.
   * @returns how many of `bytes` were behind the end of the message
   * @throws MalformedMessage
   */
  push(bytes: Buffer): number {
    if (this.#isComplete || this.#error !== undefined) return bytes.length;
    countRead(bytes.length);
    const surplus = this.#decoder.decode(bytes, this.#deliver);
    if (surplus === undefined) return 0;
    this.#complete();
    return surplus;
  }

  /** The connection was closed in order: the end of a body that is delimited so, else its truncation. */
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

  /** The sink takes data again. */
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
    // The end of the connection is still to be noticed, even if the consumer lags behind.
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

interface Decoder {
  readonly isEndedByClose: boolean;
  /** Hands on the data in `bytes`; once the message is complete, tells how many bytes came behind it. */
  decode(bytes: Buffer, deliver: (data: Buffer) => void): number | undefined;
}

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

/** RFC 9112 section 7.1; the line ends are CRLF and nothing else, since a lenient reading is what smuggling lives on. */
class ChunkedDecoder implements Decoder {
  readonly isEndedByClose = false;
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size';
  /** Of the chunk, in the state `data`; of its CRLF, in the state `data-end`. */
  #left = 0;
  /** A line, or the trailer section, that has not ended yet. */
  #line = '';

  decode(bytes: Buffer, deliver: (data: Buffer) => void): number | undefined {
    // Handed on together: chunks of one byte each would cost the ways behind this a hundred times what they carry.
    const pieces: Buffer[] = [];
    const surplus = this.#takeChunks(bytes, pieces);
    if (pieces.length > 0) deliver(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
    return surplus;
  }

  #takeChunks(bytes: Buffer, pieces: Buffer[]): number | undefined {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'size':
          at = this.#takeLine(bytes, at, MAX_CHUNK_LINE);
          if (!this.#line.endsWith('\n')) break;
          this.#left = chunkSize(this.#line);
          this.#line = '';
          this.#state = this.#left === 0 ? 'trailer' : 'data';
          break;
        case 'data': {
          const data = bytes.subarray(at, at + this.#left);
          this.#left -= data.length;
          at += data.length;
          if (this.#left === 0) {
            this.#state = 'data-end';
            this.#left = 2;
          }
          pieces.push(data);
          break;
        }
        case 'data-end':
          if (bytes[at] !== (this.#left === 2 ? 0x0d : 0x0a)) throw new MalformedMessage('a chunk of another length');
          at++;
          if (--this.#left === 0) this.#state = 'size';
          break;
        case 'trailer':
          at = this.#takeLine(bytes, at, MAX_TRAILER);
          if (this.#line === '\r\n' || this.#line.endsWith('\r\n\r\n')) {
            if (this.#line !== '\r\n') checkTrailers(this.#line.slice(0, -4));
            return bytes.length - at;
          }
          break;
      }
    }
    return undefined;
  }

  /** Adds to the line up to the next LF, or all that there is. */
  #takeLine(bytes: Buffer, at: number, max: number): number {
    const lineFeed = bytes.indexOf(0x0a, at);
    const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    if (this.#line.length + end - at > max) throw new MalformedMessage('a chunk line or trailer section too long');
    this.#line += bytes.toString('latin1', at, end);
    const isBareLineFeed = lineFeed !== -1 && !this.#line.endsWith('\r\n');
    if (isBareLineFeed) throw new MalformedMessage('a line feed without a carriage return');
    return end;
  }
}

/** Trailers are dropped, but one that would frame the message anew means no good (RFC 9110 section 6.5.1). */
function checkTrailers(lines: string): void {
  const { fields } = parseHead(`\r\n${lines}`, MAX_TRAILER);
  if (framingOf(fields, false) !== undefined) throw new MalformedMessage('framing in a trailer section');
}

/** Chunk extensions are read over, but have to be some. */
const NAME = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const EXTENSION = `[ \\t]*;[ \\t]*${NAME}(?:[ \\t]*=[ \\t]*(?:${NAME}|${QUOTED}))?`;
const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,12})(?:${EXTENSION})*\\r\\n$`);

function chunkSize(line: string): number {
  const size = CHUNK_LINE.exec(line)?.[1];
  if (size === undefined) throw new MalformedMessage('a malformed chunk size');
  return Number.parseInt(size, 16);
}
