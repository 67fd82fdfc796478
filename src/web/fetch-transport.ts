import { asProxyError, ProxyError } from '../http/errors.ts';
import { lengthOf, linesOf } from '../http/headers.ts';
import type { Body, Fields, Transport, UpstreamRequest, UpstreamResponse } from '../http/types.ts';
import { untilAborted } from '../http/until-aborted.ts';
import { upstreamError } from '../http/upstream-error.ts';
import { PlatformAbort } from './platform-abort.ts';
import { toStream } from './response.ts';
import { isDecoded, losesLengths, RAW_CONTENT, withLength } from './runtime.ts';

/**
 * Sends requests to Sentry with a `fetch` function.
 *
 * Where a `fetch` decodes a compressed response, the fields about the encoded bytes are left out. It may add fields of
 * its own to a request, and outside Node it may keep connections.
 */
export function fetchTransport(send: typeof fetch = globalThis.fetch): Transport {
  const transport = async (url: string, request: UpstreamRequest): Promise<UpstreamResponse> => {
    const abort = new PlatformAbort(request.signal);
    /** The failure of the request's body, which not every `fetch` passes on. */
    let bodyFailure: unknown;
    try {
      const init = initOf(request, abort.signal, (error) => {
        bodyFailure = error;
      });
      const sending = send(url, init);
      // A response that is no longer awaited is cancelled.
      const drop = (response: Response) => {
        if (abort.signal.aborted) response.body?.cancel().catch(() => {});
      };
      sending.then(drop, () => {});
      return received(await untilAborted(sending, abort.signal), request.method, abort);
    } catch (thrown) {
      throw endBy(bodyFailure instanceof ProxyError ? bodyFailure : thrown, false, abort);
    }
  };
  return Object.assign(transport, { losesLengths });
}

function initOf(
  { method, headers, body }: UpstreamRequest,
  signal: AbortSignal,
  onBodyFailure: (error: unknown) => void,
): RequestInit {
  const isReady = body === null || body instanceof Uint8Array;
  const lines = linesOf(headers);
  return {
    ...RAW_CONTENT,
    method,
    headers: [...lines, ...OWN_FIELDS],
    body: isReady ? (body as BodyInit | null) : withLength(toStream(body), lengthOf(headers), onBodyFailure),
    redirect: 'manual',
    // Frameworks that cache responses of `fetch` would give one client another client's response.
    cache: 'no-store',
    credentials: 'omit',
    signal,
    ...(!isReady && { duplex: 'half' }),
  };
}

const OWN_FIELDS: readonly [string, string][] = [
  // Compression gains nothing, because `fetch` decodes the response here.
  ['Accept-Encoding', 'identity'],
  // Node's `fetch` heeds this and opens a connection for each request; others ignore the field.
  ['Connection', 'close'],
];

function received(response: Response, method: string, abort: PlatformAbort): UpstreamResponse {
  const { status, statusText } = response;
  if (status < 200 || status > 599) throw new ProxyError('upstream_malformed', `a response with status ${status}`);
  const isWithoutContent = response.body === null || method === 'HEAD';
  const body = isWithoutContent ? null : new ResponseBody(response.body!, abort);
  if (body === null) abort.over();
  const { headers } = response;
  const encoding = headers.get('content-encoding');
  const hasLostEncoding = body !== null && encoding !== null && isDecoded(encoding);
  return { status, statusText, headers: hasLostEncoding ? new DecodedFields(headers) : headers, body };
}

/** The fields of a decoded response: the length and the strong validator belonged to the encoded content. */
class DecodedFields implements Fields {
  readonly #headers: Headers;

  constructor(headers: Headers) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    return OF_THE_ENCODED.has(name) ? null : this.#headers.get(name);
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (const line of this.#headers) if (!OF_THE_ENCODED.has(line[0])) yield line;
  }
}

const OF_THE_ENCODED = new Set(['content-encoding', 'content-length', 'content-digest', 'etag', 'accept-ranges']);

/** A response body that fails as the error table says. */
class ResponseBody implements Body {
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #abort: PlatformAbort;

  constructor(stream: ReadableStream<Uint8Array>, abort: PlatformAbort) {
    this.#stream = stream;
    this.#abort = abort;
  }

  getReader() {
    const reader = this.#stream.getReader();
    return {
      read: async () => {
        try {
          // Deno's fetch may miss an abort once it has collected its own signal as garbage.
          const result = await untilAborted(reader.read(), this.#abort.signal);
          if (result.done) this.#abort.over();
          return result;
        } catch (thrown) {
          if (this.#abort.signal.aborted) reader.cancel().catch(() => {});
          throw endBy(thrown, true, this.#abort);
        }
      },
      releaseLock: () => reader.releaseLock(),
    };
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#abort.over();
    await this.#stream.cancel(reason);
  }
}

/** Ends the exchange with what was thrown, as a row of the error table. */
function endBy(thrown: unknown, hasResponse: boolean, abort: PlatformAbort): ProxyError {
  abort.over();
  return abort.reason ?? failure(thrown, hasResponse);
}

function failure(thrown: unknown, hasResponse: boolean): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  if (!(thrown instanceof Error)) return asProxyError(thrown);
  // Node says "fetch failed", and its cause is the error with a code, or the error of the client's own body.
  const { cause } = thrown;
  if (cause instanceof ProxyError) return cause;
  return upstreamError(cause instanceof Error ? cause : thrown, hasResponse);
}
