import { isDeepStrictEqual } from 'node:util';
import type { ClientRegistry } from '../../../src/auth/client-registry.ts';
import type { Client } from '../../../src/policy/client.ts';

/** The names of the clients that a changed file adds, changes and removes. */
export interface ClientChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Compares the clients before and after a change of the file, by name. */
export function changesOf(before: readonly Client[], after: readonly Client[]): ClientChanges {
  const earlier = new Map(before.map((client) => [client.name, client]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !earlier.has(name)).map(({ name }) => name),
    changed: after
      .filter((client) => earlier.has(client.name) && !isDeepStrictEqual(earlier.get(client.name), client))
      .map(({ name }) => name),
    removed: before.filter(({ name }) => !names.has(name)).map(({ name }) => name),
  };
}

/** Names that one field of the log has. */
const MAX_NAMES = 20;

/** The changes as fields of the log. */
export function changeFields({ added, changed, removed }: ClientChanges) {
  return { added: listed(added), changed: listed(changed), removed: listed(removed) };
}

function listed(names: readonly string[]): string | undefined {
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '') || undefined;
}

/** Revoked tokens that are remembered, so that the log can name the clients that still send them. */
const MAX_REVOKED = 1000;

/**
 * The tokens that were clients' since the start of the process and are not any more.
 * @param earlier those that were known before; of too many the oldest are forgotten
 * @returns the names of their clients by their digests
 */
export function revokedTokens(
  earlier: ReadonlyMap<string, string>,
  before: ClientRegistry | undefined,
  after: ClientRegistry | undefined,
): ReadonlyMap<string, string> {
  const revoked = new Map(earlier);
  for (const [digest, { name }] of before?.byDigest ?? []) revoked.set(digest, name);
  for (const digest of after?.byDigest.keys() ?? []) revoked.delete(digest);
  return new Map([...revoked].slice(-MAX_REVOKED));
}
