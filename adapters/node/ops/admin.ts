import type { Server, Socket } from 'node:net';
import { onlyFields } from '../../../src/fields.ts';
import type { IncomingRequest } from '../../../src/types.ts';
import type { Answer } from '../server/answer.ts';
import type { ConnectionLimits } from '../server/deadlines.ts';
import { makeServer } from '../server/server.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

/** Connections at a time: probes, a Prometheus or two, a person. */
const MAX_CONNECTIONS = 16;

/** Milliseconds and bytes. Who asks here is near, and asks for little. */
const LIMITS: ConnectionLimits = { readHeader: 5000, read: 5000, write: 5000, maxHead: 8 * 1024 };

export interface AdminOptions {
  readonly readiness: Readiness;
  readonly metrics: Metrics;
}

/**
 * The second listener: for probes and for Prometheus, never for clients. It is apart from the proxy's port, where every
 * path belongs to Sentry. It takes no credentials, so it must cost little whoever asks: a connection carries one
 * request, and there are few of them.
 */
export function makeAdmin(options: AdminOptions): Server {
  const { listener } = makeServer({
    limits: LIMITS,
    handle: (request) => answerTo(request, options).catch(() => plain(500, 'failed')),
    finished() {},
  });
  keepFew(listener);
  return listener;
}

/**
 * The oldest connection makes room for a new one. Turning the new one away would let idle ones keep probes out, and a
 * proxy whose probes fail is restarted.
 */
function keepFew(listener: Server): void {
  const open = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size > MAX_CONNECTIONS) {
      // Its close event comes later, and the next connection may come before it.
      open.delete(oldest!);
      oldest!.destroy();
    }
  });
}

async function answerTo({ method, url }: IncomingRequest, { readiness, metrics }: AdminOptions): Promise<Answer> {
  if (!URL.canParse(url)) return plain(400, 'the request is malformed');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD', [['Allow', 'GET, HEAD']]);
  switch (new URL(url).pathname) {
    case '/livez':
      return plain(200, 'alive');
    case '/readyz':
      return plain(readiness.fault === undefined ? 200 : 503, readiness.fault ?? 'ready');
    case '/metrics':
      return reply(200, metrics.contentType, await metrics.text());
    default:
      return plain(404, 'try /livez, /readyz or /metrics');
  }
}

const plain = (status: number, text: string, fields: [string, string][] = []): Answer =>
  reply(status, 'text/plain; charset=utf-8', `${text}\n`, fields);

function reply(status: number, type: string, body: string, fields: [string, string][] = []): Answer {
  const length = String(Buffer.byteLength(body));
  const headers = onlyFields([
    ['Content-Type', type],
    ['Content-Length', length],
    ['Cache-Control', 'no-store'],
    ...fields,
  ]);
  return { status, statusText: REASONS[status]!, headers, body };
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
