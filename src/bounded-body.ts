import type { Body } from './types.ts';

/** A body read up to a limit for a check, which can still be sent unchanged. */
export interface BoundedBody {
  /** The whole body; undefined if it is larger than the limit. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** What was read, then the rest. */
  readonly body: Body;
}

/** @throws the body's own error, if it fails before its end or the limit */
export async function readBounded(body: Body, limit: number): Promise<BoundedBody> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isWhole = false;
  while (!isWhole && size <= limit) {
    const { done, value } = await reader.read();
    if (value !== undefined) {
      chunks.push(value);
      size += value.length;
    }
    isWhole = done;
  }
  const bytes = isWhole && size <= limit ? joined(chunks, size) : undefined;
  const kept = {
    async read() {
      const value = chunks.shift();
      return value === undefined ? reader.read() : { done: false, value };
    },
    releaseLock: () => reader.releaseLock(),
  };
  return {
    bytes,
    body: {
      getReader: () => kept,
      async cancel(reason) {
        chunks.length = 0;
        // A stream can't be cancelled while a reader holds it.
        reader.releaseLock();
        await body.cancel(reason);
      },
    },
  };
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
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
