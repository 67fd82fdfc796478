/** Bytes of room at first, and again once everything is written. */
const PAGE = 64 * 1024;

const LINE_END = 0x0a;

/**
 * Lines that wait to be written, as bytes: as a string, every line would stay alive until it is written, and so age into
 * V8's old generation.
 */
export class LineBuffer {
  readonly #max: number;
  #room = Buffer.allocUnsafe(PAGE);
  #size = 0;

  /** @param max bytes above which no line is added */
  constructor(max: number) {
    this.#max = max;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** The waiting bytes, up to the next change. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  /** @returns whether there was room for the line */
  add(line: string): boolean {
    // A UTF-16 unit is three bytes of UTF-8 at most.
    const needed = this.#size + 3 * line.length;
    if (needed > this.#max) return false;
    if (needed > this.#room.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#room.length));
      this.#room.copy(larger, 0, 0, this.#size);
      this.#room = larger;
    }
    this.#size += this.#room.write(line, this.#size);
    return true;
  }

  /** Removes a number of bytes from the front. */
  remove(bytes: number): void {
    this.#room.copyWithin(0, bytes, this.#size);
    this.#size -= bytes;
    if (this.#size === 0 && this.#room.length > PAGE) this.#room = Buffer.allocUnsafe(PAGE);
  }

  /** Lines that wait, the rest of one that is written in part included. */
  countLines(): number {
    let lines = 0;
    for (let at = this.bytes.indexOf(LINE_END); at !== -1; at = this.bytes.indexOf(LINE_END, at + 1)) lines++;
    return lines;
  }
}
