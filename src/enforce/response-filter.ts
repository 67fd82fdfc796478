import { bodyOf } from '../bodies/read-bounded.ts';
import { readText, type TextReading } from '../bodies/read-text.ts';
import type { Reservation } from '../bodies/types.ts';
import { ProxyError } from '../http/errors.ts';
import { COUNTS, KEPT_WITH_FILTERED_LIST, OF_THE_BYTES } from '../http/header-tables.ts';
import { viewOf, withEdits, withOnly } from '../http/headers.ts';
import type { Signal, UpstreamResponse } from '../http/types.ts';
import { EACH, editJson, removeMembers } from '../json/edit.ts';
import { isObject } from '../json/members.ts';
import { type ProjectRef, projectRef } from '../policy/client.ts';
import type { ResponseFilter, Within } from '../policy/decision.ts';
import { atCursor, joinLists, nextCursor } from './list-pages.ts';
import type { FilterStage } from './types.ts';

/** Pages of a list that are read for one response: 100 entries each. */
const MAX_PAGES = 100;

/**
 * Makes the filter that removes from a response what the client may not see. It fails closed: of a body that can't be
 * read the client gets nothing. A list comes whole, without Link: where the next page begins depends on what was taken
 * out.
 * @param target of the request
 * @param signal of the request
 * @param openReservation counts what is read until it is sent
 */
export function filterStage(
  filter: ResponseFilter,
  target: string,
  signal: Signal,
  openReservation: () => Reservation,
): FilterStage {
  const isList = isFilteredList(filter);
  return async ({ response, headers }, nextPage) => {
    const { status, body } = response;
    const isSuccess = status >= 200 && status < 300;
    if (!isSuccess) return { response, headers };
    const fields = isList ? withOnly(headers, KEPT_FIELDS) : withEdits(headers, DROPPED_FIELDS, []);
    // HEAD has the fields of GET, so none about bytes that the client does not get (RFC 9110 section 9.3.2).
    if (body === null) return { response: { ...response, headers: viewOf(fields) }, headers: fields };
    const reservation = openReservation();
    const reading = { reservation, signal };
    const pageAt = (cursor: string) => nextPage(atCursor(target, cursor));
    const text = isList
      ? joinLists(await allPages(response, filter, reading, pageAt))
      : await filtered(response, filter, reading);
    const bytes = new TextEncoder().encode(text);
    reservation.growTo(bytes.length);
    const kept = withEdits(fields, ['content-length'], [['Content-Length', String(bytes.length)]]);
    return { response: { ...response, headers: viewOf(kept), body: bodyOf(bytes) }, headers: kept };
  };
}

const KEPT_FIELDS: ReadonlySet<string> = new Set(KEPT_WITH_FILTERED_LIST);
const DROPPED_FIELDS = [...OF_THE_BYTES, ...COUNTS];

/** Whether the content is a list from which entries are taken out, and not a document with such lists in it. */
export const isFilteredList = ({ keepOnly, keepWithin, listKey }: ResponseFilter): boolean =>
  (keepOnly !== undefined || keepWithin !== undefined) && listKey === undefined;

/**
 * Reads a list to its end.
 * @returns what stays of each page
 */
async function allPages(
  first: UpstreamResponse,
  filter: ResponseFilter,
  { reservation, signal }: TextReading,
  pageAt: (cursor: string) => Promise<UpstreamResponse>,
): Promise<string[]> {
  const pages: string[] = [];
  const cursors = new Set<string>();
  let kept = 0;
  for (let response = first; ; ) {
    const page = await filtered(response, filter, {
      signal,
      reservation: { growTo: (size) => reservation?.growTo(kept + size) ?? true },
    });
    pages.push(page);
    // At most two bytes a character.
    kept += 2 * page.length;
    const cursor = nextCursor(response.headers.get('link'));
    // A cursor that comes again would never end.
    if (cursor === undefined || cursors.has(cursor)) return pages;
    if (pages.length === MAX_PAGES) throw withheld(`the list has more than ${MAX_PAGES} pages`);
    cursors.add(cursor);
    response = await pageAt(cursor);
    if (response.status !== 200) {
      await response.body?.cancel();
      throw withheld(`another page of the list had status ${response.status}`);
    }
  }
}

/** The content of a response after filtering. */
async function filtered(
  { headers, body }: UpstreamResponse,
  filter: ResponseFilter,
  reading: TextReading,
): Promise<string> {
  if (body === null) throw withheld('another page of the list had no content');
  const read = await readText({ headers, body }, reading);
  const edited = read.text === undefined ? undefined : editText(filter, read.text);
  if (edited !== undefined) return edited;
  await read.body.cancel();
  throw withheld(read.problem);
}

const withheld = (why: string): ProxyError => new ProxyError('response_withheld', why);

/** A text without the parts that the client may not see; every other byte of it stays. Undefined if it can't be read. */
function editText({ keepOnly, keepWithin, listKey, removeKeys }: ResponseFilter, text: string): string | undefined {
  // With 204 there is nothing to see.
  if (text === '') return text;
  const isKept =
    keepWithin === undefined
      ? keepOnly && ((entry: unknown) => isNamed(entry, keepOnly))
      : (entry: unknown) => keepWithin.some((within) => isWithin(entry, within));
  const kept = isKept === undefined ? text : withEntries(text, listKey, isKept);
  return kept === undefined ? undefined : removeMembers(kept, removeKeys);
}

/**
 * A list with only the entries that are named, or what has such lists in it.
 * @returns undefined if it is not what `listKey` says
 */
function withEntries(
  text: string,
  listKey: string | undefined,
  isKept: (entry: unknown) => boolean,
): string | undefined {
  const entriesOf = (list: string) =>
    list.trimStart().startsWith('[')
      ? editJson(list, [EACH], (entry) => (isKept(JSON.parse(entry)) ? undefined : ''))
      : undefined;
  if (listKey === undefined) return entriesOf(text);
  const isInEach = listKey.startsWith(IN_EACH);
  if (!text.trimStart().startsWith(isInEach ? '[' : '{')) return undefined;
  let areLists = true;
  const path = isInEach ? [EACH, listKey.slice(IN_EACH.length)] : [listKey];
  const edited = editJson(text, path, (list) => {
    const entries = entriesOf(list);
    if (entries === undefined) areLists = false;
    return entries;
  });
  return areLists ? edited : undefined;
}

/** Begins a `listKey` that is a member of each entry of a list. */
const IN_EACH = '[].';

/** Whether a project with its organization is one of the client's. */
const isWithin = (entry: unknown, { org, projects }: Within): boolean =>
  isObject(entry) &&
  isNamed(entry.organization, [projectRef(org)]) &&
  (projects === undefined || isNamed(entry, projects));

function isNamed(entry: unknown, refs: readonly ProjectRef[]): boolean {
  if (!isObject(entry)) return false;
  const { id, slug } = entry;
  return refs.some(({ kind, value }) => (kind === 'id' ? String(id) === value : slug === value));
}
