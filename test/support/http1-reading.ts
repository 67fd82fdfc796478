// What a reader of HTTP/1.1 makes of the bytes of a connection: the proxy's two readers, and node:http's as another
// opinion (RFC 9112 read by llhttp).
import { type ClientRequest, createServer, type IncomingMessage, request as nodeRequest } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { Exchange } from '../../adapters/http1/client/exchange.ts';
import { requestHead } from '../../adapters/http1/client/transport.ts';
import { Connection } from '../../adapters/http1/server/connection.ts';
import { onlyFields } from '../../src/http/headers.ts';
import type { Body } from '../../src/http/types.ts';
import { placeInRoom } from './room.ts';
import { Wire } from './wire.ts';

/** The first message on a connection. */
export interface Reading {
  /** Method and target, or status and reason phrase. */
  start: string;
  /** Names and values in turn. */
  fields: readonly string[];
  /** Undefined where the body broke off or turned out malformed. */
  body: string | undefined;
}

export interface Refusal {
  /** The rule that was broken. */
  refused: string;
}

export type Outcome = Reading | Refusal;

export const isRefusal = (outcome: Outcome): outcome is Refusal => 'refused' in outcome;

const NO_LIMITS = { readHeader: 0, read: 0, write: 0, maxHead: 16 * 1024 };

async function wholeOf(body: Body | null): Promise<string | undefined> {
  let whole = '';
  if (body === null) return whole;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return whole;
      whole += Buffer.from(value!).toString('latin1');
    }
  } catch {
    return undefined;
  }
}

/** The listening side of the proxy. */
export async function proxyReadsRequest(chunks: readonly Buffer[]): Promise<Outcome> {
  const wire = new Wire();
  let reading: Promise<Outcome> | undefined;
  let refused = 'closed without a request';
  new Connection(
    wire.socket,
    {
      limits: NO_LIMITS,
      async handle({ method, url, headers, body }) {
        const start = `${method} ${url.slice(`http://${headers.get('host') ?? ''}`.length)}`;
        reading = wholeOf(body).then((whole) => ({ start, fields: [...headers].flat(), body: whole }));
        await reading;
        return { status: 204, headers: onlyFields([]), body: null };
      },
      finished({ trace }) {
        refused = trace.cause ?? trace.error ?? refused;
      },
      isDraining: false,
      closed() {},
    },
    placeInRoom(),
  );
  await wire.receive(chunks);
  const outcome = (await reading) ?? { refused };
  wire.destroy();
  return outcome;
}

/** The upstream side of the proxy. */
export async function proxyReadsResponse(chunks: readonly Buffer[], method = 'GET'): Promise<Outcome> {
  const wire = new Wire();
  const never = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };
  const outcome = new Promise<Outcome>((resolve) => {
    const request = { method, headers: onlyFields([]), body: null, signal: never };
    const exchange = new Exchange(
      wire.socket,
      request,
      async ({ status, statusText, headers, body }) =>
        resolve({ start: `${status} ${statusText}`, fields: [...headers].flat(), body: await wholeOf(body) }),
      (error) => resolve({ refused: error.message || error.name }),
    );
    exchange.send(requestHead('sentry.example', '/', request));
  });
  await wire.receive(chunks);
  return outcome;
}

const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
const waiting = new Map<unknown, (message: IncomingMessage) => void>();
server.on('request', (message) => {
  // Only the first request on the connection.
  waiting.get(message.socket)?.(message);
  waiting.delete(message.socket);
});
server.on('clientError', () => {});

/** node:http leaves it to its user to take the absolute-form apart (RFC 9112 section 3.2.2). */
function originForm(target: string): string {
  const pathAndQuery = target.replace(/^https?:\/\/[^/?]+/i, '');
  return pathAndQuery.startsWith('/') ? pathAndQuery : `/${pathAndQuery}`;
}

/** node:http as a server. */
export async function nodeReadsRequest(chunks: readonly Buffer[]): Promise<Outcome> {
  const wire = new Wire();
  wire.on('error', () => {});
  let take: (() => Outcome) | undefined;
  waiting.set(wire, (message) => {
    take = gather(message, `${message.method} ${originForm(message.url ?? '')}`);
  });
  server.emit('connection', wire);
  await wire.receive(chunks);
  const outcome = take?.() ?? { refused: 'by node:http' };
  waiting.delete(wire);
  wire.destroy();
  return outcome;
}

/** node:http as a client. */
export async function nodeReadsResponse(chunks: readonly Buffer[], method = 'GET'): Promise<Outcome> {
  const wire = new Wire();
  let take: (() => Outcome) | undefined;
  const request: ClientRequest = nodeRequest({ createConnection: () => wire, method, host: 'localhost' });
  request.on('error', () => {});
  request.on('response', (message) => {
    take = gather(message, `${message.statusCode} ${message.statusMessage}`);
  });
  request.end();
  await turn();
  await wire.receive(chunks);
  const outcome = take?.() ?? { refused: 'by node:http' };
  request.destroy();
  wire.destroy();
  return outcome;
}

/** The result of the parser, even if bytes after the message break the stream. */
function gather(message: IncomingMessage, start: string): () => Outcome {
  let whole = '';
  const push = message.push.bind(message);
  message.push = (chunk: Buffer | null) => {
    whole += chunk?.toString('latin1') ?? '';
    return push(chunk);
  };
  message.on('error', () => {});
  message.resume();
  return () => ({ start, fields: message.rawHeaders, body: message.complete ? whole : undefined });
}
