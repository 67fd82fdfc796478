import { type Client, isExpired } from './client.ts';
import { type ClientsFile, examineClients, type FileProblem, spellingOf } from './clients-file.ts';

/** SHA-256 of a text's bytes in lower-case hex. Synchronous where the runtime can, since each request needs one. */
export type Digest = (token: string) => string | Promise<string>;

/** The digest of Web Crypto, which is asynchronous. */
export async function webDigest(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Finds the client of a token by the token's digest: the cost is that of one hash, however many clients there are, and
 * the time that a look-up takes reveals nothing about a token.
 */
export class ClientDirectory {
  readonly unmatched: ClientsFile['unmatched'];
  readonly clients: readonly Client[];
  /** The client of each digest, in lower-case hex. */
  readonly byDigest: ReadonlyMap<string, Client>;
  readonly #digest: Digest;

  /** @param byDigest of every credential of the clients, in lower-case hex */
  constructor({ clients, unmatched }: ClientsFile, byDigest: ReadonlyMap<string, Client>, digest: Digest) {
    this.clients = clients;
    this.unmatched = unmatched;
    this.byDigest = byDigest;
    this.#digest = digest;
  }

  /**
   * The client that presents this token. One that has expired is found as well, so that it is refused and not bypassed.
   * Synchronous if the digest is.
   */
  find(token: string): Client | undefined | Promise<Client | undefined> {
    const digest = this.#digest(token);
    return typeof digest === 'string'
      ? this.byDigest.get(digest)
      : digest.then((resolved) => this.byDigest.get(resolved));
  }

  /**
   * The same without the credentials whose digest is not in `kept`; used if a new file is bad.
   * @param expired digests whose client is refused as expired, not forgotten: it must not fall through to bypass
   */
  only(kept: ReadonlySet<string>, expired: ReadonlySet<string> = new Set()): ClientDirectory {
    const left = new Map([...this.byDigest].filter(([digest]) => kept.has(digest)));
    const over = [...this.byDigest].filter(([digest]) => expired.has(digest));
    const byDigest = new Map([
      ...left,
      ...over.map(([digest, client]) => [digest, { ...client, expiresAt: 0 }] as const),
    ]);
    const stay = new Set(left.values());
    const clients = this.clients.filter((client) => stay.has(client));
    return new ClientDirectory({ clients, unmatched: this.unmatched }, byDigest, this.#digest);
  }
}

/** The directory, or what is wrong. */
export type LoadedClients =
  | { readonly directory: ClientDirectory }
  | {
      readonly problems: readonly FileProblem[];
      /**
       * Digests of the credentials that the bad file still gives. If another file is in force, the others are to stop:
       * `directory.only(listed)`. Undefined: the file could not be read so far.
       */
      readonly listed: ReadonlySet<string> | undefined;
      /** Digests of the credentials that the bad file has expire. */
      readonly expired: ReadonlySet<string>;
    };

/**
 * Reads, checks and prepares a clients file.
 * @param aliasTokens which no client may have as well
 * @param now milliseconds since 1970
 * @example
 * const loaded = await loadClients(text, aliasTokens, webDigest, Date.now());
 * if ('directory' in loaded) directory = loaded.directory;
 * else if (loaded.listed !== undefined) directory = directory?.only(loaded.listed, loaded.expired);
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
      if (aliases.has(hex)) problems.push({ place, text: 'has a token that is an alias token as well' });
      // In the same spelling it was found before.
      const isTwice = byDigest.has(hex) && spellings.get(hex) !== spelling;
      if (isTwice) problems.push({ place, text: 'has a token that is in the file twice, once as a digest' });
      byDigest.set(hex, client);
      spellings.set(hex, spelling);
      (isExpired(client, now) ? expired : listed).add(hex);
    }
  }
  return problems.length > 0
    ? { problems, listed, expired }
    : { directory: new ClientDirectory(file, byDigest, digest) };
}
