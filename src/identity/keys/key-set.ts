import { isObject, type Json } from '../../json/members.ts';
import { parseStrictJson } from '../../json/strict.ts';
import { type Algorithm, decode, isAlgorithm, isCanonical, own } from '../token.ts';

/** A set with more keys is refused whole. */
export const MAX_KEYS = 50;

/** A public key of an issuer, with the members alone that verification needs. */
export interface PublicKey {
  /** Equal for equal keys. */
  readonly id: string;
  readonly keyId: string | undefined;
  readonly algorithms: readonly Algorithm[];
  readonly jwk: Readonly<Record<string, string>>;
}

/** The keys of a set that can be used, and what is wrong with the others. */
interface KeySet {
  readonly keys: readonly PublicKey[];
  /** One for each key that is left out. None shows any of a key. */
  readonly warnings: readonly string[];
}

/** Reads a JSON Web Key Set (RFC 7517 section 5), or says why it is none. */
export function readKeySet(text: string): KeySet | { readonly problem: string } {
  const json = parseStrictJson(text);
  if ('problem' in json) return { problem: json.problem };
  const list = isObject(json.value) ? own(json.value, 'keys') : undefined;
  if (!Array.isArray(list)) return { problem: 'is not a JSON Web Key Set: an object with a list of keys' };
  if (list.length > MAX_KEYS) return { problem: `has more than ${MAX_KEYS} keys` };
  const keys = new Map<string, PublicKey>();
  const warnings: string[] = [];
  list.forEach((entry: unknown, index) => {
    const key = isObject(entry) ? readKey(entry) : 'it is not an object';
    if (typeof key === 'string') warnings.push(`key ${index + 1} is left out: ${key}`);
    else keys.set(key.id, key);
  });
  return { keys: [...keys.values()], warnings };
}

/** RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1. Anyone who can read the set could sign with such a key. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** The key, or why it is left out. */
function readKey(json: Json): PublicKey | string {
  const kty = own(json, 'kty');
  if (kty === 'oct') return 'it is symmetric';
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(json, name))) return 'it has private members';
  const use = own(json, 'use');
  if (use !== undefined && use !== 'sig') return 'its use is not sig';
  const operations = own(json, 'key_ops');
  const isForVerifying = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  if (!isForVerifying) return 'its key_ops lack verify';
  const keyId = own(json, 'kid');
  if (keyId !== undefined && typeof keyId !== 'string') return 'its kid is not a string';
  const read = kty === 'RSA' ? readRsa(json) : kty === 'EC' || kty === 'OKP' ? readCurve(json) : 'its type is unknown';
  if (typeof read === 'string') return read;
  // RFC 9864 gives EdDSA over Ed25519 a new name.
  const alg = own(json, 'alg') === 'Ed25519' ? 'EdDSA' : own(json, 'alg');
  const algorithms = read.algorithms.filter((algorithm) => alg === undefined || alg === algorithm);
  if (algorithms.length === 0) return isAlgorithm(alg) ? 'its alg does not fit its type' : 'its alg is not accepted';
  return { id: JSON.stringify([keyId, alg, read.jwk]), keyId, algorithms, jwk: read.jwk };
}

type Material = Pick<PublicKey, 'algorithms' | 'jwk'>;

/** RFC 7518 section 3.3 asks for 2048 bits. The upper bound keeps a verification cheap. */
const MIN_BITS = 2048;
const MAX_BITS = 8192;

function readRsa(json: Json): Material | string {
  const n = bytesOf(json, 'n');
  const e = bytesOf(json, 'e');
  if (n === undefined || e === undefined) return 'its n or e is not base64url';
  const bits = bitLength(n);
  if (bits < MIN_BITS) return `it has fewer than ${MIN_BITS} bits`;
  if (bits > MAX_BITS) return `it has more than ${MAX_BITS} bits`;
  // With an exponent of 1 every text signs itself.
  const isExponent = bitLength(e) >= 2 && bitLength(e) <= 64 && (e.at(-1)! & 1) === 1;
  if (!isExponent) return 'its exponent is unusual';
  return { algorithms: ['RS256', 'PS256'], jwk: { kty: 'RSA', n: json.n as string, e: json.e as string } };
}

const CURVES: Readonly<Record<string, { kty: string; size: number; algorithm: Algorithm }>> = {
  'P-256': { kty: 'EC', size: 32, algorithm: 'ES256' },
  'P-384': { kty: 'EC', size: 48, algorithm: 'ES384' },
  Ed25519: { kty: 'OKP', size: 32, algorithm: 'EdDSA' },
};

function readCurve(json: Json): Material | string {
  const crv = own(json, 'crv');
  const curve = typeof crv === 'string' && Object.hasOwn(CURVES, crv) ? CURVES[crv]! : undefined;
  if (curve === undefined || curve.kty !== json.kty) return 'its curve is not P-256, P-384 or Ed25519';
  const coordinates = curve.kty === 'EC' ? ['x', 'y'] : ['x'];
  const isComplete = coordinates.every((name) => bytesOf(json, name)?.length === curve.size);
  if (!isComplete) return 'its coordinates are not base64url of the right length';
  const members = coordinates.map((name) => [name, json[name] as string]);
  return { algorithms: [curve.algorithm], jwk: { kty: curve.kty, crv: crv as string, ...Object.fromEntries(members) } };
}

function bytesOf(json: Json, name: string): Uint8Array | undefined {
  const text = own(json, name);
  return typeof text === 'string' && text !== '' && isCanonical(text) ? decode(text) : undefined;
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first]!) - 24);
}
