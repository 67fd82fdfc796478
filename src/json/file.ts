import { type Add, checkKeys, isObject, type Json } from './members.ts';
import { parseStrictJson } from './strict.ts';
import type { JsonBounds } from './syntax.ts';

/**
 * Reads the text of an operator's file, whose JSON is an object.
 * @param keys that it may have
 * @returns undefined if it could not be read
 */
export function readFileObject(text: string, keys: readonly string[], add: Add, bounds?: JsonBounds): Json | undefined {
  const json = parseStrictJson(text, bounds);
  if (text.trim() === '') add('', 'is empty');
  else if (text.startsWith('\ufeff')) add('', 'begins with a byte order mark');
  else if ('problem' in json) add(json.place, json.problem);
  else if (!isObject(json.value)) add('', 'is not a JSON object');
  else {
    const { value } = json;
    checkKeys(value, keys, '', add);
    if (Object.hasOwn(value, '$schema') && typeof value.$schema !== 'string') add('$schema', 'is not a string');
    return value;
  }
  return undefined;
}

/** The list that a file has under a key, or a problem if it has none. */
export function listIn(json: Json, key: string, add: Add): readonly unknown[] | undefined {
  const list = Object.hasOwn(json, key) ? json[key] : undefined;
  if (Array.isArray(list)) return list;
  add(key, list === undefined ? 'is missing' : 'is not a list');
  return undefined;
}
