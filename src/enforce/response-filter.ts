import { EACH, editJson, removeMembers } from '../json/edit.ts';
import { isObject } from '../json/members.ts';
import type { ProjectRef } from '../policy/client.ts';
import type { ResponseRule } from '../policy/decision.ts';

/** Request fields that would make an answer one that cannot be edited. They are dropped. */
export const DROPPED_BEFORE_EDITING: readonly string[] = [
  'accept-encoding', // the answer has to come unpacked
  'range', // a part of it cannot be read
  'if-range', // goes with Range
  'if-none-match', // the validator is that of the answer before editing
  'if-modified-since', // likewise
];

/** Response fields that are no longer true of an edited answer. They are dropped. */
export const DROPPED_AFTER_EDITING: readonly string[] = [
  'etag', // of the answer before editing
  'last-modified', // likewise
  'content-md5', // likewise
  'digest', // likewise
  'x-hits', // counts what was filtered out
  'x-max-hits', // likewise
];

/**
 * An answer without what the client may not see; every other byte of it stays.
 * @param bytes of the whole answer, unpacked, whose status is 2xx
 * @returns undefined if the answer could not be read, and then nobody may see it
 */
export function editResponse({ only, listIn, without }: ResponseRule, bytes: Uint8Array): Uint8Array | undefined {
  // To a HEAD, and with 204, there is nothing to see.
  if (bytes.length === 0) return bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const kept = only === undefined ? text : withOnly(text, listIn, only);
    const edited = kept === undefined ? undefined : removeMembers(kept, without);
    if (edited === undefined) return undefined;
    return edited === text ? bytes : new TextEncoder().encode(edited);
  } catch {
    return undefined;
  }
}

/** A list, or an object with a list in it, with only the entries that are named; undefined if it is neither. */
function withOnly(text: string, listIn: string | undefined, refs: readonly ProjectRef[]): string | undefined {
  const isKept = (entry: string): boolean => isNamed(JSON.parse(entry), refs);
  const entries = (path: readonly string[]) =>
    editJson(text, [...path, EACH], (entry) => (isKept(entry) ? undefined : ''));
  if (listIn === undefined) return text.trimStart().startsWith('[') ? entries([]) : undefined;
  let isList = text.trimStart().startsWith('{');
  editJson(text, [listIn], (list) => {
    if (!list.startsWith('[')) isList = false;
    return undefined;
  });
  return isList ? entries([listIn]) : undefined;
}

function isNamed(entry: unknown, refs: readonly ProjectRef[]): boolean {
  if (!isObject(entry)) return false;
  const { id, slug } = entry;
  return refs.some(({ kind, value }) => (kind === 'id' ? String(id) === value : slug === value));
}
