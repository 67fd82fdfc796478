// What a row's columns limit: things that are looked up, and parameters that need more than the row, or that no row has.
import type { Random } from '../../support/http1-mutations.ts';
import { addToQuery, chance, type Draft, pick } from '../drafts/draft.ts';
import { someProject } from '../drafts/keys.ts';
import { namesFor } from '../world.ts';

/** Parameters by which some view of Sentry's selects something. */
const SELECTING = [
  ...['id', 'group', 'issue', 'project_id', 'projectId', 'project_id_or_slug', 'shortIdLookup', 'options', 'searchId'],
  ...['savedSearch', 'viewId', 'detector', 'detectorId', 'workflow', 'monitor', 'rule', 'team', 'allProjects'],
  ...['dashboardWidgetId', 'discoverSavedQueryId', 'integrationId', 'show', 'download', 'filter'],
];

const hexOf = (character: string): string => `%${character.charCodeAt(0).toString(16)}`;

/** A parameter that the row limits, or that selects. */
export function addLimitedPair(draft: Draft, random: Random): void {
  const limited = Object.keys(draft.row.query?.keys ?? {});
  const key = pick(random, limited.length > 0 && chance(random, 75) ? limited : SELECTING);
  const at = random(key.length);
  const name = pick(random, [key, key, key, key.slice(0, at) + hexOf(key[at]!) + key.slice(at + 1), `${key}%00`]);
  addToQuery(draft, random, `${name}=${pick(random, ['1', '103', 'all', 'x', 'SECRET-1', '0', '', '%201', '%D9%A1'])}`);
}

/** Other projects, and nothing else. */
export function selectOthers(draft: Draft, random: Random): void {
  const others = Array.from({ length: 1 + random(2) }, () => `project=${someProject(random)}`).join('&');
  if (chance(random, 50)) draft.query = others;
  else addToQuery(draft, random, others);
}

/** How Python's int() and its UUIDs let an id be written. */
const ODDLY_WRITTEN: readonly ((name: string) => string)[] = [
  (name) => `0${name}`,
  (name) => `+${name}`,
  (name) => ` ${name}`,
  (name) => `${name.slice(0, 1)}_${name.slice(1)}`,
  (name) => name.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (name) => name.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
  (name) => name.toUpperCase(),
  // Short ids end in Crockford's base 32.
  (name) => name.replace(/-(?=\w+$)/, '-0'),
  (name) => name.replace(/1$/, 'I'),
  (name) => name.replaceAll('-', ''),
  (name) => `{${name}}`,
];

/** Another thing in the place of one that is looked up. */
export function nameOtherThing(draft: Draft, random: Random): void {
  const segments = draft.path.split('/');
  for (const [index, segment] of draft.row.path.split('/').entries()) {
    const names = namesFor(segment.slice(1, -1));
    if (names === undefined || segments[index] === undefined) continue;
    const name = pick(random, names);
    segments[index] = chance(random, 70) ? name : encodeURIComponent(pick(random, ODDLY_WRITTEN)(name));
  }
  draft.path = segments.join('/');
}

const EVENT = '0123456789abcdef0123456789abcdef';
const DASHED = '01234567-89ab-cdef-0123-456789abcdef';
/** Texts in which Python's UUID() sees the id of an event. */
const EVENTS = [
  ...[EVENT, EVENT.toUpperCase(), DASHED, `{${DASHED}}`, `urn:uuid:${DASHED}`, ` ${EVENT} `, `uuid:${EVENT}`],
  ...[`0x${EVENT.slice(2)}`, `+${EVENT.slice(1)}`, `0_${EVENT.slice(2)}`, `\t${EVENT}\n`, `${EVENT}\x1f`],
  ...[EVENT.replace('0', '\u0660'), EVENT.replace('1', '\uff11'), `\u2003${EVENT}\u3000`, `${EVENT.slice(1)}-0-`],
];

/** A search that finds an event in any project. */
export function searchForEvent(draft: Draft, random: Random): void {
  addToQuery(draft, random, `query=${encodeURIComponent(pick(random, EVENTS))}`);
}

/** A part of a list: where it begins tells how many entries come before. */
export function askForPart(draft: Draft, random: Random): void {
  const pair = pick(random, [
    'cursor=0:1:0',
    'per_page=1',
    'c%75rsor=0:1:0',
    'per%5Fpage=1',
    'per_page=1&cursor=0:2:0',
  ]);
  addToQuery(draft, random, pair);
}
