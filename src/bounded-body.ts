import type { Body, Share } from './types.ts';

/** A body read up to a limit for a check, which can still be sent unchanged. */
export interface BoundedBody {
  /** The whole body; undefined if it is larger than the limit, or if there was no room for it. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Whether there was no room for it in the share. */
  readonly isOverShare: boolean;
  /** What was read, then the rest. */
  readonly body: Body;
}

/**
 * @param limit bytes
 * @param share counts what is kept; the caller closes it
 * @throws the body's own error, if it fails before its end or the limit
 */
export async function readBounded(body: Body, limit: number, share?: Pick<Share, 'growTo'>): Promise<BoundedBody> {
  const reader = body.getReader();
  const kept = new Gathered(limit, share);
  /** A chunk for which there was no room. */
  let excess: Uint8Array | undefined;
  let isWhole = false;
  while (!isWhole && excess === undefined) {
    const { done, value } = await reader.read();
    if (value !== undefined && !kept.add(value)) excess = value;
    isWhole = done;
  }
  const isOverShare = excess !== undefined && kept.size + excess.length <= limit;
  const bytes = isWhole && excess === undefined ? kept.bytes : undefined;
  const takeExcess = () => {
    const value = excess;
    excess = undefined;
    return value;
  };
  const rest = {
    async read() {
      const value = kept.take() ?? takeExcess();
      return value === undefined ? reader.read() : { done: false, value };
    },
    releaseLock: () => reader.releaseLock(),
  };
  return {
    bytes,
    isOverShare,
    body: {
      getReader: () => rest,
      async cancel(reason) {
        kept.take();
        takeExcess();
        // A stream can't be cancelled while a reader holds it.
        reader.releaseLock();
        await body.cancel(reason);
      },
    },
  };
}

const FIRST_CAPACITY = 16 * 1024;

/** Bytes in one piece: a sender may send chunks of one byte, and an object for each would cost a hundred. */
class Gathered {
  readonly #limit: number;
  readonly #share: Pick<Share, 'growTo'> | undefined;
  #bytes = new Uint8Array(0);
  size = 0;

  constructor(limit: number, share: Pick<Share, 'growTo'> | undefined) {
    this.#limit = limit;
    this.#share = share;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.size);
  }

  /** @returns whether there was room */
  add(chunk: Uint8Array): boolean {
    const size = this.size + chunk.length;
    if (size > this.#limit) return false;
    if (size > this.#bytes.length) {
      const larger = Math.max(size, Math.min(2 * this.#bytes.length, this.#limit), FIRST_CAPACITY);
      if (this.#share?.growTo(larger) === false) return false;
      const grown = new Uint8Array(larger);
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.size);
    this.size = size;
    return true;
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
export function bodyOf(bytes: Uint8Array): Body {
  let isRead = false;
  const reader = {
    async read() {
      const isDone = isRead || bytes.length === 0;
      isRead = true;
      return isDone ? { done: true } : { done: false, value: bytes };
    },
    releaseLock() {},
  };
  return {
    getReader: () => reader,
    async cancel() {
      isRead = true;
    },
  };
}
