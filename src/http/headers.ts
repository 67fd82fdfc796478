import { isToken } from './grammar.ts';
import {
  COMMON_REQUEST_FIELDS,
  COMMON_RESPONSE_FIELDS,
  type FieldTable,
  HOP_BY_HOP,
  OWN_RESPONSE_FIELDS,
  PROXY_REQUEST_FIELDS,
  PROXY_RESPONSE_FIELDS,
  REQUEST_FIELD_PREFIXES,
} from './header-tables.ts';
import type { EditedFields, Fields } from './types.ts';

/** Whether the token is injected into a request. */
type Kind = 'inject' | 'bypass';

const namesOf = (...tables: FieldTable[]): ReadonlySet<string> => new Set(tables.flat());

/** Names of the request fields that do not go to Sentry. */
export const DROPPED_FROM_REQUESTS: Readonly<Record<Kind, ReadonlySet<string>>> = {
  inject: namesOf(HOP_BY_HOP, COMMON_REQUEST_FIELDS, PROXY_REQUEST_FIELDS),
  bypass: namesOf(HOP_BY_HOP, COMMON_REQUEST_FIELDS),
};

const DROPPED_FROM_RESPONSES: Readonly<Record<Kind, ReadonlySet<string>>> = {
  inject: namesOf(
    HOP_BY_HOP,
    COMMON_RESPONSE_FIELDS,
    PROXY_RESPONSE_FIELDS,
    OWN_RESPONSE_FIELDS.map(([name]) => name.toLowerCase()),
  ),
  bypass: namesOf(HOP_BY_HOP, COMMON_RESPONSE_FIELDS),
};

/**
 * The fields of a request as they go to Sentry.
 * @param dropped names, in lower case, of the lines to leave out
 * @param added lines that no field of the client removes
 */
export const cleanRequest = (
  fields: Fields,
  dropped: ReadonlySet<string>,
  added: [string, string][],
): EditedFields => ({ from: fields, dropped: withPrefixed(withNamedByConnection(dropped, fields), fields), added });

/** The fields of a response as they go to the client. */
export const cleanResponse = (fields: Fields, kind: Kind, added: readonly [string, string][]): EditedFields => ({
  from: fields,
  dropped: withNamedByConnection(DROPPED_FROM_RESPONSES[kind], fields),
  added: kind === 'inject' ? [...added, ...OWN_LINES] : added,
});

/** The proxy's own lines of a response to an injected request. */
export const OWN_LINES = OWN_RESPONSE_FIELDS.map(([name, value]): [string, string] => [name, value]);

/** The same fields, with some more removed and others added. */
export const withEdits = (
  { from, dropped, added }: EditedFields,
  without: readonly string[],
  also: readonly [string, string][],
): EditedFields => ({
  from,
  dropped: new Set([...dropped, ...without]),
  // Fields from an earlier edit are replaced too: a response that is edited twice has one length.
  added: [...added.filter(([name]) => !without.includes(name.toLowerCase())), ...also],
});

/** The same fields, of those that came only the ones with these names. */
export function withOnly({ from, dropped, added }: EditedFields, kept: ReadonlySet<string>): EditedFields {
  const all = new Set(dropped);
  for (const [name] of from) if (!kept.has(tableName(name))) all.add(tableName(name));
  return { from, dropped: all, added };
}

/** The fields as they go out, for reading. */
export const viewOf = (edited: EditedFields): Fields => {
  const lines = linesOf(edited);
  return {
    get(name) {
      const values = lines.filter((line) => line[0].toLowerCase() === name).map(([, value]) => value);
      return values.length === 0 ? null : values.join(', ');
    },
    [Symbol.iterator]: () => lines[Symbol.iterator](),
  };
};

/** These lines and no others. */
export const onlyFields = (added: [string, string][]): EditedFields => ({ from: NO_FIELDS, dropped: new Set(), added });

const NO_FIELDS: Fields = { get: () => null, [Symbol.iterator]: () => [][Symbol.iterator]() };

/** The outgoing fields, line by line. */
export function linesOf({ from, dropped, added }: EditedFields): [string, string][] {
  const lines: [string, string][] = [];
  for (const line of from) {
    const name = tableName(line[0]);
    // uWSGI would read Content_Length as a second Content-Length, and the rest of the body as another request.
    const isFramingTwin = name === 'content-length' && line[0].includes('_');
    if (!dropped.has(name) && !isFramingTwin) lines.push(line);
  }
  lines.push(...added);
  return lines;
}

/** Bytes of what goes out, by its Content-Length; undefined if it has none. */
export function lengthOf({ from, dropped, added }: EditedFields): number | undefined {
  const own = added.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  const length = own ?? (dropped.has('content-length') ? null : from.get('content-length'));
  return length === null ? undefined : Number(length);
}

/** WSGI gives `X_Forwarded_For` and `X-Forwarded-For` the same name, so the tables treat them as equal. */
export function tableName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

function withNamedByConnection(dropped: ReadonlySet<string>, fields: Fields): ReadonlySet<string> {
  const connection = fields.get('connection');
  if (connection === null || connection === 'close' || connection === 'keep-alive') return dropped;
  const all = new Set(dropped);
  for (const option of connection.split(',')) {
    const name = tableName(option.trim());
    // Any other text names no field, and a runtime may refuse to look it up.
    if (!isToken(name)) continue;
    // A body without its length would be read as the next request, and without its type as other than what was checked.
    if (!OF_THE_BODY.test(name)) all.add(name);
  }
  return all;
}

function withPrefixed(dropped: ReadonlySet<string>, fields: Fields): ReadonlySet<string> {
  const more: string[] = [];
  for (const [name] of fields) if (PREFIX.test(name)) more.push(tableName(name));
  return more.length === 0 ? dropped : new Set([...dropped, ...more]);
}

const PREFIX = new RegExp(`^(?:${REQUEST_FIELD_PREFIXES.join('|').replaceAll('-', '[-_]')})`, 'i');

/** Fields that Connection must not remove. */
const OF_THE_BODY = /^content-(?:length|type|encoding)$/;
