import { decode } from '../../bodies/decode.ts';
import { readBounded } from '../../bodies/read-bounded.ts';
import { Deadline } from '../../http/deadline.ts';
import { onlyFields } from '../../http/headers.ts';
import { newId, REQUEST_ID, VIA } from '../../http/request-id.ts';
import type { Signal, Transport, Upstream, UpstreamResponse } from '../../http/types.ts';
import { renewOnce } from '../../tokens/renew-once.ts';
import type { TokenChoice } from '../../tokens/token-choice.ts';
import { ABSENT, type Ask, LookupFailed } from './types.ts';

/** Milliseconds for an answer. */
const TIMEOUT = 5000;
/** Bytes of an answer, encoded and decoded. */
const LIMIT = 1024 * 1024;

/** The result of a lookup: `failed` if Sentry gave no usable response. */
export type LookupResult = 'found' | 'absent' | 'failed';

/** A lookup as the log and the metrics report it. */
export interface LookedUp {
  readonly path: string;
  /** Undefined if there was no answer. */
  readonly status: number | undefined;
  readonly result: LookupResult;
  /** Milliseconds. */
  readonly duration: number;
  /** Sentry sees it as X-Request-Id. */
  readonly id: string;
}

export interface AskOptions {
  readonly upstream: Upstream;
  readonly tokens: TokenChoice;
  readonly fetch: Transport;
  readonly lookedUp?: ((lookedUp: LookedUp) => void) | undefined;
  /** Ends the lookups that are running. */
  readonly closing?: Signal | undefined;
}

/**
 * Sends a GET of the proxy's own to Sentry. A redirect is returned, not followed.
 * @param closing ends the wait for the response
 * @throws ProxyError
 */
export const getFromSentry = (
  fetch: Transport,
  url: string,
  bearer: string,
  { id = newId(), closing }: { readonly id?: string; readonly closing?: Signal | undefined } = {},
): Promise<UpstreamResponse> =>
  fetch(url, {
    method: 'GET',
    headers: onlyFields([['Authorization', `Bearer ${bearer}`], ['Accept', 'application/json'], [REQUEST_ID, id], VIA]),
    body: null,
    signal: new Deadline(closing === undefined ? [] : [closing], TIMEOUT),
  });

/** Sends the proxy's own requests to Sentry with the injected token, which is renewed once if Sentry refuses it. */
export function askSentry({ upstream, tokens, fetch, lookedUp, closing }: AskOptions): Ask {
  return async (path) => {
    const begun = performance.now();
    const id = newId();
    let status: number | undefined;
    let result: LookupResult = 'failed';
    const send = (bearer: string) =>
      getFromSentry(fetch, upstream.origin + upstream.basePath + path, bearer, { id, closing });
    try {
      const { source } = tokens.choose('GET', path);
      const bearer = await source.get();
      if (bearer === undefined) throw new LookupFailed('there is no token for the lookup');
      const response = await renewOnce(send, source, bearer);
      status = response.status;
      const json = await jsonOf(response);
      if (status === 200) result = 'found';
      else if (ABSENT.has(status)) result = 'absent';
      return { status, json };
    } finally {
      lookedUp?.({ path, status, result, duration: performance.now() - begun, id });
    }
  };
}

/** The answer's JSON; undefined unless its status is 200 and it has a body. */
async function jsonOf({ status, headers, body }: UpstreamResponse): Promise<unknown> {
  if (body === null) return undefined;
  if (status !== 200) {
    await body.cancel();
    return undefined;
  }
  const bounded = await readBounded(body, LIMIT);
  const bytes = bounded.bytes && (await decode(bounded.bytes, headers.get('content-encoding'), LIMIT));
  if (bytes === undefined) {
    await bounded.body.cancel();
    throw new LookupFailed('the response is too large, or has an unknown encoding');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new LookupFailed('the answer is not JSON');
  }
}
