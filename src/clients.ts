import type { Aliases, Fields, Route } from './types.ts';

const ANYONE: Route = { kind: 'inject', client: 'anyone' };
const ALIAS: Route = { kind: 'inject', client: 'alias' };
const BYPASS: Route = { kind: 'bypass' };

/** Open: everyone is injected. Else only a client that presents an alias token as its bearer credential. */
export function routeOf(fields: Fields, aliases: Aliases): Route {
  if (aliases.isOpen) return ANYONE;
  const credential = bearerOf(fields.get('authorization'));
  return credential !== undefined && aliases.has(credential) ? ALIAS : BYPASS;
}

/** RFC 9110 section 11.1: the scheme is case-insensitive and one or more spaces follow it. */
function bearerOf(authorization: string | null): string | undefined {
  return authorization === null ? undefined : /^bearer +(\S.*)$/i.exec(authorization)?.[1];
}

/**
 * Alias tokens, looked up by a hash whose key changes with every start and then compared in constant time.
 * A lookup costs the same with one token as with ten thousand, and its time tells nothing of how much of one was right:
 * a guess has to meet the hash of a whole token before any of that token's characters are looked at.
 */
export class AliasTokens implements Aliases {
  readonly isOpen: boolean;
  readonly size: number;
  readonly #key = crypto.getRandomValues(new Uint32Array(1))[0]!;
  readonly #byHash = new Map<number, string[]>();

  /** @param isOpen false for tokens that were all revoked: nobody gets the token then */
  constructor(tokens: Iterable<string>, isOpen?: boolean) {
    const distinct = new Set(tokens);
    this.isOpen = isOpen ?? distinct.size === 0;
    for (const token of distinct) {
      const hash = this.#hash(token);
      this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), token]);
    }
    this.size = distinct.size;
  }

  has(presented: string): boolean {
    const candidates = this.#byHash.get(this.#hash(presented));
    // Without a candidate the comparison is made all the same, so that a miss takes as long.
    if (candidates === undefined) return isEqual(presented, presented) && false;
    let isKnown = false;
    for (const candidate of candidates) isKnown = isEqual(presented, candidate) || isKnown;
    return isKnown;
  }

  /** FNV-1a over UTF-16 units, started from the key. */
  #hash(text: string): number {
    let hash = this.#key;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash >>> 0;
  }
}

function isEqual(presented: string, candidate: string): boolean {
  let difference = presented.length ^ candidate.length;
  for (let i = 0; i < presented.length; i++) difference |= presented.charCodeAt(i) ^ candidate.charCodeAt(i);
  return difference === 0;
}
