import { type ClientsFile, examineClients, type FileProblem, spellingOf, withNames } from '../clients/clients-file.ts';
import { Identities } from '../identity/identities.ts';
import type { Issuer } from '../identity/issuer.ts';
import type { KeyRing } from '../identity/keys/key-ring.ts';
import { identityKey } from '../identity/read-identity.ts';
import { type Client, type Identity, isExpired } from '../policy/client.ts';

/** SHA-256 of a text's bytes in lower-case hex. Synchronous where the runtime can, since each request needs one. */
export type Digest = (token: string) => string | Promise<string>;

/** The digest of Web Crypto, which is asynchronous. */
export async function webDigest(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The clients of a file, to be found by the digests of their tokens. */
export interface ClientRegistry extends ClientsFile {
  /**
   * The client of each digest, in lower-case hex. One that has expired is there as well: it is refused, not bypassed.
   */
  readonly byDigest: ReadonlyMap<string, Client>;
  /** The clients that tokens of issuers identify, expired ones too. */
  readonly identified: readonly Client[];
}

/**
 * A registry without the credentials that are not listed any more; used if a new file is bad.
 * @param expired credentials whose client is refused as expired, not forgotten: it must not fall through to bypass
 */
export function onlyListed(
  registry: ClientRegistry,
  listed: ReadonlySet<string>,
  expired: ReadonlySet<string>,
): ClientRegistry {
  const { byDigest, clients, issuers } = registry;
  const left = new Map([...byDigest].filter(([digest]) => listed.has(digest)));
  const over = [...byDigest].filter(([digest]) => expired.has(digest));
  const identified = registry.identified.flatMap((client) => {
    const among = (credentials: ReadonlySet<string>): Client => ({
      ...client,
      identities: (client.identities ?? []).filter((identity) => credentials.has(keyOf(identity, issuers))),
    });
    return [among(listed), { ...among(expired), expiresAt: 0 }].filter(({ identities }) => identities?.length);
  });
  const stay = new Set([...left.values(), ...identified].map(({ name }) => name));
  return {
    ...registry,
    clients: clients.filter(({ name }) => stay.has(name)),
    byDigest: new Map([...left, ...over.map(([digest, client]) => [digest, { ...client, expiresAt: 0 }] as const)]),
    identified,
  };
}

/** The clients by tokens of issuers; undefined if there are no issuers. @param ring takes the issuers of the file */
export function identitiesOf({ identified, issuers }: ClientRegistry, ring: KeyRing): Identities | undefined {
  const keys = ring.take(issuers);
  return keys.length === 0
    ? undefined
    : new Identities({ clients: identified, issuers: keys, isShared: ring.isShared });
}

/** An identity as a credential, next to the digests of tokens. */
const keyOf = (identity: Identity, issuers: readonly Issuer[]): string =>
  identityKey(identity, issuers.find(({ name }) => name === identity.issuer)!);

/** The registry, or what is wrong. */
type LoadedClients =
  | { readonly registry: ClientRegistry }
  | {
      readonly problems: readonly FileProblem[];
      /**
       * The credentials that the bad file still lists: digests, and identities. If a good file is loaded, credentials
       * that are not listed stop working: `onlyListed`. Undefined: the file could not be read so far.
       */
      readonly listed: ReadonlySet<string> | undefined;
      /** The credentials that have expired by the bad file. */
      readonly expired: ReadonlySet<string>;
    };

/**
 * Reads, checks and prepares a clients file.
 * @param aliasTokens which no client may have as well
 * @param now milliseconds since 1970
 * @example
 * const loaded = await loadClients(text, aliasTokens, webDigest, Date.now());
 * if ('registry' in loaded) registry = loaded.registry;
 * else if (loaded.listed !== undefined) registry = onlyListed(registry, loaded.listed, loaded.expired);
 */
export async function loadClients(
  text: string,
  aliasTokens: readonly string[],
  digest: Digest,
  now: number,
): Promise<LoadedClients> {
  const { file, entries, problems: found } = examineClients(text);
  if (file === undefined) return { problems: found, listed: undefined, expired: new Set() };
  const problems = [...found];
  const byDigest = new Map<string, Client>();
  const spellings = new Map<string, string>();
  const listed = new Set<string>();
  const expired = new Set<string>();
  const aliases = new Set(await Promise.all(aliasTokens.map(digest)));
  for (const [index, client] of entries.entries()) {
    if (client === undefined) continue;
    const place = `clients[${index}].token`;
    for (const credential of client.credentials) {
      const hex = credential.kind === 'digest' ? credential.hex : await digest(credential.token);
      const spelling = spellingOf(credential);
      if (aliases.has(hex)) problems.push({ place, text: 'has a token that is also an alias token' });
      // In the same spelling it was found before.
      const isTwice = (spellings.get(hex) ?? spelling) !== spelling;
      if (isTwice) problems.push({ place, text: 'has a token that is in the file twice, once as a digest' });
      byDigest.set(hex, client);
      spellings.set(hex, spelling);
      (isExpired(client, now) ? expired : listed).add(hex);
    }
    for (const identity of client.identities ?? []) {
      (isExpired(client, now) ? expired : listed).add(keyOf(identity, file.issuers));
    }
  }
  return problems.length > 0
    ? { problems: withNames(problems, entries), listed, expired }
    : { registry: { ...file, byDigest, identified: file.clients.filter(({ identities }) => identities?.length) } };
}
