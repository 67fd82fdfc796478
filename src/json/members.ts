import { suggestion } from '../nearest-name.ts';

/** Adds a problem. */
export type Add = (place: string, text: string) => void;

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Names no unknown key: a token may stand in the wrong place. */
export function checkKeys(json: Json, known: readonly string[], place: string, add: Add): void {
  Object.keys(json).forEach((key, index) => {
    if (!known.includes(key)) add(place, `has an unknown key (number ${index + 1})${suggestion(key, known)}`);
  });
}

/** The member, or a problem if there is none. */
export function required(json: Json, key: string, place: string, add: Add): unknown {
  if (Object.hasOwn(json, key)) return json[key];
  add(place, 'is missing');
  return undefined;
}

/** The member, if it is one of the known texts. */
export function oneOf(json: Json, key: string, known: readonly string[], place: string, add: Add): string | undefined {
  if (!Object.hasOwn(json, key)) return undefined;
  const value = json[key];
  if (typeof value === 'string' && known.includes(value)) return value;
  add(place, `is neither ${known.join(' nor ')}`);
  return undefined;
}

/** The texts of a list, each with its place; undefined if the key is not there. */
export function texts(json: Json, key: string, place: string, add: Add, mayBeEmpty = false): Text[] | undefined {
  if (!Object.hasOwn(json, key)) return undefined;
  const list: unknown = json[key];
  if (!Array.isArray(list)) {
    add(place, 'is not a list');
    return [];
  }
  if (list.length === 0 && !mayBeEmpty) add(place, 'is empty');
  return list.flatMap((text: unknown, index): Text[] => {
    const at = `${place}[${index}]`;
    if (typeof text !== 'string') add(at, 'is not a string');
    else if (list.indexOf(text) < index) add(at, 'is listed twice');
    return typeof text === 'string' ? [{ text, at }] : [];
  });
}

/** An entry of a list, and its place in the file. */
interface Text {
  readonly text: string;
  readonly at: string;
}

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
