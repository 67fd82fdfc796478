import { fromClient } from '../../src/web/request.ts';
import { makeResponse } from '../../src/web/response.ts';
import { makeTransport } from '../http1/client/transport.ts';
import type { Platform } from './proxy.ts';

/**
 * The ends of Deno and Bun. Towards Sentry they use the Node adapter's plain sockets, because their `fetch` decodes
 * responses, adds fields and loses the length of a streamed body. Towards the client they use their own server.
 */
export const sockets = (origin: string): Platform => ({
  receive: ({ method, url, headers, body, signal }) => ({ method, url, headers, body: fromClient(body), signal }),

  fetch: makeTransport({ origin }),

  fetchKeys: (issuersOrigin) => makeTransport({ origin: issuersOrigin }),

  // Each connection carries one request, on both sides.
  respond: (body, init) => makeResponse(body, init, [['Connection', 'close']]),
});
