import { endOfString, isBlank, type JsonBounds, jsonProblem, nameOf, skipBlanks } from './syntax.ts';

/** Where a value is in a JSON document: names of members, and `EACH` for every element of an array. */
export type JsonPath = readonly string[];

/** A step of a `JsonPath`. No member of Sentry's has this name. */
export const EACH = '[]';

/** Documents that are edited. Ordinary ones of Sentry have a value or a name in 13 to 30 bytes, and ten levels. */
const EDITED_BOUNDS: JsonBounds = { depth: 10_000, values: 600_000 };

/**
 * Edits the values at one path and leaves every other byte of the document as it is. `JSON.stringify` would round big
 * integers, drop members with a repeated name, and change escapes and whitespace.
 *
 * @param change takes a value as it is written and returns its replacement: undefined to keep the value, the empty text
 *   to remove the member
 * @returns the document, the same text if nothing changed; undefined if it is not JSON within the bounds
 */
export function editJson(
  text: string,
  path: JsonPath,
  change: (value: string) => string | undefined,
): string | undefined {
  if (editProblem(text) !== undefined) return undefined;
  const edited = new EditedText(text);

  /** Walks the value at `start` along the path. @returns where the value ends */
  function editFrom(start: number, depth: number): number {
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
        isOnPath = nameOf(text.slice(at, nameEnd)) === step;
        at = skipBlanks(text, skipBlanks(text, nameEnd) + 1);
      }
      const isTarget = isOnPath && depth === path.length - 1;
      const end = isOnPath && !isTarget ? editFrom(at, depth + 1) : endOfValue(text, at);
      const changed = isTarget ? change(text.slice(at, end)) : undefined;
      const comma = skipBlanks(text, end);
      const isFollowed = text[comma] === ',';
      const next = isFollowed ? skipBlanks(text, comma + 1) : comma + 1;

      if (changed === '') {
        // One comma goes with the member: the one before it, or the one after it if no member before it stays.
        if (endOfLast !== undefined) edited.replace(endOfLast, end, '');
        else edited.replace(memberStart, isFollowed ? next : end, '');
        if (endOfLast !== undefined) endOfLast = end;
      } else {
        if (changed !== undefined) edited.replace(at, end, changed);
        endOfLast = end;
      }
      if (!isFollowed) return next;
      at = next;
    }
  }

  editFrom(skipBlanks(text, 0), 0);
  return edited.whole;
}

/**
 * Removes the members with these names from every object of a document, and leaves every other byte as it is.
 *
 * @returns the document, the same text if there were none; undefined if it is not JSON within the bounds
 */
export function removeMembers(text: string, names: readonly string[]): string | undefined {
  if (editProblem(text) !== undefined) return undefined;
  const edited = new EditedText(text);
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    const start = at;
    at = endOfString(text, start);
    const colon = skipBlanks(text, at);
    // Of all strings only a name stands before a colon.
    const isRemoved = text[colon] === ':' && names.includes(nameOf(text.slice(start, at)));
    if (!isRemoved) continue;
    let from = start;
    at = endOfValue(text, skipBlanks(text, colon + 1));
    // One comma goes with the member: the one before it, or the one after it if no member before it stays.
    const before = skipBlanksBack(text, start) - 1;
    const after = skipBlanks(text, at);
    if (text[before] === ',' && before >= edited.end) from = before;
    else if (text[after] === ',') at = after + 1;
    edited.replace(from, at, '');
  }
  return edited.whole;
}

/** A text with some of its parts replaced, in order. */
class EditedText {
  readonly #text: string;
  readonly #pieces: string[] = [];
  /** Where the last part that was replaced ends. */
  end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  replace(start: number, end: number, by: string): void {
    if (start > this.end) this.#pieces.push(this.#text.slice(this.end, start));
    if (by !== '') this.#pieces.push(by);
    this.end = end;
  }

  get whole(): string {
    if (this.end === 0) return this.#text;
    return this.#pieces.join('') + this.#text.slice(this.end);
  }
}

/** Why a document can't be edited, as a predicate; undefined if it can. */
export const editProblem = (text: string): string | undefined => jsonProblem(text, EDITED_BOUNDS)?.text;

function skipBlanksBack(text: string, end: number): number {
  let at = end;
  while (at > 0 && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  let at = start;
  if (text[start] !== '{' && text[start] !== '[') {
    while (at < text.length && !isBehindScalar(text.charCodeAt(at))) at++;
    return at;
  }
  let depth = 0;
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

/** Whether a number, `true`, `false` or `null` ends before this. */
const isBehindScalar = (code: number): boolean => code === 0x2c || code === 0x5d || code === 0x7d || isBlank(code);
