import { EACH, editJson, removeMembers } from '../json/edit.ts';
import { isObject } from '../json/members.ts';
import type { ProjectRef } from '../policy/client.ts';
import type { ResponseFilter } from '../policy/decision.ts';

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
export function editResponse(
  { keepOnly, listKey, removeKeys }: ResponseFilter,
  bytes: Uint8Array,
): Uint8Array | undefined {
  // To a HEAD, and with 204, there is nothing to see.
  if (bytes.length === 0) return bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const kept = keepOnly === undefined ? text : withOnly(text, listKey, keepOnly);
    const edited = kept === undefined ? undefined : removeMembers(kept, removeKeys);
    if (edited === undefined) return undefined;
    return edited === text ? bytes : new TextEncoder().encode(edited);
  } catch {
    return undefined;
  }
}

/**
 * A list with only the entries that are named, or what has such lists in it.
 * @returns undefined if it is not what `listKey` says
 */
function withOnly(text: string, listKey: string | undefined, refs: readonly ProjectRef[]): string | undefined {
  const path =
    listKey === undefined ? [] : listKey.startsWith(IN_EACH) ? [EACH, listKey.slice(IN_EACH.length)] : [listKey];
  if (!text.trimStart().startsWith(path[0] === undefined || path[0] === EACH ? '[' : '{')) return undefined;
  let areLists = true;
  if (path.length > 0)
    editJson(text, path, (list) => {
      if (!list.startsWith('[')) areLists = false;
      return undefined;
    });
  if (!areLists) return undefined;
  return editJson(text, [...path, EACH], (entry) => (isNamed(JSON.parse(entry), refs) ? undefined : ''));
}

/** Begins a `listKey` that is a member of each entry of a list. */
const IN_EACH = '[].';

function isNamed(entry: unknown, refs: readonly ProjectRef[]): boolean {
  if (!isObject(entry)) return false;
  const { id, slug } = entry;
  return refs.some(({ kind, value }) => (kind === 'id' ? String(id) === value : slug === value));
}
