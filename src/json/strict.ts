import { endOfString, type JsonBounds, jsonProblem, nameOf } from './syntax.ts';

/** A JSON text, read so strictly that every reader sees the same in it. */
type StrictJson =
  | { readonly value: unknown; readonly fractions: ReadonlySet<string> }
  | { readonly problem: string; readonly place: string };

/** A request's body of 1 MiB has as many values if a program of Sentry's made it. Python's reader goes little deeper. */
const BODY_BOUNDS: JsonBounds = { depth: 200, values: 120_000 };

/**
 * Reads JSON in which no object has a key twice. The last one wins in JSON.parse and in Python, but not everywhere, and
 * a key may be spelled `projects` once and `\u0070rojects` once: they are compared after unescaping.
 * @returns the value, and the top-level keys below which a number stands that is not written as an integer; or what is
 * wrong, and where
 */
export function parseStrictJson(text: string, bounds: JsonBounds = BODY_BOUNDS): StrictJson {
  const problem = jsonProblem(text, bounds);
  if (problem === undefined) return scan(text, JSON.parse(text));
  // A text that ends too soon ends in its last line, not in the empty one after it.
  const before = text.slice(0, Math.min(problem.at, text.trimEnd().length));
  return { problem: problem.text, place: `line ${before.split('\n').length}` };
}

interface Level {
  /** Of an object: the keys so far. */
  readonly keys: Set<string> | undefined;
  /** Where this is: the last key of an object, the index in an array. */
  key: string;
  index: number;
  isKeyNext: boolean;
}

/** Walks over a text that is JSON, so that quotes and brackets are where they should be. */
function scan(text: string, value: unknown): StrictJson {
  const levels: Level[] = [];
  let level: Level | undefined;
  const fractions = new Set<string>();
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === '{' || sign === '[') {
      const isObject = sign === '{';
      level = { keys: isObject ? new Set() : undefined, key: '', index: 0, isKeyNext: isObject };
      levels.push(level);
    } else if (sign === '}' || sign === ']') {
      levels.pop();
      level = levels.at(-1);
    } else if (sign === ',' && level !== undefined) {
      level.isKeyNext = level.keys !== undefined;
      level.index++;
    } else if (sign === '"') {
      const end = endOfString(text, at);
      if (level?.isKeyNext === true) {
        const key = nameOf(text.slice(at, end));
        if (level.keys!.has(key)) return { problem: 'has a key twice', place: placeOf(levels.slice(0, -1)) };
        level.keys!.add(key);
        level.key = key;
        level.isKeyNext = false;
      }
      at = end - 1;
    } else if (sign === '.' || sign === 'e' || sign === 'E') {
      // Outside of strings these letters stand in numbers, and in true and false.
      if (/[0-9]/.test(text[at - 1] ?? '')) fractions.add(levels[0]?.key ?? '');
    }
  }
  return { value, fractions };
}

/** A key that could be anything else than a word of ours is not shown. */
const placeOf = (levels: readonly Level[]): string =>
  levels
    .map(({ keys, key, index }, depth) => {
      if (keys === undefined) return `[${index}]`;
      const name = /^[A-Za-z_$]{1,20}$/.test(key) ? key : '?';
      return depth === 0 ? name : `.${name}`;
    })
    .join('');
