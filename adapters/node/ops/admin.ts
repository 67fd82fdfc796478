import type { Server } from 'node:net';
import { onlyFields } from '../../../src/http/headers.ts';
import type { IncomingRequest } from '../../../src/http/types.ts';
import type { Capacity } from '../../http1/listen/capacity.ts';
import type { Answer } from '../../http1/server/answer.ts';
import type { ConnectionLimits } from '../../http1/server/deadlines.ts';
import { makeServer } from '../../http1/server/server.ts';
import { accessFault } from './admin-access.ts';
import { latest } from './latest.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';
import { PAGE, PAGE_FIELDS } from './status/page.ts';
import type { Telemetry } from './telemetry.ts';

/** Milliseconds and bytes. Clients of this listener are near and ask for little. */
const LIMITS: ConnectionLimits = { readHeader: 5000, read: 5000, write: 5000, maxHead: 8 * 1024 };

/** Milliseconds for which a made `/status.json` is served. */
const STATUS_LIFETIME = 1000;

export interface AdminOptions {
  readonly capacity: Capacity;
  /** Host names under which more than the probes is served, in lower case; undefined: under every name. */
  readonly allowedHosts: readonly string[] | undefined;
}

/** The admin listener, before it listens. */
interface Admin {
  readonly listener: Server;
  /** Stops listening; resolves when the last answer is sent. */
  close(): Promise<void>;
}

/**
 * The second listener: for probes, Prometheus and operators, never for clients. It is apart from the proxy's port,
 * where every path belongs to Sentry. It takes no credentials, so no request may cost much: a connection carries one
 * request, and only a few requests are served at a time. The oldest makes room for a new one: turning the new one away
 * would let idle ones keep probes out, and a proxy whose probes fail is restarted.
 */
export function makeAdmin(telemetry: Telemetry, readiness: Readiness, { capacity, allowedHosts }: AdminOptions): Admin {
  const pages: Pages = {
    readiness,
    metrics: telemetry.metrics,
    allowedHosts,
    status: latest(STATUS_LIFETIME, async () => `${JSON.stringify(telemetry.status(), null, 2)}\n`),
  };
  const { listener, drain } = makeServer({
    limits: LIMITS,
    capacity,
    handle: (request) => answerTo(request, pages).catch(() => plain(500, 'failed')),
    finished() {},
  });
  return { listener, close: drain };
}

/** The pages of the admin listener. */
interface Pages {
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly allowedHosts: readonly string[] | undefined;
  readonly status: () => Promise<string>;
}

async function answerTo({ method, url, headers }: IncomingRequest, pages: Pages): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD', [['Allow', 'GET, HEAD']]);
  const path = PATH.exec(url)?.[1];
  const { readiness, metrics, status, allowedHosts } = pages;
  // A probe may use any name, and learns next to nothing.
  if (path === '/livez') return plain(200, 'alive');
  if (path === '/readyz') return plain(readiness.fault === undefined ? 200 : 503, readiness.fault ?? 'ready');
  const fault = allowedHosts && accessFault(headers, allowedHosts);
  if (fault !== undefined) return plain(fault.status, fault.text);
  switch (path) {
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

/** The path of a URL whose host may be missing: HTTP/1.0 has requests without one. */
const PATH = /^https?:\/\/[^/?]*([^?]*)/;

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
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  421: 'Misdirected Request',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
