import { isPlainValue, isToken } from './grammar.ts';
import { HOP_BY_HOP } from './header-tables.ts';
import { tableName } from './headers.ts';
import type { Transport } from './types.ts';

/** Header lines that the operator adds to every request to Sentry, for a gateway in front of it. */
export type UpstreamHeaders = readonly [name: string, value: string][];

/** Hop-by-hop fields, fields that the proxy sets itself, and fields that belong to the client's message. */
const RESERVED = new Set([
  ...HOP_BY_HOP,
  'accept-encoding',
  'authorization',
  'expect',
  'host',
  'http2-settings',
  'proxy-authorization',
  'te',
  'via',
  'x-request-id',
]);

/**
 * Reads `Name: value` lines. Blank lines and lines that start with `#` are left out. Complaints name a line by its
 * number, since any part of it may be a secret.
 */
export function readUpstreamHeaders(text: string, complain: (text: string) => void): UpstreamHeaders {
  const lines = text.split('\n').map(trimmed);
  const entries = lines.flatMap((line, index): Entry[] => {
    if (line === '' || line.startsWith('#')) return [];
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    return [{ place: `line ${index + 1}`, name, value: trimmed(line.slice(colon + 1)) }];
  });
  return checkEntries(entries, complain);
}

/** Reads the same lines from an object of names and values. */
export function readUpstreamHeadersObject(object: object, complain: (text: string) => void): UpstreamHeaders {
  const entries = Object.entries(object).map(([name, value], index): Entry => {
    const isText = typeof value === 'string';
    if (!isText) complain(`has a value in entry ${index + 1} that is not a string`);
    return { place: `entry ${index + 1}`, name, value: isText ? trimmed(value) : 'wrong' };
  });
  return checkEntries(entries, complain);
}

/** Without optional white space (RFC 9110 section 5.6.3), and without the CR of a line end. */
const trimmed = (text: string): string => text.replace(/^[ \t]+|[ \t\r]+$/g, '');

interface Entry {
  readonly place: string;
  readonly name: string;
  readonly value: string;
}

function checkEntries(entries: readonly Entry[], complain: (text: string) => void): UpstreamHeaders {
  const earlier = new Map<string, string>();
  for (const { place, name, value } of entries) {
    const first = earlier.get(tableName(name));
    if (!isToken(name)) complain(`has no header name and colon in ${place}`);
    else if (isReserved(name)) complain(`has a name in ${place} that is the proxy's to set, or the client's`);
    else if (value === '') complain(`has no value in ${place}`);
    else if (!isPlainValue(value)) complain(`has a character in ${place} that is not visible ASCII`);
    else if (first !== undefined) complain(`has the name of ${first} again in ${place}`);
    else earlier.set(tableName(name), place);
  }
  return entries.map(({ name, value }) => [name, value]);
}

/** WSGI reads `_` as `-`, so neither spelling gets by. All `Content-*` fields describe the client's body. */
function isReserved(name: string): boolean {
  const read = tableName(name);
  return RESERVED.has(read) || read.startsWith('content-');
}

/**
 * A transport that adds these headers to each request. A line of the same name is left out, in every spelling that
 * Sentry may read as the same.
 * @param headers asked at each request, since they may change
 */
export function withUpstreamHeaders(send: Transport, headers: () => UpstreamHeaders): Transport {
  const transport: Transport = (url, request) => {
    const own = headers();
    if (own.length === 0) return send(url, request);
    const names = own.map(([name]) => tableName(name));
    const { from, dropped, added } = request.headers;
    const kept = added.filter(([name]) => !names.includes(tableName(name)));
    const edited = { from, dropped: new Set([...dropped, ...names]), added: [...kept, ...own] };
    return send(url, { ...request, headers: edited });
  };
  return Object.assign(transport, { losesLengths: send.losesLengths ?? false });
}
