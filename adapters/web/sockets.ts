import { linesOf } from '../../src/fields.ts';
import { makeTransport } from '../http1/client.ts';
import { fromClient, toStream } from './bodies.ts';
import type { Ends } from './proxy.ts';

/** Statuses with which `Response` takes no body at all. */
const WITHOUT_CONTENT = new Set([204, 205, 304]);

/**
 * The ends of Deno and Bun: towards Sentry the Node adapter's plain sockets, since their `fetch` decodes what it gets,
 * adds fields and loses the length of a body that streams; towards the client their own server.
 */
export const sockets = (origin: string): Ends => ({
  receive: ({ method, url, headers, body, signal }) => ({ method, url, headers, body: fromClient(body), signal }),

  fetch: makeTransport({ origin }),

  respond(body, { headers, ...init }) {
    let content = typeof body === 'string' || body === null ? body : toStream(body);
    if (content instanceof ReadableStream && WITHOUT_CONTENT.has(init.status)) {
      void content.cancel();
      content = null;
    }
    // Each connection carries one request, on both sides.
    return new Response(content, { ...init, headers: [...linesOf(headers), ['Connection', 'close']] });
  },
});
