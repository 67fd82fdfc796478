import { ProxyError } from '../http/errors.ts';
import type { Body, BodyReader, Signal } from '../http/types.ts';
import { untilAborted } from '../http/until-aborted.ts';
import { makeBudget } from './memory-budget.ts';
import type { BodyRules, Reservation } from './types.ts';

/**
 * Makes the rules of one proxy.
 * @param maxAge milliseconds after which a request counts as dropped, for a runtime that drops requests without notice
 */
export function makeBodyRules(
  { replayLimit, replayLimitTotal, streamChunked, needsWholeBodies = false }: BodySettings,
  maxAge?: number,
): BodyRules {
  // There is always room for one body of the allowed size.
  const total = Math.max(replayLimit, replayLimitTotal);
  return {
    replayLimit,
    budget: makeBudget(total, maxAge),
    streamChunked,
    needsWholeBodies,
    wholeLimit: total,
    bypassBudget: makeBudget(total, maxAge),
  };
}

interface BodySettings {
  /** Bytes. */
  readonly replayLimit: number;
  /** Bytes. */
  readonly replayLimitTotal: number;
  readonly streamChunked: boolean;
  /** Whether the transport loses the length of a body that streams. Default false. */
  readonly needsWholeBodies?: boolean | undefined;
}

/** A request body on its way to Sentry. */
export interface OutgoingBody {
  readonly body: Body | Uint8Array | AsyncIterable<Uint8Array> | null;
  /** Bytes, if the client's own Content-Length does not give them. */
  readonly length?: number;
  /** Whether everything read of the body so far is still kept. */
  canReplay(): boolean;
  /** There will be no replay: what is kept for it is dropped. */
  release(): void;
}

/** The properties of a request that decide how its body is sent. */
export interface Delivery {
  readonly isInjected: boolean;
  /** How the client framed the body; unknown in HTTP/2 and for a `Request` made in code. */
  readonly framing: 'length' | 'chunked' | 'unknown';
  /** Whether Sentry may refuse the token, so that the request is sent again with another one. */
  readonly mayReplay: boolean;
  readonly signal: Signal;
}

const NO_BODY: OutgoingBody = { body: null, canReplay: () => true, release: () => {} };

/**
 * Prepares a request body.
 *
 * - A body of known length streams. If it may have to be replayed, it is recorded meanwhile, as far as there is room.
 * - Sentry behind uWSGI reads a chunked body as empty, so the chunked body of an injected request is read whole and
 *   sent with a length, or refused.
 * - A bypassed request is forwarded as it came. Nothing of it is kept, since anyone can send one.
 * - Where a body that streams would lose its length, each body of known length is read whole.
 *
 * @throws ProxyError `content_too_large` or `uploads_full`
 */
export async function outgoingBody(
  body: Body | Uint8Array | null,
  delivery: Delivery,
  rules: BodyRules,
): Promise<OutgoingBody> {
  if (body === null) return NO_BODY;
  const { isInjected, framing, mayReplay, signal } = delivery;
  const isLengthKnown = framing === 'length';
  // The whole body was read for a check.
  if (body instanceof Uint8Array) {
    return { body, canReplay: () => true, release: () => {}, ...(!isLengthKnown && { length: body.length }) };
  }
  const needsLength = isLengthKnown ? rules.needsWholeBodies : isInjected;
  const isGathered = needsLength && !rules.streamChunked;
  const isRecorded = isGathered || mayReplay;
  const mayBeEmpty = framing === 'unknown' && !isGathered;
  if (!isRecorded && !mayBeEmpty) return { body, canReplay: () => false, release: () => {} };

  const limit = isGathered && isLengthKnown ? rules.wholeLimit : rules.replayLimit;
  const budget = isInjected ? rules.budget : rules.bypassBudget;
  const recording = new Recording(body, isRecorded ? limit : 0, budget.open());
  const streamed = { body: recording, canReplay: () => recording.isWhole, release: () => recording.release() };
  // Some runtimes give a request without content an empty body. Sent in chunks, it would be content.
  if (mayBeEmpty && (await recording.isEmpty(signal))) return NO_BODY;
  if (!isGathered) return streamed;
  const whole = await recording.readAll(signal, isLengthKnown ? READ_WHOLE : '');
  return { ...streamed, body: whole, ...(!isLengthKnown && { length: whole.length }) };
}

