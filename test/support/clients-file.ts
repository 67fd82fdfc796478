// Clients files of tests, and the tokens of their clients.
import { createHash } from 'node:crypto';

/** The token of the client of that name. */
export const clientToken = (name: string): string => `token-of-the-client-${name}`.padEnd(40, '.');

/** The same as `sha256:` and its digest. */
export const clientDigest = (name: string): string =>
  `sha256:${createHash('sha256').update(clientToken(name)).digest('hex')}`;

/** The field line with which that client comes. */
export const asClient = (name: string): string => `Authorization: Bearer ${clientToken(name)}`;

/** The text of a clients file. @param clients entries by name, without name and token */
export function clientsFile(
  clients: Readonly<Record<string, object>>,
  unmatched: 'bypass' | 'reject' = 'bypass',
): string {
  const entries = Object.entries(clients).map(([name, entry], index) => {
    // Both spellings of a token.
    const token = index % 2 === 0 ? clientDigest(name) : clientToken(name);
    return { name, token, ...entry };
  });
  return JSON.stringify({ unmatched, clients: entries });
}

/** The secrets of these clients: their tokens, and the digests. */
export const clientSecrets = (names: readonly string[]): string[] =>
  names.flatMap((name) => [clientToken(name), clientDigest(name).slice('sha256:'.length)]);
