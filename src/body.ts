import type { Body } from './env.ts';

/** A request body on its way to Sentry. */
export interface OutgoingBody {
  readonly body: Body | Uint8Array | AsyncIterable<Uint8Array> | null;
  /** Bytes, where the client's own Content-Length does not say it. */
  readonly length?: number;
  /** Whether all that was read of the body so far is still at hand. */
  canReplay(): boolean;
}

const NO_BODY: OutgoingBody = { body: null, canReplay: () => true };

/**
 * Prepares a request body.
 *
 * Sentry behind uWSGI reads a chunked body as empty, so one that fits the limit is read whole and sent with a length.
 * A body of known length streams at once; it is recorded up to the limit while it does, if it may have to be replayed.
 *
 * @param limit bytes
 */
export async function outgoingBody(
  body: Body | null,
  isLengthKnown: boolean,
  mayReplay: boolean,
  limit: number,
): Promise<OutgoingBody> {
  if (body === null) return NO_BODY;
  if (isLengthKnown && !mayReplay) return { body, canReplay: () => false };

  const recording = new Recording(body, limit);
  const replayable = { body: recording, canReplay: () => recording.isWhole };
  if (isLengthKnown) return replayable;

  const isAllRead = await recording.readAll();
  if (!isAllRead) return replayable;
  const whole = recording.bytes();
  return { body: whole, length: whole.length, canReplay: () => true };
}

/** Reads a body once and yields it again from its beginning, for as long as all of it fits the limit. */
class Recording implements AsyncIterable<Uint8Array> {
  readonly #reader: ReturnType<Body['getReader']>;
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** Chunks that are no longer held, because the limit was passed and they were handed on. */
  #gone = 0;
  #isEnded = false;
  #reading: Promise<void> | undefined;

  constructor(body: Body, limit: number) {
    this.#reader = body.getReader();
    this.#limit = limit;
  }

  get isWhole(): boolean {
    return this.#gone === 0 && this.#size <= this.#limit;
  }

  /** Reads until the end or until the limit is passed; true at the end. */
  async readAll(): Promise<boolean> {
    while (!this.#isEnded && this.#size <= this.#limit) await this.#read();
    return this.#isEnded && this.isWhole;
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#size);
    let offset = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    return whole;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let next = 0; ; next++) {
      while (next - this.#gone >= this.#chunks.length && !this.#isEnded) await this.#read();
      const chunk = this.#chunks[next - this.#gone];
      if (chunk === undefined) return;
      if (this.#size > this.#limit) {
        this.#chunks.splice(0, next - this.#gone + 1);
        this.#gone = next + 1;
      }
      yield chunk;
    }
  }

  /** One read at a time: a replay may begin while the first attempt still waits for a chunk. */
  #read(): Promise<void> {
    this.#reading ??= this.#reader.read().then(
      ({ done, value }) => {
        this.#reading = undefined;
        if (done) this.#isEnded = true;
        if (value === undefined) return;
        this.#chunks.push(value);
        this.#size += value.length;
      },
      (error) => {
        this.#reading = undefined;
        throw error;
      },
    );
    return this.#reading;
  }
}
