import type { Body } from './types.ts';

/** A request body on its way to Sentry. */
export interface OutgoingBody {
  readonly body: Body | Uint8Array | AsyncIterable<Uint8Array> | null;
  /** Bytes, where the client's own Content-Length does not say it. */
  readonly length?: number;
  /** Whether all that was read of the body so far is still at hand. */
  canReplay(): boolean;
  /** There will be no replay: what is kept for one is given up. */
  release(): void;
}

const NO_BODY: OutgoingBody = { body: null, canReplay: () => true, release: () => {} };

/**
 * Prepares a request body.
 *
 * Sentry behind uWSGI reads a chunked body as empty, so one that fits the limit is read whole and sent with a length.
 * A body of known length streams at once; it is recorded up to the limit while it does, if it may have to be replayed.
 *
 * @param limit bytes
 * @param limitOfAll bytes of all requests together that are kept at a time, unless the limit for one is above it
 */
export async function outgoingBody(
  body: Body | null,
  isLengthKnown: boolean,
  mayReplay: boolean,
  limit: number,
  limitOfAll = LIMIT_OF_ALL,
): Promise<OutgoingBody> {
  if (body === null) return NO_BODY;
  if (isLengthKnown && !mayReplay) return { body, canReplay: () => false, release: () => {} };

  const recording = new Recording(body, limit, Math.max(limit, limitOfAll));
  const replayable = { body: recording, canReplay: () => recording.isWhole, release: () => recording.release() };
  if (isLengthKnown) return replayable;

  const isAllRead = await recording.readAll();
  if (!isAllRead) return replayable;
  const whole = recording.bytes();
  return { ...replayable, body: whole, length: whole.length };
}

const LIMIT_OF_ALL = 256 * 1024 * 1024;
const FIRST_CAPACITY = 16 * 1024;

let keptByAll = 0;

/** Reads a body once and yields it again from its beginning, for as long as all of it is kept. */
class Recording implements AsyncIterable<Uint8Array> {
  readonly #reader: ReturnType<Body['getReader']>;
  readonly #limit: number;
  readonly #limitOfAll: number;
  /** In one piece: a client may send its body in chunks of one byte, and an object for each would cost a hundred. */
  #kept = new Uint8Array(0);
  #size = 0;
  /** Its part of what all keep. */
  #counted = 0;
  #isWhole = true;
  /** What was read after there was no more room for it. */
  #passing: Uint8Array[] = [];
  #isEnded = false;
  #reading: Promise<void> | undefined;
  #turn = 0;

  constructor(body: Body, limit: number, limitOfAll: number) {
    this.#reader = body.getReader();
    this.#limit = limit;
    this.#limitOfAll = limitOfAll;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Reads until the end or until there is no more room; true at the end. */
  async readAll(): Promise<boolean> {
    try {
      while (!this.#isEnded && this.#isWhole) await this.#read();
      return this.#isWhole;
    } catch (error) {
      this.release();
      throw error;
    }
  }

  bytes(): Uint8Array {
    return this.#kept.subarray(0, this.#size);
  }

  /** What was not yielded yet still will be. */
  release(): void {
    this.#isWhole = false;
    keptByAll -= this.#counted;
    this.#counted = 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    // A replay may begin while the attempt before it still waits for a chunk, which is then not its own any more.
    const turn = ++this.#turn;
    for (let yielded = 0; turn === this.#turn; ) {
      if (yielded < this.#size) {
        const piece = this.#kept.subarray(yielded, this.#size);
        yielded = this.#size;
        yield piece;
      } else if (this.#passing.length > 0) {
        this.release();
        this.#kept = new Uint8Array(0);
        yield this.#passing.shift()!;
      } else if (this.#isEnded) return;
      else await this.#read();
    }
  }

  /** One read at a time, for whoever waits for it. */
  #read(): Promise<void> {
    this.#reading ??= this.#reader.read().then(
      ({ done, value }) => {
        this.#reading = undefined;
        if (done) this.#isEnded = true;
        if (value !== undefined) this.#take(value);
      },
      (error) => {
        this.#reading = undefined;
        throw error;
      },
    );
    return this.#reading;
  }

  #take(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    this.#isWhole &&= size <= this.#limit && this.#makeRoom(size);
    if (!this.#isWhole) {
      this.#passing.push(chunk);
      return;
    }
    this.#kept.set(chunk, this.#size);
    this.#size = size;
  }

  #makeRoom(size: number): boolean {
    const capacity = this.#kept.length;
    if (size <= capacity) return true;
    const larger = Math.min(this.#limit, Math.max(size, 2 * capacity, FIRST_CAPACITY));
    const all = keptByAll + larger - capacity;
    if (all > this.#limitOfAll) return false;
    keptByAll = all;
    this.#counted = larger;
    const grown = new Uint8Array(larger);
    grown.set(this.bytes());
    this.#kept = grown;
    return true;
  }
}
