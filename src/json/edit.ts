import { endOfString } from './strict.ts';

/** Where a value is in a JSON document: names of members, and `EACH` for every element of an array. */
export type JsonPath = readonly string[];

/** A step of a `JsonPath`. No member of Sentry's has this name. */
export const EACH = '[]';

/**
 * Edits the values at one path and leaves every other byte of the document as it is. `JSON.stringify` would round big
 * integers, drop members with a repeated name, and change escapes and whitespace.
 *
 * @param change takes a value as it is written and returns its replacement: undefined to keep the value, the empty text
 *   to remove the member
 * @returns the document, the same text if nothing changed; undefined if it is not JSON
 */
export function editJson(
  text: string,
  path: JsonPath,
  change: (value: string) => string | undefined,
): string | undefined {
  if (!isJson(text)) return undefined;
  let edited = '';
  let copied = 0;
  const replace = (start: number, end: number, by: string) => {
    edited += text.slice(copied, start) + by;
    copied = end;
  };

  /** Walks the value at `start` along the path. @returns where the value ends */
  function walk(start: number, depth: number): number {
    const step = path[depth]!;
    const isArray = step === EACH;
    if (text[start] !== (isArray ? '[' : '{')) return endOfValue(text, start);

    let at = skipBlanks(text, start + 1);
    if (text[at] === (isArray ? ']' : '}')) return at + 1;
    let endOfLast: number | undefined;
    for (;;) {
      const memberStart = at;
      let isOnPath = true;
      if (!isArray) {
        const nameEnd = endOfString(text, at);
        isOnPath = isName(text.slice(at, nameEnd), step);
        at = skipBlanks(text, skipBlanks(text, nameEnd) + 1);
      }
      const isTarget = isOnPath && depth === path.length - 1;
      const end = isOnPath && !isTarget ? walk(at, depth + 1) : endOfValue(text, at);
      const changed = isTarget ? change(text.slice(at, end)) : undefined;
      const comma = skipBlanks(text, end);
      const isFollowed = text[comma] === ',';
      const next = isFollowed ? skipBlanks(text, comma + 1) : comma + 1;

      if (changed === '') {
        // One comma goes with the member: the one before it, or the one after it if no member before it stays.
        if (endOfLast !== undefined) replace(endOfLast, end, '');
        else replace(memberStart, isFollowed ? next : end, '');
        if (endOfLast !== undefined) endOfLast = end;
      } else {
        if (changed !== undefined) replace(at, end, changed);
        endOfLast = end;
      }
      if (!isFollowed) return next;
      at = next;
    }
  }

  walk(skipBlanks(text, 0), 0);
  return copied === 0 ? text : edited + text.slice(copied);
}

/**
 * Removes the members with these names from every object of a document, and leaves every other byte as it is.
 *
 * @returns the document, the same text if there were none; undefined if it is not JSON
 */
export function removeMembers(text: string, names: readonly string[]): string | undefined {
  if (!isJson(text)) return undefined;
  let edited = '';
  let copied = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    const start = at;
    at = endOfString(text, start);
    const colon = skipBlanks(text, at);
    // Of all strings only a name stands before a colon.
    const isRemoved = text[colon] === ':' && names.some((name) => isName(text.slice(start, at), name));
    if (!isRemoved) continue;
    let from = start;
    at = endOfValue(text, skipBlanks(text, colon + 1));
    // One comma goes with the member: the one before it, or the one after it if no member before it stays.
    const before = skipBlanksBack(text, start) - 1;
    const after = skipBlanks(text, at);
    if (text[before] === ',' && before >= copied) from = before;
    else if (text[after] === ',') at = after + 1;
    edited += text.slice(copied, from);
    copied = at;
  }
  return copied === 0 ? text : edited + text.slice(copied);
}

/** The platform's parser checks a document, so the code here can rely on its syntax. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Escapes can spell one name in several ways. */
const isName = (written: string, name: string): boolean =>
  written.includes('\\')
    ? JSON.parse(written) === name
    : written.length === name.length + 2 && written.slice(1, -1) === name;

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && BLANKS.has(text.charCodeAt(at))) at++;
  return at;
}

function skipBlanksBack(text: string, end: number): number {
  let at = end;
  while (at > 0 && BLANKS.has(text.charCodeAt(at - 1))) at--;
  return at;
}

/** RFC 8259 section 2. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (text[start] !== '{' && text[start] !== '[') {
    let end = start;
    while (end < text.length && !/[\s,\]}]/.test(text[end]!)) end++;
    return end;
  }
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    at++;
  } while (depth > 0);
  return at;
}
