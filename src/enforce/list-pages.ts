import { pathOf, queryOf } from '../http/grammar.ts';
import { decoded } from '../policy/sentry/target.ts';

/** The parameters by which a request asks for a part of a list. */
const PAGING: ReadonlySet<string> = new Set(['cursor', 'per_page']);

/**
 * A target that asks for a list from its beginning, in pages of Sentry's default size. Where entries are taken out, the
 * place of one that stays would tell how many stand before it.
 */
export function withoutPaging(target: string): string {
  const pieces = queryOf(target)?.split('&') ?? [];
  const kept = pieces.filter((piece) => !PAGING.has(decoded(piece.split('=', 1)[0]!) ?? ''));
  if (kept.length === pieces.length) return target;
  const path = pathOf(target);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/** A target that asks for the page at a cursor. */
export const atCursor = (target: string, cursor: string): string =>
  `${target}${target.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;

/** The cursor of the next page; undefined if Sentry says that there is none. */
export function nextCursor(link: string | null): string | undefined {
  for (const [, parameters = ''] of (link ?? '').matchAll(LINK_VALUE)) {
    const isNext = parameters.includes('rel="next"') && parameters.includes('results="true"');
    if (isNext) return CURSOR.exec(parameters)?.[1];
  }
  return undefined;
}

/** `<URL>; rel="next"; results="true"; cursor="0:100:0"`, one after another. */
const LINK_VALUE = /<[^<>]*>([^<]*)/g;
const CURSOR = /cursor="([\x21-\x7e]{1,200}?)"/;

/** One list of the elements of several, each in its JSON form. */
export function joinLists(lists: readonly string[]): string {
  if (lists.length === 1) return lists[0]!;
  const inside = lists.map((list) => list.trim().slice(1, -1).trim());
  return `[${inside.filter((elements) => elements !== '').join(',')}]`;
}
