import type { ProjectRef } from './client.ts';
import type { ResponseRule } from './decision.ts';
import { isObject } from './json-members.ts';

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
 * An answer without what the client may not see.
 * @param bytes of the whole answer, unpacked, whose status is 2xx
 * @returns the same bytes if nothing had to go; undefined if the answer could not be read, and then nobody may see it
 */
export function editResponse(rule: ResponseRule, bytes: Uint8Array): Uint8Array | undefined {
  // To a HEAD, and with 204, there is nothing to see.
  if (bytes.length === 0) return bytes;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  let isChanged = false;
  if (rule.only !== undefined) {
    const list = listOf(rule, value);
    if (!Array.isArray(list)) return undefined;
    let kept = 0;
    for (const entry of list) if (isNamed(entry, rule.only)) list[kept++] = entry;
    isChanged = kept < list.length;
    list.length = kept;
  }
  if (remove(value, new Set(rule.without))) isChanged = true;
  return isChanged ? new TextEncoder().encode(JSON.stringify(value)) : bytes;
}

const listOf = ({ listIn }: ResponseRule, value: unknown): unknown =>
  listIn === undefined ? value : isObject(value) && (value[listIn] ?? []);

function isNamed(entry: unknown, refs: readonly ProjectRef[]): boolean {
  if (!isObject(entry)) return false;
  const { id, slug } = entry;
  return refs.some(({ kind, value }) => (kind === 'id' ? String(id) === value : slug === value));
}

/** @returns whether there was something to remove */
function remove(root: unknown, keys: ReadonlySet<string>): boolean {
  let isChanged = false;
  const waiting = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries(value)) {
      if (!keys.has(key) || Array.isArray(value)) waiting.push(member);
      else {
        delete (value as Record<string, unknown>)[key];
        isChanged = true;
      }
    }
  }
  return isChanged;
}
