import type { Body, BodyReader, Signal } from '../http/types.ts';
import { untilAborted } from '../http/until-aborted.ts';
import type { Reservation } from './types.ts';

/** A body read up to a limit for a check, which can still be sent unchanged. */
interface BoundedBody {
  /** The whole body; undefined if it is larger than the limit, or if there was no room for it. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Whether the budget had no room for it. */
  readonly isOverBudget: boolean;
  /** The bytes that were read, then the rest. */
  readonly body: Body;
}

/** How a body is read that others wait for as well. */
interface Reading {
  /** Counts what is kept; the caller closes it. */
  readonly reservation?: Pick<Reservation, 'growTo'> | undefined;
  /** Ends the wait for a body that stalls. */
  readonly signal?: Signal;
}

/**
 * @param limit bytes
 * @throws the body's own error, if it fails before its end or the limit; the signal's reason
 */
export async function readBounded(
  body: Body,
  limit: number,
  { reservation, signal }: Reading = {},
): Promise<BoundedBody> {
  if (body instanceof WholeBody) {
    const isOverBudget = reservation?.growTo(body.bytes.length) === false;
    return { bytes: isOverBudget || body.bytes.length > limit ? undefined : body.bytes, isOverBudget, body };
  }
  const reader = body.getReader();
  const release = () => reader.releaseLock();
  const kept = new Gathered(limit);
  let isWhole = false;
  let hasRoom = true;
  let reading: ReturnType<BodyReader['read']> | undefined;
  try {
    while (!isWhole && hasRoom && kept.size <= limit) {
      reading = reader.read();
      const { done, value } = await (signal === undefined ? reading : untilAborted(reading, signal));
      if (value !== undefined) kept.add(value);
      hasRoom = kept.size > limit || (reservation?.growTo(kept.capacity) ?? true);
      isWhole = done;
    }
  } catch (error) {
    // workerd does not release a reader while a read waits.
    reading?.then(release, release);
    throw error;
  }
  if (isWhole) release();
  const bytes = isWhole && hasRoom && kept.size <= limit ? kept.bytes : undefined;
  const rest = {
    async read() {
      const value = kept.take();
      if (value !== undefined) return { done: false, value };
      return isWhole ? { done: true } : reader.read();
    },
    releaseLock: release,
  };
  return {
    bytes,
    isOverBudget: !hasRoom,
    body: {
      getReader: () => rest,
      async cancel(reason) {
        kept.take();
        // A stream can't be cancelled while a reader holds it.
        release();
        await body.cancel(reason);
      },
    },
  };
}

const FIRST_CAPACITY = 16 * 1024;

/** Bytes in one piece: a sender may send chunks of one byte, and an object for each would cost a hundred. */
class Gathered {
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.size);
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  add(chunk: Uint8Array): void {
    const size = this.size + chunk.length;
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(
        Math.max(size, Math.min(Math.max(2 * this.#bytes.length, FIRST_CAPACITY), this.#limit)),
      );
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.size);
    this.size = size;
  }

  /** All of them, once; undefined if there are none. */
  take(): Uint8Array | undefined {
    const { bytes } = this;
    this.#bytes = new Uint8Array(0);
    this.size = 0;
    return bytes.length === 0 ? undefined : bytes;
  }
}

/** Bytes as a body. */
export const bodyOf = (bytes: Uint8Array<ArrayBuffer>): Body => new WholeBody(bytes);

/** A body that is in memory already. */
class WholeBody implements Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #isRead: boolean;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.#isRead = bytes.length === 0;
  }

  getReader(): BodyReader {
    return {
      read: async () => {
        const isDone = this.#isRead;
        this.#isRead = true;
        return isDone ? { done: true } : { done: false, value: this.bytes };
      },
      releaseLock() {},
    };
  }

  async cancel(): Promise<void> {
    this.#isRead = true;
  }
}
