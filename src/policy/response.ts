import type { ProjectRef } from './client.ts';
import type { ResponseRule } from './decision.ts';

/** Request fields that would make an answer one that cannot be edited, by reason. They are dropped. */
export const DROPPED_BEFORE_EDITING: Readonly<Record<string, string>> = {
  'accept-encoding': 'the answer has to come unpacked',
  range: 'a part of it cannot be read',
  'if-range': 'goes with Range',
  'if-none-match': 'the validator is of the answer before editing',
  'if-modified-since': 'the answer before editing may be the same while this one is not',
};

/** Response fields that are no longer true of an edited answer, by reason. They are dropped. */
export const DROPPED_AFTER_EDITING: Readonly<Record<string, string>> = {
  etag: 'it is of the answer before editing',
  'content-md5': 'it is of the answer before editing',
  digest: 'it is of the answer before editing',
  'x-hits': 'it counts what was filtered out',
  'x-max-hits': 'it counts what was filtered out',
};

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
    if (!Array.isArray(value)) return undefined;
    const kept = value.filter((entry) => isNamed(entry, rule.only!));
    isChanged = kept.length < value.length;
    value = kept;
  }
  if (remove(value, new Set(rule.without))) isChanged = true;
  return isChanged ? new TextEncoder().encode(JSON.stringify(value)) : bytes;
}

function isNamed(entry: unknown, refs: readonly ProjectRef[]): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { id, slug } = entry as Record<string, unknown>;
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
