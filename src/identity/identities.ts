import type { Client } from '../policy/client.ts';
import { checkClaims, type Identified, matchClient, type Refusal, subjectOf } from './checks.ts';
import { IdentityCache, type KnownToken } from './identity-cache.ts';
import type { IssuerKeys } from './keys/issuer-keys.ts';
import { Places } from './places.ts';
import type { Verifier } from './signature.ts';
import { issuerOf, parseToken } from './token.ts';

/** The outcome for a token of a known issuer. */
export type Identification =
  | {
      readonly client: Client;
      readonly issuer: string;
      /** The token's `sub`. */
      readonly subject: string | undefined;
    }
  | {
      readonly refusal: Refusal;
      readonly issuer: string;
      /** The clients that all have the claims, for the log alone. */
      readonly names: readonly string[];
    }
  | {
      /** Why the token could not be verified now. */
      readonly unavailable: string;
      readonly retryAfterSeconds: number;
      readonly issuer: string;
    };

interface IdentitiesOptions {
  readonly clients: readonly Client[];
  /** The keys of each issuer of the file. */
  readonly issuers: readonly IssuerKeys[];
  /** Whether a request may wait for another one: not in workerd, where it may wait for ever. */
  readonly isShared: boolean;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

/** The clients of one clients file, to be found by the tokens of their issuers. */
export class Identities {
  readonly #byUrl: ReadonlyMap<string, IssuerKeys>;
  readonly #byIssuer: ReadonlyMap<string, readonly Identified[]>;
  readonly #cache = new IdentityCache();
  /** Undefined where a request that is dropped would keep its place for ever; verifications there do not overlap. */
  readonly #places: Places | undefined;
  readonly #now: () => number;
  #verifier: Verifier | undefined;

  constructor({ clients, issuers, isShared, now = Date.now }: IdentitiesOptions) {
    this.#byUrl = new Map(issuers.map((keys) => [keys.issuer.url, keys]));
    const identified = clients.flatMap((client) =>
      (client.identities ?? []).map((identity): Identified => ({ client, identity })),
    );
    this.#byIssuer = Map.groupBy(identified, ({ identity }) => identity.issuer);
    this.#places = isShared ? new Places() : undefined;
    this.#now = now;
  }

  /**
   * Finds the client of a token.
   * @param digest the token's SHA-256 in lower-case hex
   * @returns undefined if the token is of no issuer of the file. At once for a token that was seen before.
   */
  identify(text: string, digest: string): Identification | undefined | Promise<Identification> {
    const now = this.#now();
    const known = this.#cache.good(digest, now);
    if (known !== undefined) return identificationOf(known);
    const forged = this.#cache.bad(digest, now);
    if (forged !== undefined) return { refusal: 'signature', issuer: forged.issuer.name, names: [] };
    const url = issuerOf(text);
    const keys = url === undefined ? undefined : this.#byUrl.get(url);
    return keys === undefined ? undefined : this.#decide(text, digest, keys);
  }

  async #decide(text: string, digest: string, keys: IssuerKeys): Promise<Identification> {
    const { issuer } = keys;
    const refused = (refusal: Refusal, names: readonly string[] = []): Identification => ({
      refusal,
      issuer: issuer.name,
      names,
    });
    const token = parseToken(text);
    if (typeof token === 'string') return refused(token);
    const key = await keys.find(token);
    const unavailable = (why: string, retryAfterSeconds: number): Identification => ({
      unavailable: why,
      retryAfterSeconds,
      issuer: issuer.name,
    });
    if (key === 'unavailable') return unavailable(`the keys of ${issuer.name}`, keys.retryAfterSeconds);
    if (key === undefined) return refused('key');

    // Anybody can have an issuer that many share sign a token, so that a signature is only worth its time for a client.
    const now = this.#now();
    const fault = checkClaims(token.claims, issuer, now / 1000);
    if (fault !== undefined) return refused(fault);
    const match = matchClient(token.claims, this.#byIssuer.get(issuer.name) ?? []);
    if ('refusal' in match) return refused(match.refusal, match.names);

    const isSigned = await this.#verify(token, key);
    if (isSigned === undefined) return unavailable('too many verifications at a time', 1);
    if (!isSigned) {
      this.#cache.keepBad(digest, keys, key.id, now);
      return refused('signature');
    }
    const expiresAt = (token.claims.exp as number) * 1000;
    const known = { client: match.client, keys, keyId: key.id, expiresAt, subject: subjectOf(token.claims) };
    this.#cache.keep(digest, known, now);
    return identificationOf(known);
  }

  async #verify(...[token, key]: Parameters<Verifier['holds']>): Promise<boolean | undefined> {
    const verify = async () => (await this.#verifierOf()).holds(token, key);
    return this.#places === undefined ? verify() : this.#places.run(verify);
  }

  /** Where requests may not wait for each other, each loads the module itself; a second time that takes no time. */
  async #verifierOf(): Promise<Verifier> {
    const { Verifier } = await import('./signature.ts');
    this.#verifier ??= new Verifier();
    return this.#verifier;
  }
}

const identificationOf = ({ client, keys, subject }: KnownToken): Identification => ({
  client,
  issuer: keys.issuer.name,
  subject,
});
