import { isObject, type Json } from '../json/members.ts';
import { parseStrictJson } from '../json/strict.ts';

/** Bytes. A longer bearer credential is not a token of an issuer. */
const MAX_TOKEN = 8 * 1024;

/** Signature algorithms that a token may have. There is no setting for them. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/**
 * RFC 7519 section 5.1 and RFC 9068 section 2.1. Other types, such as an ID token's logout token, are made for other
 * ends.
 */
const TYPES: readonly unknown[] = [undefined, 'JWT', 'at+jwt'];

/**
 * Header parameters that change how a token must be read (RFC 7515 section 4.1.11, RFC 7797), or that indicate
 * another kind of token. Parameters that name a key or a URL (`jwk`, `jku`, `x5u`, `x5c`) are never read.
 */
const FORBIDDEN = ['crit', 'b64', 'cty', 'enc', 'zip'];

/** A JSON Web Token in the compact form, before any of it is believed. */
export interface ParsedToken {
  readonly text: string;
  readonly algorithm: Algorithm;
  /** The key that the token names. */
  readonly keyId: string | undefined;
  readonly claims: Json;
}

/**
 * The `iss` of a text that has the shape of a JSON Web Token; undefined if the text has another shape or is too long.
 * Reads more leniently than `parseToken`, so that a damaged token of a known issuer is refused and not forwarded.
 */
export function issuerOf(text: string): string | undefined {
  if (text.length > MAX_TOKEN) return undefined;
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(text)?.[1];
  const bytes = payload === undefined ? undefined : decode(payload);
  if (bytes === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(claims) && Object.hasOwn(claims, 'iss') && typeof claims.iss === 'string' ? claims.iss : undefined;
  } catch {
    return undefined;
  }
}

/** The token, or why it is refused: no JWT that may be read in one way alone, or an algorithm that is not accepted. */
export function parseToken(text: string): ParsedToken | 'malformed' | 'algorithm' {
  const parts = text.split('.');
  const [header, claims] = parts.slice(0, 2).map(jsonOf);
  const isComplete = parts.length === 3 && isCanonical(parts[2]!) && parts[2] !== '';
  if (header === undefined || claims === undefined) return 'malformed';
  if (FORBIDDEN.some((name) => Object.hasOwn(header, name))) return 'malformed';
  if (!TYPES.includes(own(header, 'typ'))) return 'malformed';
  const algorithm = own(header, 'alg');
  if (!isAlgorithm(algorithm)) return 'algorithm';
  if (!isComplete) return 'malformed';
  const keyId = own(header, 'kid');
  if (keyId !== undefined && typeof keyId !== 'string') return 'malformed';
  const subject = own(claims, 'sub');
  if (subject !== undefined && typeof subject !== 'string') return 'malformed';
  return { text, algorithm, keyId, claims };
}

export const isAlgorithm = (value: unknown): value is Algorithm => (ALGORITHMS as readonly unknown[]).includes(value);

/** A member of the object's own; `__proto__` and `constructor` are names like any other. */
export const own = (json: Json, name: string): unknown => (Object.hasOwn(json, name) ? json[name] : undefined);

/** A JSON object in which no name stands twice. */
function jsonOf(part: string): Json | undefined {
  const bytes = isCanonical(part) ? decode(part) : undefined;
  if (bytes === undefined) return undefined;
  try {
    // A byte order mark stays in the text, and is not JSON.
    const json = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return 'value' in json && isObject(json.value) ? json.value : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of a base64url text without padding; undefined if it has an impossible length. */
export function decode(part: string): Uint8Array | undefined {
  let text: string;
  try {
    text = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
  // A loop takes a fifth of the time that Uint8Array.from takes, and anybody may send tokens.
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The last character that a text may have, by what is left of its length modulo 4: unused bits are zero. */
const LAST: readonly RegExp[] = [/^/, /^(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/];

/** Whether a base64url text is the only one for its bytes (RFC 4648 section 3.5). */
export const isCanonical = (part: string): boolean => /^[\w-]*$/.test(part) && LAST[part.length % 4]!.test(part);
