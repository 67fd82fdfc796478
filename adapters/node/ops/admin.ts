import type { Server, Socket } from 'node:net';
import { onlyFields } from '../../../src/http/headers.ts';
import type { IncomingRequest } from '../../../src/http/types.ts';
import type { Answer } from '../../http1/server/answer.ts';
import type { ConnectionLimits } from '../../http1/server/deadlines.ts';
import { makeServer } from '../../http1/server/server.ts';
import { latest } from './latest.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';
import { PAGE, PAGE_FIELDS } from './status/page.ts';
import type { Watch } from './telemetry.ts';

/** Connections at a time: probes, a Prometheus or two, a person. */
const MAX_CONNECTIONS = 16;

/** Milliseconds and bytes. Clients of this listener are near and ask for little. */
const LIMITS: ConnectionLimits = { readHeader: 5000, read: 5000, write: 5000, maxHead: 8 * 1024 };

/** Milliseconds for which a made `/status.json` is served. */
const STATUS_LIFETIME = 1000;

/** The admin listener, before it listens. */
export interface Admin {
  readonly listener: Server;
  /** Stops listening; resolves when the last answer is sent. */
  close(): Promise<void>;
}

/**
 * The second listener: for probes, Prometheus and operators, never for clients. It is apart from the proxy's port, where every
 * path belongs to Sentry. It takes no credentials, so no request may cost much: a connection carries one
 * request, and only a few connections are open at a time.
 */
export function makeAdmin(watch: Watch, readiness: Readiness): Admin {
  const pages: Pages = {
    readiness,
    metrics: watch.metrics,
    status: latest(STATUS_LIFETIME, async () => `${JSON.stringify(watch.status(), null, 2)}\n`),
  };
  const { listener, drain } = makeServer({
    limits: LIMITS,
    handle: (request) => answerTo(request, pages).catch(() => plain(500, 'failed')),
    finished() {},
  });
  keepFew(listener);
  return { listener, close: drain };
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

/** What there is to ask for. */
interface Pages {
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly status: () => Promise<string>;
}

async function answerTo({ method, url }: IncomingRequest, { readiness, metrics, status }: Pages): Promise<Answer> {
  if (!URL.canParse(url)) return plain(400, 'the request is malformed');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD', [['Allow', 'GET, HEAD']]);
  switch (new URL(url).pathname) {
    case '/livez':
      return plain(200, 'alive');
    case '/readyz':
      return plain(readiness.fault === undefined ? 200 : 503, readiness.fault ?? 'ready');
    case '/metrics':
      return reply(200, metrics.contentType, await metrics.text());
    case '/':
      return reply(200, 'text/html; charset=utf-8', PAGE, PAGE_FIELDS);
    case '/status.json':
      return reply(200, 'application/json', await status());
    default:
      return plain(404, 'try /, /livez, /readyz, /metrics or /status.json');
  }
}

type Lines = readonly (readonly [string, string])[];

const plain = (status: number, text: string, fields: Lines = []): Answer =>
  reply(status, 'text/plain; charset=utf-8', `${text}\n`, fields);

function reply(status: number, type: string, body: string, fields: Lines = []): Answer {
  const headers = onlyFields([
    ['Content-Type', type],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store'],
    // A page of another origin can't read it, and no browser guesses another type.
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ['X-Content-Type-Options', 'nosniff'],
    ...fields.map(([name, value]): [string, string] => [name, value]),
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
