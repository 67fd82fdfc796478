import { isVisibleAscii, pathOf, queryOf } from '../../http/grammar.ts';
import { canonicalSegments } from './synonyms.ts';

/** A segment of a path: as it was written, and decoded once. */
export interface Segment {
  readonly raw: string;
  /** Decoded; a resource that has two names has the one of the table here. */
  readonly text: string;
  /** Whether nothing in it was percent-encoded: only then can it match a literal segment. */
  readonly isPlain: boolean;
}

/** A request target that can be read in one way only. */
export interface Target {
  /** The text between the slashes, without the first slash; a path that ends in a slash ends in `''`. */
  readonly segments: readonly Segment[];
  /** The decoded segments below /api/0/; none for another path. */
  readonly names: readonly string[];
  /** Byte for byte, without `?`; undefined if there is no `?`. */
  readonly query: string | undefined;
}

/** The first two segments of every path of Sentry's API. */
export const API_PREFIX: readonly string[] = ['api', '0'];

/**
 * Reads the raw target of a request. A target that nginx, uWSGI, granian or Django could read differently is refused,
 * not repaired: the policy has to see exactly the path that Sentry routes.
 * @returns the result, or a string that says what is wrong
 */
export function parseTarget(target: string): Target | string {
  const isEncoded = target.includes('%');
  if (!target.startsWith('/')) return 'the target is not a path';
  // RFC 9110 section 4.1: none of the others may stand there; uWSGI cuts the path at a number sign.
  if (!isVisibleAscii(target)) return 'the target has a character that is not visible ASCII';
  if (target.includes('#')) return 'the target has a number sign';
  // uWSGI swallows a stray one with what follows, or puts a NUL in its place.
  if (isEncoded && /%(?![0-9A-Fa-f]{2})/.test(target)) return 'the target has a percent sign that encodes nothing';
  const path = pathOf(target);
  const query = queryOf(target);
  // Some versions of Django separate parameters by it as well (CVE-2021-23336).
  if (query?.includes(';')) return 'the query has a semicolon';
  if (path.includes('//')) return 'the path has an empty segment';

  const raws = segmentsOf(path);
  const texts = NEEDS_A_LOOK.test(path) ? textsOf(raws) : raws;
  if (typeof texts === 'string') return texts;
  const isApi = raws[0] === API_PREFIX[0] && raws[1] === API_PREFIX[1];
  const names = isApi ? canonicalSegments(texts.slice(API_PREFIX.length)) : [];
  const segments = raws.map((raw, index) => {
    const text = texts[index]!;
    const isBelow = isApi && index >= API_PREFIX.length;
    return { raw, text: isBelow ? names[index - API_PREFIX.length]! : text, isPlain: raw === text };
  });
  return { segments, names, query };
}

/** What may make a segment other than it looks, or dangerous. */
const NEEDS_A_LOOK = /[%\\]|\/\./;

/** The segments decoded, or what is wrong with one. */
function textsOf(raws: readonly string[]): string[] | string {
  const texts: string[] = [];
  for (const raw of raws) {
    const text = decoded(raw);
    const problem = text === undefined ? 'a segment that is not UTF-8' : problemOf(text, text !== raw);
    if (problem !== undefined) return `the path has ${problem}`;
    texts.push(text!);
  }
  return texts;
}

/** The text between the slashes. `split` would take longer than the rest of reading a target. */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  let start = 1;
  for (let end = path.indexOf('/', start); end !== -1; end = path.indexOf('/', start)) {
    segments.push(path.slice(start, end));
    start = end + 1;
  }
  segments.push(path.slice(start));
  return segments;
}

/** Decodes a text once. Undefined if the bytes are not UTF-8: Django would leave them encoded. */
export function decoded(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** Things that no segment may contain once it is decoded. */
function problemOf(text: string, wasEncoded: boolean): string | undefined {
  // uWSGI resolves literal ones before routing, and a server in between may resolve encoded ones.
  if (text === '.' || text === '..') return 'a dot segment';
  if (text.includes('\\')) return 'a backslash';
  // The others can only have come from an encoding.
  if (!wasEncoded) return undefined;
  // CVE-2021-44420: Django let `$` match before a newline at the end.
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text)) return 'a control character';
  if (text.includes('/')) return 'an encoded slash';
  if (text.includes('%')) return 'a segment that is encoded twice';
  return undefined;
}
