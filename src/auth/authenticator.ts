import { ProxyError } from '../http/errors.ts';
import type { Fields } from '../http/types.ts';
import type { Identification, Identities } from '../identity/identities.ts';
import type { KeyRing } from '../identity/keys/key-ring.ts';
import { type ClientRegistry, type Digest, identitiesOf } from './client-registry.ts';
import type { Authentication, Authenticator } from './types.ts';

const ANYONE: Authentication = { kind: 'inject', principal: { name: 'anyone', isAnyone: true } };
const BYPASS = { kind: 'bypass' } as const;
const REJECT = { kind: 'reject' } as const;

/** The credentials that an authenticator knows. */
export interface KnownCredentials {
  readonly aliasTokens: readonly string[];
  /** Whether every request gets the token: neither alias tokens nor clients were ever set. */
  readonly isOpen: boolean;
  /** What becomes of a request without a known token. If the clients file says `reject`, it is refused too. */
  readonly unmatched: 'bypass' | 'reject';
  /** The named clients; undefined: there is no clients file. */
  readonly registry?: ClientRegistry | undefined;
  /** Takes the issuers of the clients file. */
  readonly ring?: KeyRing;
  /** The names of former clients by the digests of the tokens that they had: they count for nothing but the log. */
  readonly revoked?: ReadonlyMap<string, string> | undefined;
  readonly digest: Digest;
}

/**
 * Finds a bearer token's principal by the token's SHA-256 digest. A lookup costs one hash, however many tokens there
 * are, and its time does not show how close a guess was.
 */
export class BearerAuthenticator implements Authenticator {
  readonly isOpen: boolean;
  readonly #digest: Digest;
  readonly #unmatched: Authentication;
  readonly #byDigest: ReadonlyMap<string, Authentication>;
  readonly #identities: Identities | undefined;

  private constructor(
    { isOpen, digest }: KnownCredentials,
    unmatched: Authentication,
    byDigest: ReadonlyMap<string, Authentication>,
    identities: Identities | undefined,
  ) {
    this.isOpen = isOpen;
    this.#digest = digest;
    this.#unmatched = unmatched;
    this.#byDigest = byDigest;
    this.#identities = identities;
  }

  static async of(known: KnownCredentials): Promise<BearerAuthenticator> {
    const { registry, ring } = known;
    const unmatched = known.unmatched === 'reject' || registry?.unmatched === 'reject' ? REJECT : BYPASS;
    const identities = registry && ring && identitiesOf(registry, ring);
    const byDigest = new Map<string, Authentication>();
    for (const [digest, client] of known.revoked ?? []) {
      byDigest.set(digest, { ...unmatched, revoked: { client, fingerprint: fingerprintOf(digest) } });
    }
    const aliases = await Promise.all([...new Set(known.aliasTokens)].map(known.digest));
    for (const [index, digest] of aliases.entries()) {
      byDigest.set(digest, { kind: 'inject', principal: { name: `alias-${index + 1}` } });
    }
    for (const [digest, client] of registry?.byDigest ?? []) {
      const credential = identities && ({ credential: 'token' } as const);
      const principal = { name: client.name, client, fingerprint: fingerprintOf(digest), ...credential };
      byDigest.set(digest, { kind: 'inject', principal });
    }
    return new BearerAuthenticator(known, unmatched, byDigest, identities);
  }

  /** Synchronous if the digest is, which saves each request of the program two turns of the event loop's queue. */
  authenticate(fields: Fields): Authentication | Promise<Authentication> {
    if (this.isOpen) return ANYONE;
    const token = bearerOf(fields.get('authorization'));
    if (token === undefined) return this.#unmatched;
    const digest = this.#digest(token);
    return typeof digest === 'string' ? this.#find(token, digest) : digest.then((hex) => this.#find(token, hex));
  }

  #find(token: string, digest: string): Authentication | Promise<Authentication> {
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const identified = this.#identities?.identify(token, digest);
    if (identified === undefined) return this.#unmatched;
    return identified instanceof Promise ? identified.then(authenticationOf) : authenticationOf(identified);
  }
}

/** Tells the tokens of a client from each other, and begins like the digest in the clients file. */
const fingerprintOf = (digest: string): string => digest.slice(0, 8);

/** Refuses the token of a known issuer for any fault: it is never bypassed. */
function authenticationOf(identified: Identification): Authentication {
  const { issuer } = identified;
  if ('client' in identified) {
    const { client, subject } = identified;
    return { kind: 'inject', principal: { name: client.name, client, credential: 'jwt', issuer, subject } };
  }
  if ('unavailable' in identified) {
    const retryAfter: [string, string] = ['Retry-After', String(identified.retryAfterSeconds)];
    return { kind: 'refuse', issuer, error: new ProxyError('keys_unavailable', identified.unavailable, [retryAfter]) };
  }
  const { refusal, names } = identified;
  return {
    kind: 'refuse',
    issuer,
    refusal,
    // The client is told nothing more: that would show which claims are those of a client.
    error: new ProxyError('identity_refused'),
    ...(names.length > 0 && { cause: `the claims are those of ${names.join(' and ')}` }),
  };
}

/** RFC 9110 section 11.1: the scheme is case-insensitive and one or more spaces follow it. */
function bearerOf(authorization: string | null): string | undefined {
  return authorization === null ? undefined : /^bearer +(\S.*)$/i.exec(authorization)?.[1];
}