/** Why a body that has a length is too large. */
const READ_WHOLE = 'this runtime sends every body in chunks unless it is read whole before, up to REPLAY_LIMIT_TOTAL';

const FIRST_CAPACITY = 16 * 1024;

/** Reads a body once, and can yield it again from the beginning while all of it is kept. */
class Recording implements AsyncIterable<Uint8Array> {
  readonly #reader: BodyReader;
  readonly #limit: number;
  readonly #reservation: Reservation;
  /** In one piece: a client may send one byte per chunk, and an object for each would cost a hundred bytes. */
  #kept = new Uint8Array(0);
  #size = 0;
  /** Why the body is no longer kept as a whole. */
  #loss: 'released' | 'content_too_large' | 'uploads_full' | undefined;
  /** A chunk that was read after the room had run out. */
  #passing: Uint8Array[] = [];
  #isEnded = false;
  #reading: Promise<void> | undefined;
  #turn = 0;
  #isReleased = false;
  /** Iterations that have not ended. */
  #iterations = 0;

  constructor(body: Body, limit: number, reservation: Reservation) {
    this.#reader = body.getReader();
    this.#limit = limit;
    this.#reservation = reservation;
  }

  get isWhole(): boolean {
    return this.#loss === undefined;
  }

  /**
   * Reads to the end.
   * @param explanation of an error
   * @throws ProxyError `content_too_large` or `uploads_full`
   */
  async readAll(signal: Signal, explanation: string): Promise<Uint8Array> {
    await this.#readWhile(() => this.isWhole, signal);
    if (this.#loss === undefined || this.#loss === 'released') return this.#kept.subarray(0, this.#size);
    this.release();
    throw new ProxyError(this.#loss, explanation);
  }

  /** Reads until there is some content, or the end. */
  async isEmpty(signal: Signal): Promise<boolean> {
    await this.#readWhile(() => this.#size === 0 && this.#passing.length === 0, signal);
    const isEmpty = this.#size === 0 && this.#passing.length === 0;
    if (isEmpty) this.release();
    return isEmpty;
  }

  async #readWhile(isWanted: () => boolean, signal: Signal): Promise<void> {
    try {
      while (!this.#isEnded && isWanted()) {
        if (signal.aborted) throw signal.reason;
        await untilAborted(this.#read(), signal);
      }
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Content that was not yielded yet is still yielded. */
  release(): void {
    this.#isReleased = true;
    this.#loss ??= 'released';
    this.#reservation.close();
    this.#releaseReader();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    // A replay may begin while the attempt before it waits for a chunk. That chunk then belongs to the replay.
    const turn = ++this.#turn;
    this.#iterations++;
    try {
      for (let yielded = 0; turn === this.#turn; ) {
        if (yielded < this.#size) {
          const piece = this.#kept.subarray(yielded, this.#size);
          yielded = this.#size;
          yield piece;
        } else if (this.#passing.length > 0) {
          this.#reservation.close();
          this.#kept = new Uint8Array(0);
          yield this.#passing.shift()!;
        } else if (this.#isEnded) return;
        else await this.#read();
      }
    } finally {
      this.#iterations--;
      if (this.#isReleased) this.#releaseReader();
    }
  }

  /** An upload that still reads keeps the reader; one that ended early does not. */
  #releaseReader(): void {
    if (this.#iterations > 0) return;
    const release = () => this.#reader.releaseLock();
    // workerd does not release a reader while a read waits.
    if (this.#reading === undefined) release();
    else this.#reading.then(release, release);
  }

  /** One read at a time, shared by everything that waits for it. */
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
    this.#loss ??= this.#makeRoom(size);
    if (this.#loss !== undefined) {
      this.#passing.push(chunk);
      return;
    }
    this.#kept.set(chunk, this.#size);
    this.#size = size;
  }

  #makeRoom(size: number): 'content_too_large' | 'uploads_full' | undefined {
    if (size > this.#limit) return 'content_too_large';
    const capacity = this.#kept.length;
    if (size <= capacity) return undefined;
    const larger = Math.min(this.#limit, Math.max(size, 2 * capacity, FIRST_CAPACITY));
    if (!this.#reservation.growTo(larger)) return 'uploads_full';
    const grown = new Uint8Array(larger);
    grown.set(this.#kept.subarray(0, this.#size));
    this.#kept = grown;
    return undefined;
  }
}
