import { linesOf } from '../http/headers.ts';
import type { Body, ResponseInit } from '../http/types.ts';

/** Statuses with which `Response` takes no body at all. */
const WITHOUT_CONTENT = new Set([204, 205, 304]);

/**
 * A `Response` made from the handler's answer.
 * @param added lines that the runtime needs in addition to the handler's
 */
export function makeResponse(
  body: Body | string | null,
  { headers, ...init }: ResponseInit,
  added: readonly [string, string][] = [],
): Response {
  let content = typeof body === 'string' || body === null ? body : toStream(body);
  if (content instanceof ReadableStream && WITHOUT_CONTENT.has(init.status)) {
    void content.cancel();
    content = null;
  }
  return new Response(content, { ...init, headers: [...linesOf(headers), ...added] });
}

/** Anything that yields chunks, for a runtime that wants a stream. */
export function toStream(body: Body | AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const source = Symbol.asyncIterator in body ? pullIterator(body[Symbol.asyncIterator]()) : pullBody(body);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.read();
      if (value !== undefined) controller.enqueue(value);
      if (done) controller.close();
    },
    cancel: source.cancel,
  });
}

interface Source {
  read(): Promise<{ done?: boolean | undefined; value?: Uint8Array | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

const pullIterator = (iterator: AsyncIterator<Uint8Array>): Source => ({
  read: () => iterator.next(),
  async cancel() {
    await iterator.return?.();
  },
});

function pullBody(body: Body): Source {
  const reader = body.getReader();
  return {
    read: () => reader.read(),
    cancel(reason) {
      // A stream that is locked to a reader can't be cancelled.
      reader.releaseLock();
      return body.cancel(reason);
    },
  };
}
