// fetchTransport on a fetch that does less than the standard says.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ProxyError } from '../../src/http/errors.ts';
import { onlyFields } from '../../src/http/headers.ts';
import type { UpstreamRequest } from '../../src/http/types.ts';
import { fetchTransport } from '../../src/web/fetch-transport.ts';

const LATE = new ProxyError('upstream_timeout');

const requestUntil = (signal: AbortSignal): UpstreamRequest => ({
  method: 'GET',
  headers: onlyFields([]),
  body: null,
  signal,
});

/** Content that begins, and then never goes on. */
function silentBody(): { body: ReadableStream<Uint8Array>; cancelled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('some')),
    cancel: () => resolve(),
  });
  return { body, cancelled: promise };
}

it('ends a body at its deadline although fetch misses the abort, and gives up the connection', async () => {
  const { body, cancelled } = silentBody();
  const abort = new AbortController();
  const response = await fetchTransport(async () => new Response(body))(
    'http://sentry.example/',
    requestUntil(abort.signal),
  );
  const reader = response.body!.getReader();
  assert.equal((await reader.read()).value?.length, 4);
  const rest = reader.read();
  abort.abort(LATE);
  await assert.rejects(rest, LATE);
  await cancelled;
});

it('ends a request at its deadline although fetch misses the abort, and gives up what comes later', async () => {
  const { body, cancelled } = silentBody();
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Response>();
  const sending = fetchTransport(() => promise)('http://sentry.example/', requestUntil(abort.signal));
  abort.abort(LATE);
  await assert.rejects(sending, LATE);
  resolve(new Response(body));
  await cancelled;
});
