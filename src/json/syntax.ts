/** How large a JSON text may be for the work that it makes, apart from its bytes. */
export interface JsonBounds {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Values of all kinds, and names of members. */
  readonly values: number;
}

/** Why a text is not read. */
interface JsonProblem {
  /** The predicate of a sentence about the text. */
  readonly text: string;
  /** Where it was noticed. */
  readonly at: number;
}

/**
 * Checks a text by the grammar of RFC 8259 and by bounds, without making any of its values: `JSON.parse` takes a second
 * and hundreds of MiB for 8 MiB of `[{},{},…]`, and gives up only at the end.
 * @returns undefined if it is JSON within the bounds
 */
export function jsonProblem(text: string, { depth, values }: JsonBounds): JsonProblem | undefined {
  const notJson = (at: number): JsonProblem => ({ text: 'is not JSON', at });
  /** The end of each object or array that is open. */
  const closers = new Uint8Array(depth);
  let level = 0;
  let left = values;
  let at = skipBlanks(text, 0);
  for (;;) {
    if (--left < 0) return { text: `has more than ${values} values and names`, at };
    const sign = text.charCodeAt(at);
    if (sign === BRACE || sign === BRACKET) {
      if (level === depth) return { text: `is nested deeper than ${depth} levels`, at };
      closers[level++] = sign + TO_CLOSER;
      at = skipBlanks(text, at + 1);
      const isEmpty = text.charCodeAt(at) === sign + TO_CLOSER;
      if (!isEmpty) {
        if (sign === BRACE) left--;
        const value = sign === BRACE ? endOfName(text, at) : at;
        if (value === INVALID) return notJson(at);
        at = value;
        continue;
      }
    } else {
      const end = endOfScalar(text, at, sign);
      if (end === INVALID) return notJson(at);
      at = end;
    }
    // After a value: the ends of what is open, then a comma, or the end of the text.
    for (let isNext = false; !isNext; ) {
      at = skipBlanks(text, at);
      if (level === 0) return at === text.length ? undefined : notJson(at);
      const closer = closers[level - 1]!;
      const next = text.charCodeAt(at);
      isNext = next === COMMA;
      if (next === closer) {
        level--;
        at++;
      } else if (isNext) {
        at = skipBlanks(text, at + 1);
        const isMember = closer === BRACE + TO_CLOSER;
        if (isMember) left--;
        const value = isMember ? endOfName(text, at) : at;
        if (value === INVALID) return notJson(at);
        at = value;
      } else return notJson(at);
    }
  }
}

const BRACE = 0x7b;
const BRACKET = 0x5b;
/** From `{` to `}`, and from `[` to `]`. */
const TO_CLOSER = 2;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const INVALID = -1;

/** RFC 8259 section 2. */
export function skipBlanks(text: string, start: number): number {
  let at = start;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

export const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** A string without its quotes. Escapes can spell one name in several ways. */
export const nameOf = (written: string): string =>
  written.includes('\\') ? JSON.parse(written) : written.slice(1, -1);

/** Where the value of the member at `start` begins. */
function endOfName(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return INVALID;
  const end = endOfText(text, start);
  if (end === INVALID) return INVALID;
  const colon = skipBlanks(text, end);
  return text.charCodeAt(colon) === COLON ? skipBlanks(text, colon + 1) : INVALID;
}

function endOfScalar(text: string, start: number, sign: number): number {
  if (sign === QUOTE) return endOfText(text, start);
  const literal = LITERALS.get(sign);
  if (literal !== undefined) return text.startsWith(literal, start) ? start + literal.length : INVALID;
  return endOfNumber(text, start);
}

const LITERALS: ReadonlyMap<number, string> = new Map(['true', 'false', 'null'].map((one) => [one.charCodeAt(0), one]));

/** RFC 8259 section 7. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    PLAIN.lastIndex = at;
    PLAIN.test(text);
    at = PLAIN.lastIndex;
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code !== BACKSLASH) return INVALID;
    ESCAPES.lastIndex = at;
    if (!ESCAPES.test(text)) return INVALID;
    at = ESCAPES.lastIndex;
  }
}

const PLAIN = /[^"\\\x00-\x1f]*/y;
const ESCAPES = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** RFC 8259 section 6. */
function endOfNumber(text: string, start: number): number {
  let at = text[start] === '-' ? start + 1 : start;
  const integer = at;
  at = endOfDigits(text, at);
  const hasLeadingZero = text[integer] === '0' && at > integer + 1;
  if (at === integer || hasLeadingZero) return INVALID;
  if (text[at] === '.') {
    const fraction = at + 1;
    at = endOfDigits(text, fraction);
    if (at === fraction) return INVALID;
  }
  if (text[at] === 'e' || text[at] === 'E') {
    at += text[at + 1] === '+' || text[at + 1] === '-' ? 2 : 1;
    const exponent = at;
    at = endOfDigits(text, exponent);
    if (at === exponent) return INVALID;
  }
  return at;
}

function endOfDigits(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) at++;
  return at;
}

/**
 * The index after the quote that ends a string of a text that is JSON. `indexOf` is many times faster than a look at
 * each character.
 */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
