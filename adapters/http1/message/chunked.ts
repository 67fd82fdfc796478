// The chunked transfer coding (RFC 9112 section 7.1), read and written.
import type { Socket } from 'node:net';
import { TOKEN_CHARACTER } from '../../../src/http/grammar.ts';
import { MalformedMessage, parseHead } from './field-lines.ts';
import { type Decoder, framingOf } from './framing.ts';

/** Characters of a chunk-size line with its extensions, and of a trailer section. */
const MAX_CHUNK_LINE = 4096;
const MAX_TRAILER = 8192;

/** Reads chunks. Lines must end with CRLF, because request smuggling relies on lenient readers. */
export class ChunkedDecoder implements Decoder {
  readonly isEndedByClose = false;
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size';
  /** Of the chunk, in the state `data`; of its CRLF, in the state `data-end`. */
  #left = 0;
  /** A line, or the trailer section, that has not ended yet. */
  #line = '';

  decode(bytes: Buffer, deliver: (data: Buffer) => void): number | undefined {
    // Passed on together: chunks of one byte each would cost the next stage a hundred times their size.
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
          if (bytes[at] !== (this.#left === 2 ? 0x0d : 0x0a))
            throw new MalformedMessage('a chunk whose length is wrong');
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

  /** Adds bytes to the line up to the next LF, or all bytes if there is none. */
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

/** Trailers are dropped, but framing in one is a sign of an attack (RFC 9110 section 6.5.1). */
function checkTrailers(lines: string): void {
  const { fields } = parseHead(`\r\n${lines}`, MAX_TRAILER);
  if (framingOf(fields, false) !== undefined) throw new MalformedMessage('framing in a trailer section');
}

/** Chunk extensions are skipped, but they must be well-formed. */
const NAME = `${TOKEN_CHARACTER}+`;
const QUOTED = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const EXTENSION = `[ \\t]*;[ \\t]*${NAME}(?:[ \\t]*=[ \\t]*(?:${NAME}|${QUOTED}))?`;
const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,12})(?:${EXTENSION})*\\r\\n$`);

function chunkSize(line: string): number {
  const size = CHUNK_LINE.exec(line)?.[1];
  if (size === undefined) throw new MalformedMessage('a malformed chunk size');
  return Number.parseInt(size, 16);
}

/** The end of a chunked body, without trailer fields. */
export const LAST_CHUNK = '0\r\n\r\n';

/**
 * Writes one chunk.
 * @returns false if the socket has to drain first, as `socket.write` does
 */
export function writeChunk(socket: Socket, data: Uint8Array): boolean {
  socket.cork();
  socket.write(`${data.length.toString(16)}\r\n`, 'latin1');
  socket.write(data);
  const hasRoom = socket.write('\r\n', 'latin1');
  socket.uncork();
  return hasRoom;
}
