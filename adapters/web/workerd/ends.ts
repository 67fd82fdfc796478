import { ProxyError } from '../../../src/http/errors.ts';
import { pathOf } from '../../../src/http/grammar.ts';
import { lengthOf, linesOf } from '../../../src/http/headers.ts';
import type { EditedFields, Signal, Transport, UpstreamRequest, UpstreamResponse } from '../../../src/http/types.ts';
import { PlatformAbort } from '../../../src/web/platform-abort.ts';
import { fromClient, ReadFields } from '../../../src/web/request.ts';
import { toStream } from '../../../src/web/response.ts';
import { dropsRequests, withLength } from '../../../src/web/runtime.ts';
import type { Platform, PlatformFor } from '../proxy.ts';
import { fetchOf } from './binding.ts';
import { ResponseFields, record } from './response-fields.ts';

/** Options that Workers accept beyond the standard. */
interface WorkerRequestInit extends RequestInit {
  /** Also applies to a response that is made from the received one. */
  encodeResponseBody: 'manual';
  cf?: { cacheTtlByStatus: Record<string, number> };
}

/**
 * Cloudflare caches by file extension, and one client's response must not reach another. A negative lifetime turns the
 * cache off. Paths of Sentry's API end with a slash and do not need it, and setting it costs a tenth of a request's CPU
 * time.
 */
const UNCACHED = { cacheTtlByStatus: { '100-599': -1 } };

/**
 * The ends of a Worker. Encoded bytes pass with the field that names their encoding, and nothing decodes them. A body
 * of known length is passed on untouched, because only then does workerd send its length. If a client leaves, workerd
 * ends everything that its request has begun.
 */
export const workerd: PlatformFor = (_origin, bindings, problems): Platform => ({
  fetch: transportOf(fetchOf(bindings, problems)),
  fetchKeys: () => transportOf(fetch),
  dropsRequests,

  receive({ method, url, headers, body }) {
    const fields = new ReadFields(headers);
    const length = fields.get('content-length');
    // workerd counts an empty body as a body, and then refuses to send it with GET.
    const content = length === '0' ? null : length === null ? fromClient(body) : body;
    return { method, url, headers: fields, body: content, signal: UNUSED };
  },

  respond(body, { status, headers }) {
    const { from, dropped, added } = headers;
    const content = typeof body === 'string' ? body : contentOf(body, headers);
    const pattern = from instanceof ResponseFields ? from.response : { status };
    const response = new Response(content, pattern);
    const own = response.headers;
    if (from instanceof ResponseFields) for (const name of dropped) own.delete(name);
    for (const [name, value] of added) own.set(name, value);
    return response;
  },
});

const transportOf =
  (send: typeof fetch): Transport =>
  (url, { method, headers, body, signal }) => {
    const abort = new PlatformAbort(signal);
    // The one thing in a path that `fetch` would change, with `fetch_legacy_url` set.
    if (url.includes('/.') && DOT_SEGMENT.test(url)) {
      return Promise.reject(new ProxyError('bad_request', 'dot segments in the request target'));
    }
    const init: WorkerRequestInit = {
      method,
      headers: record(linesOf(headers)),
      body: contentOf(body, headers),
      redirect: 'manual',
      encodeResponseBody: 'manual',
      signal: abort.signal,
    };
    const isNeverCached = pathOf(url).endsWith('/');
    if (!isNeverCached) init.cf = UNCACHED;
    return send(url, init).then(received, (thrown) => failed(thrown, abort));
  };

function received(response: Response): UpstreamResponse {
  const { status } = response;
  if (status < 200 || status > 599) throw new ProxyError('upstream_malformed', `a response with status ${status}`);
  return { status, statusText: '', headers: new ResponseFields(response), body: response.body };
}

/** workerd does not distinguish a refused connection, an unknown name and a reset. */
function failed(thrown: unknown, abort: PlatformAbort): never {
  abort.over();
  if (abort.reason !== undefined) throw abort.reason;
  throw new ProxyError('upstream_failed', thrown instanceof Error ? thrown.message : 'unknown');
}

const DOT_SEGMENT = /^[^?]*\/\.{1,2}(?:[/?]|$)/;

/** workerd sends a length only for its own streams: the Content-Length field does not count. */
function contentOf(body: UpstreamRequest['body'], headers: EditedFields): BodyInit | null {
  const isReady = body === null || body instanceof Uint8Array || body instanceof ReadableStream;
  return isReady ? (body as BodyInit | null) : withLength(toStream(body), lengthOf(headers));
}

/** In place of `request.signal`, which costs time to make: workerd itself ends the request if the client leaves. */
const UNUSED: Signal = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };
