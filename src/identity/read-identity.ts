import { type Add, checkKeys, isObject, type Json, required } from '../json/members.ts';
import { suggestion } from '../nearest-name.ts';
import type { ClaimRule, ClaimValue, Identity } from '../policy/client.ts';
import { pathOf } from './claims.ts';
import type { Issuer } from './issuer.ts';
import { pinProblems } from './pins.ts';

export const IDENTITY_KEYS = ['issuer', 'claims'];
const MAX_TEXT = 1024;

/**
 * Reads a client's `identity`. An entry with a problem is left out, so it identifies no client.
 * @param issuers those of the file; undefined if they could not be read
 */
export function readIdentities(json: Json, place: string, issuers: readonly Issuer[], add: Add): Identity[] {
  if (!Object.hasOwn(json, 'identity')) return [];
  const { identity } = json;
  const isList = Array.isArray(identity);
  const entries: readonly unknown[] = isList ? identity : [identity];
  if (entries.length === 0) add(`${place}.identity`, 'is empty');
  return entries.flatMap((entry, index) => {
    const at = isList ? `${place}.identity[${index}]` : `${place}.identity`;
    const read = readIdentity(entry, at, issuers, add);
    return read === undefined ? [] : [read];
  });
}

function readIdentity(json: unknown, place: string, issuers: readonly Issuer[], add: Add): Identity | undefined {
  let isGood = true;
  const complain: Add = (at, text) => {
    isGood = false;
    add(at, text);
  };
  if (!isObject(json)) {
    complain(place, 'is not an object with issuer and claims');
    return undefined;
  }
  checkKeys(json, IDENTITY_KEYS, place, complain);
  const issuer = readIssuerName(json, `${place}.issuer`, issuers, complain);
  const claims = readClaims(json, `${place}.claims`, complain);
  if (issuer === undefined || !isGood) return undefined;
  for (const problem of pinProblems(claims, issuer)) complain(`${place}.claims`, problem);
  return isGood ? { issuer: issuer.name, claims } : undefined;
}

function readIssuerName(json: Json, place: string, issuers: readonly Issuer[], add: Add): Issuer | undefined {
  const name = required(json, 'issuer', place, add);
  if (name === undefined) return undefined;
  const issuer = issuers.find((one) => one.name === name);
  const names = issuers.map((one) => one.name);
  if (issuer === undefined) {
    add(place, `is not a name under issuers${typeof name === 'string' ? suggestion(name, names) : ''}`);
  }
  return issuer;
}

function readClaims(json: Json, place: string, add: Add): ClaimRule[] {
  const claims = required(json, 'claims', place, add);
  if (claims === undefined) return [];
  if (!isObject(claims)) {
    add(place, 'is not an object of claims with their values');
    return [];
  }
  const names = Object.keys(claims);
  // Without a claim, every token of the issuer would identify this client.
  if (names.length === 0) add(place, 'is empty; name the claims that only this client has');
  const rules = names.map((claim, index): ClaimRule => {
    const at = /^[\w./:-]{1,100}$/.test(claim) ? `${place}.${claim}` : `${place} (number ${index + 1})`;
    const path = claim === '' ? undefined : pathOf(claim);
    if (path === undefined)
      add(at, 'is neither the name of a claim nor a JSON pointer such as /kubernetes.io/namespace');
    return { claim, path: path ?? [], values: readValues(claims[claim], at, add) };
  });
  rules.forEach(({ path }, index) => {
    const isTwice = rules.findIndex((other) => other.path.join('\0') === path.join('\0')) < index;
    if (isTwice && path.length > 0) add(place, 'names a claim twice, once as a JSON pointer');
  });
  return rules;
}

function readValues(value: unknown, place: string, add: Add): ClaimValue[] {
  const isList = Array.isArray(value);
  const list: readonly unknown[] = isList ? value : [value];
  if (list.length === 0) add(place, 'is empty');
  return list.flatMap((entry, index): ClaimValue[] => {
    const at = isList ? `${place}[${index}]` : place;
    const problem = valueProblem(entry) ?? (list.indexOf(entry) < index ? 'is listed twice' : undefined);
    if (problem === undefined) return [entry as ClaimValue];
    add(at, problem);
    return [];
  });
}

function valueProblem(value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined;
  // Beyond these, several numbers are read as one.
  if (typeof value === 'number')
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? undefined : 'is a number that is too large';
  if (typeof value !== 'string') return 'is not a string, a number, true or false';
  if (value === '') return 'is empty';
  return value.length > MAX_TEXT ? `is longer than ${MAX_TEXT} characters` : undefined;
}

/** Equal for identities of the same tokens, even from different files. */
export const identityKey = ({ claims }: Identity, { url }: Issuer): string =>
  JSON.stringify([
    url,
    claims.map(({ path, values }) => JSON.stringify([path, values.map(String).toSorted()])).toSorted(),
  ]);
