import type { Client } from '../policy/client.ts';
import type { IssuerKeys } from './keys/issuer-keys.ts';

/** Tokens that are remembered, of each kind. */
const MAX_TOKENS = 10_000;
/** Milliseconds. */
const KEPT = 5 * 60 * 1000;
const KEPT_BAD = 60 * 1000;

/** A token whose signature was verified, and whose client it is. */
export interface KnownToken {
  readonly client: Client;
  readonly keys: IssuerKeys;
  /** The key that verified it. */
  readonly keyId: string;
  /** Milliseconds since 1970, by the token's `exp`. */
  readonly expiresAt: number;
  readonly subject: string | undefined;
}

/** A token that the key did not sign which it names. */
interface BadToken {
  readonly keys: IssuerKeys;
  readonly keyId: string;
  readonly until: number;
}

/** Results for known tokens, by their SHA-256 digests. Belongs to one clients file, and ends with it. */
export class IdentityCache {
  readonly #good = new Map<string, { readonly token: KnownToken; readonly until: number }>();
  readonly #bad = new Map<string, BadToken>();

  /** A token that is still good: neither it nor its key has gone. */
  good(digest: string, now: number): KnownToken | undefined {
    const entry = this.#good.get(digest);
    if (entry === undefined) return undefined;
    const isGood = now < entry.until && entry.token.keys.has(entry.token.keyId);
    if (isGood) return entry.token;
    this.#good.delete(digest);
    return undefined;
  }

  keep(digest: string, token: KnownToken, now: number): void {
    const until = Math.min(now + KEPT, token.expiresAt);
    if (until > now) put(this.#good, digest, { token, until });
  }

  /** The issuer whose key was found not to have signed the token, while it has that key. */
  bad(digest: string, now: number): IssuerKeys | undefined {
    const entry = this.#bad.get(digest);
    return entry !== undefined && now < entry.until && entry.keys.has(entry.keyId) ? entry.keys : undefined;
  }

  keepBad(digest: string, keys: IssuerKeys, keyId: string, now: number): void {
    put(this.#bad, digest, { keys, keyId, until: now + KEPT_BAD });
  }

  get size(): number {
    return this.#good.size;
  }
}

/** Drops the oldest entry, so that a flood of tokens takes a bounded room. */
function put<T>(map: Map<string, T>, digest: string, entry: T): void {
  map.delete(digest);
  if (map.size >= MAX_TOKENS) map.delete(map.keys().next().value!);
  map.set(digest, entry);
}
