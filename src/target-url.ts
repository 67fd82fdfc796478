import { ProxyError } from './errors.ts';
import type { Upstream } from './types.ts';

export const makeUpstream = (uri: URL): Upstream => ({
  origin: uri.origin,
  basePath: uri.pathname.replace(/\/+$/, ''),
});

/** A slash, a backslash or either percent-encoded ends a segment for some server between here and Sentry's views. */
const SEGMENT_END = /[/\\]|%2f|%5c/i;
const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;.*)?$/i;

/**
 * Where a request goes: path and query byte for byte, under the base URI's path, at the base URI's origin.
 * @throws ProxyError `bad_request` where a dot segment could lead out of the base path
 */
export function upstreamUrl(requestUrl: string, upstream: Upstream): string {
  const pathStart = requestUrl.indexOf('/', requestUrl.indexOf('://') + 3);
  const pathAndQuery = pathStart === -1 ? '/' : requestUrl.slice(pathStart);
  if (upstream.basePath !== '' && hasDotSegment(pathAndQuery)) {
    throw new ProxyError('bad_request', 'the path has dot segments, which a base URI with a path does not allow');
  }
  return upstream.origin + upstream.basePath + pathAndQuery;
}

function hasDotSegment(pathAndQuery: string): boolean {
  const queryStart = pathAndQuery.indexOf('?');
  const path = queryStart === -1 ? pathAndQuery : pathAndQuery.slice(0, queryStart);
  // A percent sign that is encoded may be decoded again on the way (%252e), however often it was (%25252e).
  return path
    .replace(/%(?:25)+/g, '%')
    .split(SEGMENT_END)
    .some((segment) => DOT_SEGMENT.test(segment));
}
