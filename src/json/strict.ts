/** A JSON text, read so strictly that every reader sees the same in it. */
export type StrictJson =
  | { readonly value: unknown; readonly fractions: ReadonlySet<string> }
  | { readonly problem: string; readonly place: string };

/** Deeper than this Python's reader gives up, and so may ours. */
const MAX_DEPTH = 200;

/**
 * Reads JSON in which no object has a key twice. The last one wins in JSON.parse and in Python, but not everywhere, and
 * a key may be spelled `projects` once and `\u0070rojects` once: they are compared after unescaping.
 * @returns the value, and the top-level keys below which a number stands that is not written as an integer; or what is
 * wrong, and where
 */
export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: 'is not JSON', place: placeOf(text, error) };
  }
  return scan(text, value);
}

interface Level {
  /** Of an object: the keys so far. */
  readonly keys: Set<string> | undefined;
  /** Where in the parent this is. */
  step: string;
  index: number;
  isKeyNext: boolean;
}

/** Walks over a text that JSON.parse took, so that quotes and brackets are where they should be. */
function scan(text: string, value: unknown): StrictJson {
  const levels: Level[] = [];
  const fractions = new Set<string>();
  let topKey = '';
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1);
    const sign = text[at]!;
    if (sign === '{' || sign === '[') {
      if (levels.length === MAX_DEPTH) return { problem: `is nested deeper than ${MAX_DEPTH} levels`, place: '' };
      const isObject = sign === '{';
      const keys = isObject ? new Set<string>() : undefined;
      levels.push({ keys, step: isObject ? '' : '[0]', index: 0, isKeyNext: isObject });
    } else if (sign === '}' || sign === ']') {
      levels.pop();
    } else if (sign === ',' && level !== undefined) {
      level.isKeyNext = level.keys !== undefined;
      if (level.keys === undefined) level.step = `[${++level.index}]`;
    } else if (sign === '"') {
      const end = endOfString(text, at);
      if (level?.isKeyNext === true) {
        const key = JSON.parse(text.slice(at, end)) as string;
        if (level.keys!.has(key))
          return { problem: 'has a key twice', place: levels.slice(0, -1).map(stepOf).join('') };
        level.keys!.add(key);
        const name = /^[A-Za-z_$]{1,20}$/.test(key) ? key : '?';
        level.step = levels.length === 1 ? name : `.${name}`;
        if (levels.length === 1) topKey = key;
        level.isKeyNext = false;
      }
      at = end - 1;
    } else if (sign === '.' || sign === 'e' || sign === 'E') {
      // Outside of strings these letters stand in numbers, and in true and false.
      if (/[0-9]/.test(text[at - 1] ?? '')) fractions.add(topKey);
    }
  }
  return { value, fractions };
}

const stepOf = ({ step }: Level): string => step;

/** The index after the quote that ends the string. `indexOf` is many times faster than a look at each character. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

/** Where JSON.parse gave up, if the runtime says so; its own words quote the text. */
function placeOf(text: string, error: unknown): string {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return `line ${before.length}`;
}
