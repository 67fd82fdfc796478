const HEAD_END = '\r\n\r\n';
/** Bytes. A head that comes in pieces soon needs this many. */
const MIN_CAPACITY = 1024;
const CR = 0x0d;
const NOTHING: Buffer = Buffer.alloc(0);
/** A CR may be the last byte so far, before its LF comes. */
const BARE_LINE_END = /\r(?!\n|$)|(?<!\r)\n/;

/**
 * Gathers a message head from reads of any size, in time that is linear in its bytes: each byte is copied a bounded
 * number of times and looked at once.
 */
export class HeadReader {
  /** The bytes received, and room for more after them. */
  #buffer: Buffer = NOTHING;
  #length = 0;
  /** How many bytes were searched for bare line ends. */
  #checked = 0;
  #end = -1;

  /** Bytes of the head; until it has ended, all bytes received. */
  get size(): number {
    return this.#end === -1 ? this.#length : this.#end;
  }

  /** Bytes of memory that are held for the head. */
  get held(): number {
    return this.#buffer.length;
  }

  /** The part of the head that was received, without the empty line that ends it. */
  get text(): string {
    return this.#buffer.toString('latin1', 0, this.size);
  }

  /** The first characters of what was received, at most as many as this. */
  beginning(characters: number): string {
    return this.#buffer.toString('latin1', 0, Math.min(characters, this.#length));
  }

  /** The bytes after a head that has ended. */
  get rest(): Buffer {
    const start = this.#end + HEAD_END.length;
    return start === this.#length ? NOTHING : this.#buffer.subarray(start, this.#length);
  }

  /** @returns whether the head has ended */
  push(bytes: Buffer): boolean {
    const before = this.#length;
    this.#append(bytes);
    // The end may lie across two reads.
    const from = Math.max(0, before - HEAD_END.length + 1);
    this.#end = this.#received.indexOf(HEAD_END, from, 'latin1');
    return this.#end !== -1;
  }

  /** Whether a CR without LF, or an LF without CR, came since the last check. */
  hasBareLineEnd(): boolean {
    const isAfterCr = this.#checked > 0 && this.#buffer[this.#checked - 1] === CR;
    const text = this.#buffer.toString('latin1', isAfterCr ? this.#checked - 1 : this.#checked, this.#length);
    this.#checked = this.#length;
    return BARE_LINE_END.test(text);
  }

  get #received(): Buffer {
    const isFull = this.#length === this.#buffer.length;
    return isFull ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  #append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (this.#length === 0) this.#buffer = bytes;
    else {
      if (length > this.#buffer.length) this.#grow(Math.max(2 * length, MIN_CAPACITY));
      bytes.copy(this.#buffer, this.#length);
    }
    this.#length = length;
  }

  #grow(capacity: number): void {
    const larger = Buffer.allocUnsafe(capacity);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
