import { ProxyError } from '../../src/errors.ts';
import type { Body } from '../../src/types.ts';

/** A request body that, when the client breaks it off, fails with an error that is the client's. */
export function fromClient(body: ReadableStream<Uint8Array> | null): Body | null {
  if (body === null) return null;
  return {
    getReader() {
      const reader = body.getReader();
      return {
        read: () =>
          reader.read().catch(() => {
            throw new ProxyError('bad_request', 'its body broke off or is malformed');
          }),
      };
    },
    cancel: (reason) => body.cancel(reason),
  };
}

/** Anything that yields chunks, for a runtime that wants a stream. */
export function toStream(body: Body | AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : undefined;
  const reader = iterator === undefined ? (body as Body).getReader() : undefined;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await (iterator?.next() ?? reader!.read());
      if (value !== undefined) controller.enqueue(value);
      if (done) controller.close();
    },
    async cancel(reason) {
      if (iterator === undefined) await (body as Body).cancel(reason);
      else await iterator.return?.();
    },
  });
}
