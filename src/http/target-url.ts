import { ProxyError } from './errors.ts';
import { isVisibleAscii, pathOf } from './grammar.ts';
import type { Upstream } from './types.ts';

export const makeUpstream = (uri: URL): Upstream => ({
  origin: uri.origin,
  basePath: uri.pathname.replace(/\/+$/, ''),
});

/** Path and query of a request, byte for byte. */
export function targetOf(requestUrl: string): string {
  const pathStart = requestUrl.indexOf('/', requestUrl.indexOf('://') + 3);
  return pathStart === -1 ? '/' : requestUrl.slice(pathStart);
}

/**
 * Where a request goes: path and query byte for byte, under the base URI's path, at the base URI's origin.
 * @throws ProxyError `bad_request` if the target is not visible ASCII, or a dot segment could lead out of the base path
 */
export function upstreamUrl(pathAndQuery: string, upstream: Upstream): string {
  // Written to a socket as latin1, U+010D and U+010A would be CR and LF: another request.
  if (!isVisibleAscii(pathAndQuery)) throw new ProxyError('bad_request', 'the target is not visible ASCII');
  if (upstream.basePath !== '' && hasDotSegment(pathAndQuery)) {
    throw new ProxyError('bad_request', 'the path has dot segments, which a base URI with a path does not allow');
  }
  return upstream.origin + upstream.basePath + pathAndQuery;
}

/**
 * Whether some reader of a request's URL, however often it decodes, may find Sentry's endpoints for Relays in it. Sentry
 * gives a Relay the configuration of all projects if it comes from an address of Sentry's network, such as this proxy's.
 */
export function isForRelays(url: string, { origin }: Upstream): boolean {
  const path = pathOf(url.slice(origin.length));
  if (!/relays|%/i.test(path)) return false;
  const segments = segmentsOf(path)
    .map((segment) => segment.replace(/;.*/s, ''))
    .filter((segment) => segment !== '' && segment !== '.');
  // Segments before a dot segment may or may not count: readers decode before or after they resolve it.
  const isUnclear = segments.includes('..') && segments.some((segment) => segment.toLowerCase() === 'relays');
  return isUnclear || `/${segments.join('/')}/`.toLowerCase().includes('/api/0/relays/');
}

/** A server between here and Sentry's views may end a segment, or the path, at each of these. */
const SEGMENT_END = /[/\\?#\0]/;
/** URL parsers remove these before they parse (WHATWG URL). */
const IGNORED = /[\t\n\r]/g;
/** With parameters, which Java servers allow in a segment. */
const DOT_SEGMENT = /^\.{1,2}(?:;.*)?$/s;

/** Whether some reader of the path, however often it decodes, may find a segment `.` or `..` in it. */
const hasDotSegment = (pathAndQuery: string): boolean =>
  segmentsOf(pathOf(pathAndQuery)).some((segment) => DOT_SEGMENT.test(segment));

/** The segments of a path that is decoded through. */
const segmentsOf = (path: string): string[] => decodedThrough(path).replace(IGNORED, '').split(SEGMENT_END);

/**
 * A path with percent-encodings decoded until none is left: `%252e`, `%25%32%65` and `%%32e` are all a dot.
 * In one pass, since a client may nest encodings thousands deep. Dots and segment ends that one decoding produces stay
 * through all later ones, so the last form shows them all.
 */
function decodedThrough(path: string): string {
  if (!path.includes('%')) return path;
  const decoded: string[] = [];
  for (const character of path) {
    decoded.push(character);
    // A decoded character may be the end of another encoding.
    for (let octet = encodedAt(decoded); octet !== undefined; octet = encodedAt(decoded)) {
      decoded.splice(-3, 3, octet);
    }
  }
  return decoded.join('');
}

/** The octet that the last three characters encode. */
function encodedAt(characters: readonly string[]): string | undefined {
  if (characters.at(-3) !== '%') return undefined;
  const digits = `${characters.at(-2)}${characters.at(-1)}`;
  return /^[0-9a-f]{2}$/i.test(digits) ? String.fromCharCode(Number.parseInt(digits, 16)) : undefined;
}
