import { lengthOf, linesOf } from '../http/headers.ts';
import type { Body, ResponseInit } from '../http/types.ts';
import { RAW_CONTENT, withLength } from './runtime.ts';

/** Statuses with which `Response` takes no body at all. */
const WITHOUT_CONTENT = new Set([204, 205, 304]);
/** Of these, a length would be that of a body which does not come (RFC 9110 sections 8.6 and 15.3.6). */
const WITHOUT_LENGTH = new Set([204, 205]);

/**
 * A `Response` made from the handler's answer.
 * @param added lines that the runtime needs in addition to the handler's
 * @param onFailure is told that the body failed, before whoever reads it
 */
export function makeResponse(
  body: Body | string | null,
  { headers, ...init }: ResponseInit,
  added: readonly [string, string][] = [],
  onFailure = () => {},
): Response {
  const isWithoutContent = WITHOUT_CONTENT.has(init.status);
  if (isWithoutContent && body !== null && typeof body !== 'string') void body.cancel();
  const isReady = body === null || typeof body === 'string';
  // A response that the runtime refuses is followed by another, which the body of the first must not break off.
  let isMade = false;
  const failed = () => {
    if (isMade) onFailure();
  };
  const content = isReady ? body : withLength(toStream(body, failed), lengthOf(headers));
  const lines = linesOf(headers);
  const kept = WITHOUT_LENGTH.has(init.status) ? lines.filter((line) => !LENGTH.test(line[0])) : lines;
  const all = [...kept, ...added];
  const made = new Response(isWithoutContent ? null : content, { ...RAW_CONTENT, ...init, headers: all });
  isMade = true;
  return made;
}

const LENGTH = /^content-length$/i;

/** Anything that yields chunks, for a runtime that wants a stream. */
export function toStream(body: Body | AsyncIterable<Uint8Array>, onFailure = () => {}): ReadableStream<Uint8Array> {
  const source = Symbol.asyncIterator in body ? pullIterator(body[Symbol.asyncIterator]()) : pullBody(body);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await source.read();
        if (value !== undefined) controller.enqueue(value);
        if (done) controller.close();
      } catch (error) {
        onFailure();
        throw error;
      }
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
