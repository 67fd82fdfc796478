// HTTP/1.1 messages as bytes (RFC 9112), read more strictly than any real recipient has to.
import assert from 'node:assert/strict';

export type Field = readonly [name: string, value: string];

export interface Head {
  startLine: string;
  fields: Field[];
}

export interface Message extends Head {
  content: Buffer;
  /** What ends the content: nothing to end, Content-Length, the last chunk, or the end of the connection. */
  framing: 'none' | 'length' | 'chunked' | 'close';
  /** False when the framing promised more than came; the content of an unframed response counts as complete. */
  complete: boolean;
  trailers: Field[];
  /** Bytes after the message. */
  rest: Buffer;
}

/** The values of every field line of that name, in their order. */
export function fieldValues(message: { fields: readonly Field[] }, name: string): string[] {
  return message.fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** The value of the one field line of that name; undefined if there is none. */
export function fieldValue(message: { fields: readonly Field[] }, name: string): string | undefined {
  const values = fieldValues(message, name);
  assert.ok(values.length <= 1, `${name} came ${values.length} times`);
  return values[0];
}

/** The names of all fields, in lower case, sorted. */
export function fieldNames(message: { fields: readonly Field[] }): string[] {
  return message.fields.map(([name]) => name.toLowerCase()).sort();
}

/** The line of the last chunk, after a line's end. */
const LAST_CHUNK = /\r\n0+\r\n/;

/** Collects the bytes of one side of a connection and reads the one message that they should be. */
export class MessageReader {
  readonly #chunks: Buffer[] = [];
  readonly #hasContent: (startLine: string) => boolean;
  readonly #unframed: 'none' | 'close';
  #bytes = Buffer.alloc(0);
  #size = 0;
  #head: Head | undefined;
  #contentAt = 0;
  /** What was read of all bytes that had come. */
  #message: Message | undefined;
  readonly #waiting = new Set<() => void>();
  /** Status codes of the interim responses before the message. */
  readonly interim: number[] = [];

  private constructor(unframed: 'none' | 'close', hasContent: (startLine: string) => boolean) {
    this.#unframed = unframed;
    this.#hasContent = hasContent;
  }

  static ofRequest(): MessageReader {
    return new MessageReader('none', () => true);
  }

  /** @param method of the request: a response to HEAD has fields that frame nothing. */
  static ofResponse(method: string): MessageReader {
    return new MessageReader('close', (line) => method !== 'HEAD' && !/^HTTP\/1\.1 (204|304)/.test(line));
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#message = undefined;
    this.wake();
  }

  /**
   * Waits until it is so. Looks whenever bytes come, and whenever `wake` is called.
   *
   * @param patience milliseconds after which it resolves in any case.
   */
  until(isSo: () => boolean, patience?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        settle();
      };
      const look = () => {
        try {
          if (isSo()) end(resolve);
        } catch (error) {
          end(() => reject(error));
        }
      };
      const timer = patience === undefined ? undefined : setTimeout(end, patience, resolve);
      this.#waiting.add(look);
      look();
    });
  }

  /** Has everyone who waits look again, because something else than the bytes has changed. */
  wake(): void {
    for (const look of this.#waiting) look();
  }

  get bytes(): Buffer {
    if (this.#chunks.length > 0) this.#bytes = Buffer.concat([this.#bytes, ...this.#chunks.splice(0)]);
    return this.#bytes;
  }

  /** The last bytes, without putting all of them together. */
  #tail(length: number): Buffer {
    const last: Buffer[] = [];
    let size = 0;
    for (let i = this.#chunks.length - 1; i >= 0 && size < length; i--) {
      last.unshift(this.#chunks[i]!);
      size += this.#chunks[i]!.length;
    }
    return Buffer.concat([...(size < length ? [this.#bytes.subarray(size - length)] : []), ...last]);
  }

  /** @throws {AssertionError} if it is malformed. */
  get head(): Head | undefined {
    while (this.#head === undefined) {
      const end = this.bytes.indexOf('\r\n\r\n', this.#contentAt);
      if (end < 0) return undefined;
      const head = parseHead(this.bytes.toString('latin1', this.#contentAt, end));
      this.#contentAt = end + 4;
      const interim = /^HTTP\/1\.1 (1\d\d)/.exec(head.startLine)?.[1];
      if (interim === undefined || interim === '101') this.#head = head;
      else this.interim.push(Number(interim));
    }
    return this.#head;
  }

  /** Whether the end of the message has come, as far as its own framing tells it. */
  get isWhole(): boolean {
    const head = this.head;
    if (head === undefined) return false;
    if (!this.#hasContent(head.startLine)) return true;
    if (fieldValues(head, 'transfer-encoding').length > 0) {
      return LAST_CHUNK.test(this.#tail(64).toString('latin1')) && this.read()!.complete;
    }
    const length = fieldValues(head, 'content-length')[0];
    if (length !== undefined) return this.#size - this.#contentAt >= Number(length);
    return this.#unframed !== 'close';
  }

  /** @throws {AssertionError} if it is malformed. */
  read(): Message | undefined {
    if (this.#message !== undefined) return this.#message;
    const head = this.head;
    if (head === undefined) return undefined;
    const rest = this.bytes.subarray(this.#contentAt);
    const hasContent = this.#hasContent(head.startLine);
    this.#message = { ...head, ...(hasContent ? readContent(head, rest, this.#unframed) : nothing('none', rest)) };
    return this.#message;
  }
}

function parseHead(text: string): Head {
  assert.doesNotMatch(text, /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/, 'control bytes in a header section');
  const [startLine = '', ...lines] = text.split('\r\n');
  const fields = lines.map((line): Field => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    assert.ok(match, `not a field line: ${JSON.stringify(line)}`);
    return [match[1]!, match[2]!];
  });
  return { startLine, fields };
}

type Content = Omit<Message, keyof Head>;

function nothing(framing: Message['framing'], rest: Buffer): Content {
  return { content: Buffer.alloc(0), framing, complete: true, trailers: [], rest };
}

function readContent(head: Head, bytes: Buffer, unframed: 'none' | 'close'): Content {
  const codings = fieldValues(head, 'transfer-encoding');
  const lengths = fieldValues(head, 'content-length');
  assert.ok(codings.length + lengths.length <= 1, `framed more than once: ${JSON.stringify(head.fields)}`);
  if (codings.length > 0) {
    assert.equal(codings[0], 'chunked');
    return readChunked(bytes);
  }
  if (lengths.length > 0) {
    assert.match(lengths[0]!, /^(0|[1-9]\d*)$/);
    const length = Number(lengths[0]);
    const content = bytes.subarray(0, length);
    return {
      content,
      framing: 'length',
      complete: content.length === length,
      trailers: [],
      rest: bytes.subarray(length),
    };
  }
  if (unframed === 'none') return nothing('none', bytes);
  return { content: bytes, framing: 'close', complete: true, trailers: [], rest: Buffer.alloc(0) };
}

function readChunked(bytes: Buffer): Content {
  const chunks: Buffer[] = [];
  let at = 0;
  const result = (complete: boolean, trailers: Field[], rest: number): Content => ({
    content: Buffer.concat(chunks),
    framing: 'chunked',
    complete,
    trailers,
    rest: bytes.subarray(rest),
  });
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return result(false, [], bytes.length);
    const line = bytes.toString('latin1', at, lineEnd);
    assert.match(line, /^[0-9a-fA-F]{1,8}$/, 'chunk size');
    const size = Number.parseInt(line, 16);
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', lineEnd);
      if (end < 0) return result(false, [], bytes.length);
      const section = bytes.toString('latin1', lineEnd + 2, end);
      return result(true, section === '' ? [] : parseHead(`\r\n${section}`).fields, end + 4);
    }
    const end = lineEnd + 2 + size;
    chunks.push(bytes.subarray(lineEnd + 2, end));
    if (bytes.length < end + 2) return result(false, [], bytes.length);
    assert.equal(bytes.toString('latin1', end, end + 2), '\r\n', 'end of a chunk');
    at = end + 2;
  }
}
