import { createServer, type Server } from 'node:http';
import { Response } from '@whatwg-node/fetch';
import { createServerAdapter } from '@whatwg-node/server';
import type { TokenHolder } from '../token/token-holder.ts';
import { Metrics } from './metrics.ts';

export interface Admin {
  readonly listener: Server;
  readonly metrics: Metrics;
}

/**
 * The second listener: for probes and for Prometheus, never for clients. It is apart from the proxy's port, where every
 * path belongs to Sentry, and it never asks Sentry anything.
 */
export function makeAdmin(token: TokenHolder, isDraining: () => boolean): Admin {
  const metrics = new Metrics(token);
  const fault = () => (isDraining() ? 'draining' : token.fault);

  const answer = async (request: Request): Promise<Response> => {
    if (!URL.canParse(request.url)) return plain(400, 'the request is malformed');
    const { pathname } = new URL(request.url);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return plain(405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
    if (pathname === '/livez') return plain(200, 'alive');
    if (pathname === '/readyz') return plain(fault() === undefined ? 200 : 503, fault() ?? 'ready');
    if (pathname === '/metrics')
      return new Response(await metrics.text(), { headers: { 'Content-Type': metrics.contentType } });
    return plain(404, 'try /livez, /readyz or /metrics');
  };
  // The adapter would put a stack into its response to an error.
  const adapter = createServerAdapter((request: Request) => answer(request).catch(() => plain(500, 'failed')));
  const listener = createServer(
    { connectionsCheckingInterval: 1000, requestTimeout: 5000, headersTimeout: 5000 },
    (req, res) => {
      Promise.resolve(adapter(req, res)).catch(() => res.destroy());
    },
  );
  return { listener, metrics };
}

const plain = (status: number, text: string, fields: Record<string, string> = {}): Response =>
  new Response(`${text}\n`, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...fields } });
