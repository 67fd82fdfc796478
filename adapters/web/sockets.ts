import { fromClient } from '../../src/web-request.ts';
import { makeResponse } from '../../src/web-response.ts';
import { makeTransport } from '../http1/client.ts';
import type { Ends } from './proxy.ts';

/**
 * The ends of Deno and Bun: towards Sentry the Node adapter's plain sockets, since their `fetch` decodes what it gets,
 * adds fields and loses the length of a body that streams; towards the client their own server.
 */
export const sockets = (origin: string): Ends => ({
  receive: ({ method, url, headers, body, signal }) => ({ method, url, headers, body: fromClient(body), signal }),

  fetch: makeTransport({ origin }),

  // Each connection carries one request, on both sides.
  respond: (body, init) => makeResponse(body, init, [['Connection', 'close']]),
});
