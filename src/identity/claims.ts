import { isObject, type Json } from '../json/members.ts';
import type { ClaimRule, ClaimValue, Identity } from '../policy/client.ts';

/** Whether a token's claims are those of an identity: every claim that it names has one of the values. */
export const matches = (identity: Identity, claims: Json): boolean =>
  identity.claims.every((rule) => matchesRule(rule, claims));

/** Whether one claim has one of the values that a rule lists. A claim that is absent, null or an object never does. */
export function matchesRule({ path, values }: ClaimRule, claims: Json): boolean {
  const found = valueAt(claims, path);
  const elements: readonly unknown[] = Array.isArray(found) ? found : [found];
  return elements.some((element) => values.some((value) => isValue(value, element)));
}

/**
 * The claim that a name stands for: the name itself or, if it starts with a slash, a JSON pointer (RFC 6901).
 * @returns undefined if the pointer has an escape that there is not
 */
export function pathOf(name: string): readonly string[] | undefined {
  if (!name.startsWith('/')) return [name];
  if (/~(?![01])/.test(name)) return undefined;
  return name
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function valueAt(claims: Json, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const step of path) {
    const isIndex = Array.isArray(value) && /^(?:0|[1-9]\d*)$/.test(step);
    const isMember = isObject(value) && Object.hasOwn(value, step);
    if (!isIndex && !isMember) return undefined;
    value = (value as Json)[step];
  }
  return value;
}

/** Types are never converted: the text `"456789"` is not the number. */
function isValue(wanted: ClaimValue, found: unknown): boolean {
  if (typeof wanted !== 'string' || !wanted.includes('*')) return wanted === found;
  return typeof found === 'string' && matchesPattern(wanted, found);
}

/**
 * Whether a text is what a pattern says: `*` is any number of characters other than `/`, `:` and control characters.
 * Takes time in proportion to pattern times text at most.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const wanted = pattern.split(/[/:]/);
  const found = text.split(/[/:]/);
  const hasSameShape = separatorsOf(pattern) === separatorsOf(text);
  return hasSameShape && wanted.every((part, index) => matchesPart(part, found[index]!));
}

const separatorsOf = (whole: string): string => whole.replaceAll(/[^/:]/g, '');

/** A part without separators. The stretches between two `*` are found from left to right, the last one at the end. */
function matchesPart(pattern: string, text: string): boolean {
  const stretches = pattern.split('*');
  if (stretches.length === 1) return pattern === text;
  if (/[\x00-\x1f\x7f]/.test(text)) return false;
  const first = stretches[0]!;
  const last = stretches.at(-1)!;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const stretch of stretches.slice(1, -1)) {
    const start = text.indexOf(stretch, at);
    if (start === -1 || start + stretch.length > end) return false;
    at = start + stretch.length;
  }
  return true;
}
