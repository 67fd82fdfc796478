import { type Add, checkKeys, isObject, type Json, required, texts } from '../json/members.ts';
import { isReservedName } from '../policy/client.ts';
import { isForOthers } from './audiences.ts';
import { MAX_KEYS, readKeySet } from './keys/key-set.ts';

/** Whose tokens may identify clients. */
export interface Issuer {
  /** The name in the clients file: for the log and the metrics. */
  readonly name: string;
  /** The value of `iss`, compared character by character. */
  readonly url: string;
  /** One of these has to be in `aud`. */
  readonly audiences: readonly string[];
  readonly keys: KeysFrom;
  /** The path of a file with the authorities to trust when keys are fetched, in PEM. */
  readonly ca?: string;
  /** The path of a file with the bearer token that is sent when keys are fetched from the origin that the file names. */
  readonly bearerFile?: string;
}

/** Where an issuer's keys come from. */
export type KeysFrom =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'inline'; readonly text: string };

export const ISSUER_KEYS = ['url', 'audience', 'jwks', 'keysFile', 'keys', 'ca', 'bearerFile'];
const MAX_ISSUERS = 32;
const MAX_URL = 2048;

/** Reads `issuers` of a clients file. An issuer with a problem is in the result too, so that no other problem hides. */
export function readIssuers(file: Json, add: Add): Issuer[] {
  if (!Object.hasOwn(file, 'issuers')) return [];
  const { issuers } = file;
  if (!isObject(issuers)) {
    add('issuers', 'is not an object of issuers by their names');
    return [];
  }
  const names = Object.keys(issuers);
  if (names.length > MAX_ISSUERS) add('issuers', `has more than ${MAX_ISSUERS} issuers`);
  const read = names.slice(0, MAX_ISSUERS).flatMap((name, index) => {
    const isName = /^[a-z0-9][a-z0-9-]{0,31}$/.test(name);
    // A name may be a secret in the wrong place, so only what looks like a name is shown.
    const place = isName ? `issuers.${name}` : `issuers (number ${index + 1})`;
    if (!isName)
      add(place, 'has a name that is not 1 to 32 lower-case letters, digits and hyphens, or starts with a hyphen');
    else if (isReservedName(name)) add(place, 'has a name that is reserved for the log and the metrics');
    const issuer = readIssuer(name, issuers[name], place, add);
    return issuer === undefined ? [] : [issuer];
  });
  read.forEach(({ url, name }, index) => {
    const isTwice = url !== '' && read.findIndex((other) => other.url === url) < index;
    if (isTwice) add(`issuers.${name}.url`, 'is also the url of another issuer');
  });
  return read;
}

function readIssuer(name: string, json: unknown, place: string, add: Add): Issuer | undefined {
  if (!isObject(json)) {
    add(place, 'is not an object');
    return undefined;
  }
  checkKeys(json, ISSUER_KEYS, place, add);
  const url = readUrl(required(json, 'url', `${place}.url`, add), `${place}.url`, add);
  const audiences = readAudiences(json, `${place}.audience`, url, add);
  const keys = readKeys(json, place, add);
  const paths = Object.fromEntries(
    (['ca', 'bearerFile'] as const).flatMap((key) => {
      if (!Object.hasOwn(json, key)) return [];
      const isFetched = keys.kind === 'discovery' || keys.kind === 'url';
      if (!isFetched) add(`${place}.${key}`, 'has no effect with keys that are not fetched; remove it');
      return [[key, readPath(json[key], `${place}.${key}`, add)]];
    }),
  );
  return { name, url, audiences, keys, ...paths };
}

/** Whether keys may be fetched from a URL: https, or http on this machine. */
export function isFetchable(url: string, mayHaveQuery = false): boolean {
  const isPlain = /^https?:\/\/[^\s/?#@\\]+(?:\/[!-~]*)?$/.test(url) && !/[#\\]/.test(url) && url.length <= MAX_URL;
  if (!mayHaveQuery && url.includes('?')) return false;
  if (!isPlain || !URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || isLoopback(hostname);
}

/** RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
const isLoopback = (hostname: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);

function readUrl(value: unknown, place: string, add: Add): string {
  if (value === undefined) return '';
  if (typeof value === 'string' && isFetchable(value)) return value;
  add(place, NO_URL);
  return '';
}

const NO_URL =
  'is not a URL with https (or http to localhost), without user, query and fragment; write it as the iss of its tokens';

function readAudiences(json: Json, place: string, url: string, add: Add): readonly string[] {
  const value = required(json, 'audience', place, add);
  if (value === undefined) return [];
  const list = typeof value === 'string' ? [{ text: value, at: place }] : (texts(json, 'audience', place, add) ?? []);
  for (const { text, at } of list) {
    const whose = isForOthers(text, url);
    if (text === '') add(at, 'is empty');
    else if (whose !== undefined) add(at, `is ${whose}; choose a name for this proxy alone, such as its URL`);
  }
  return list.map(({ text }) => text);
}

function readKeys(json: Json, place: string, add: Add): KeysFrom {
  const given = ['jwks', 'keysFile', 'keys'].filter((key) => Object.hasOwn(json, key));
  if (given.length > 1) add(place, `has ${given.join(' and ')}; keys come from one of them`);
  if (Object.hasOwn(json, 'jwks')) return { kind: 'url', url: readKeysUrl(json.jwks, `${place}.jwks`, add) };
  if (Object.hasOwn(json, 'keysFile')) {
    return { kind: 'file', path: readPath(json.keysFile, `${place}.keysFile`, add) };
  }
  if (Object.hasOwn(json, 'keys')) return { kind: 'inline', text: readInlineKeys(json.keys, `${place}.keys`, add) };
  return { kind: 'discovery' };
}

function readKeysUrl(value: unknown, place: string, add: Add): string {
  if (typeof value === 'string' && isFetchable(value)) return value;
  add(place, 'is not a URL with https (or http to localhost), without user, query and fragment');
  return '';
}

function readInlineKeys(value: unknown, place: string, add: Add): string {
  const text = JSON.stringify(value);
  const set = readKeySet(text);
  if ('problem' in set) add(place, set.problem);
  else if (set.keys.length === 0)
    add(place, `has no key that can be used: ${set.warnings.join('; ') || 'it is empty'}`);
  else if (set.keys.length > MAX_KEYS) add(place, `has more than ${MAX_KEYS} keys`);
  return text;
}

function readPath(value: unknown, place: string, add: Add): string {
  const isPath = typeof value === 'string' && value !== '' && !value.includes('\0');
  if (!isPath) add(place, 'is not the path of a file');
  return isPath ? value : '';
}

/** The settings of an issuer that only a runtime with files supports. */
export const needsFiles = (issuer: Issuer): readonly string[] => [
  ...(issuer.keys.kind === 'file' ? ['keysFile'] : []),
  ...(issuer.ca === undefined ? [] : ['ca']),
  ...(issuer.bearerFile === undefined ? [] : ['bearerFile']),
];
