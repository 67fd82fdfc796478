import { EACH, editJson, removeMembers } from '../json-edit.ts';
import type { ProjectRef } from './client.ts';
import type { ResponseRule } from './decision.ts';

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
export function editResponse({ only, without }: ResponseRule, bytes: Uint8Array): Uint8Array | undefined {
  // To a HEAD, and with 204, there is nothing to see.
  if (bytes.length === 0) return bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (only !== undefined && !text.trimStart().startsWith('[')) return undefined;
    const kept = only === undefined ? text : withOnly(text, only);
    const edited = kept === undefined ? undefined : removeMembers(kept, without);
    if (edited === undefined) return undefined;
    return edited === text ? bytes : new TextEncoder().encode(edited);
  } catch {
    return undefined;
  }
}

/** A list with the entries that are named. */
const withOnly = (list: string, refs: readonly ProjectRef[]): string | undefined =>
  editJson(list, [EACH], (entry) => (isNamed(JSON.parse(entry), refs) ? undefined : ''));

function isNamed(entry: unknown, refs: readonly ProjectRef[]): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { id, slug } = entry as Record<string, unknown>;
  return refs.some(({ kind, value }) => (kind === 'id' ? String(id) === value : slug === value));
}
