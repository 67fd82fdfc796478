import type { UpstreamRequest } from '../../src/env.ts';
import { ProxyError } from '../../src/errors.ts';
import type { FieldTable } from '../../src/headers.ts';
import { fromClient, toStream } from './bodies.ts';
import type { Ends } from './proxy.ts';

/** Request fields that are dropped behind Cloudflare, by the beginning of their names. */
export const CLOUDFLARE_REQUEST_FIELDS: FieldTable = {
  'cf-': "Cloudflare's own: the client's address and country, and credentials for Cloudflare Access",
};
const IS_CLOUDFLARES = new RegExp(
  `^(?:${Object.keys(CLOUDFLARE_REQUEST_FIELDS).join('|').replaceAll('-', '[-_]')})`,
  'i',
);

/** What Workers take beyond the standard. */
interface WorkerRequestInit extends RequestInit {
  encodeResponseBody: 'manual';
  cf: { cacheTtlByStatus: Record<string, number> };
}
interface WorkerResponseInit extends ResponseInit {
  encodeBody: 'manual';
}

/** A negative life time keeps Cloudflare's cache out of it, whatever the path ends with: one client's answer is no other's. */
const UNCACHED = { cacheTtlByStatus: { '100-599': -1 } };

/**
 * The ends of a Worker. Encoded bytes pass with the field that names their encoding, and nothing decodes them. A body
 * whose length is known is handed on untouched, which is how its length gets to the other side.
 * A client that leaves ends all that its request has begun: workerd sees to that.
 */
export const workerd: Ends = {
  receive(request) {
    const { method, url, headers, body, signal } = request;
    if (body === null || headers.has('content-length')) return request;
    return { method, url, headers, body: fromClient(body), signal };
  },

  async fetch(url, { method, headers, body }) {
    // The one thing in a path that `fetch` would change, with `fetch_legacy_url` set.
    if (DOT_SEGMENT.test(url)) throw new ProxyError('bad_request', 'dot segments in the request target');
    const init: WorkerRequestInit = {
      method,
      headers: headers.filter(([name]) => !IS_CLOUDFLARES.test(name)),
      body: bodyOf(body),
      redirect: 'manual',
      encodeResponseBody: 'manual',
      cf: UNCACHED,
    };
    const response = await fetch(url, init).catch((thrown) => {
      // A refused connection, an unknown name and a reset are all the same to workerd.
      throw new ProxyError('upstream_failed', thrown instanceof Error ? thrown.message : 'unknown');
    });
    if (response.status < 200)
      throw new ProxyError('upstream_malformed', 'a switch of protocols that nobody asked for');
    return response;
  },

  respond(body, init) {
    const manual: WorkerResponseInit = { ...init, encodeBody: 'manual' };
    return new Response(body as BodyInit | null, manual);
  },
};

const DOT_SEGMENT = /^[^?]*\/\.{1,2}(?:[/?]|$)/;

function bodyOf(body: UpstreamRequest['body']): BodyInit | null {
  const isReady = body === null || body instanceof Uint8Array || body instanceof ReadableStream;
  return isReady ? (body as BodyInit | null) : toStream(body);
}
