// What a row's columns limit: parameters and keys that need more than the row, or that no row has.
import type { Random } from '../../support/http1-mutations.ts';
import { addToQuery, chance, type Draft, pick } from '../drafts/draft.ts';
import { setAt, someValueFor } from '../drafts/keys.ts';

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

const EVENT = '0123456789abcdef0123456789abcdef';
const DASHED = '01234567-89ab-cdef-0123-456789abcdef';
/** Texts in which Python's UUID() sees the id of an event. */
const EVENTS = [
  ...[EVENT, EVENT.toUpperCase(), DASHED, `{${DASHED}}`, `urn:uuid:${DASHED}`, ` ${EVENT} `, `uuid:${EVENT}`],
  ...[`0x${EVENT.slice(2)}`, `+${EVENT.slice(1)}`, `0_${EVENT.slice(2)}`, `\t${EVENT}\n`, `${EVENT}\x1f`],
  ...[EVENT.replace('0', '\u0660'), EVENT.replace('1', '\uff11'), `\u2003${EVENT}\u3000`, `${EVENT.slice(1)}-0-`],
];

/** A search that finds an event whatever its project. */
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

/** Keys that refer to something, or that are harmless in some other body. */
const OTHER_KEYS = [
  ...['discard', 'isPublic', 'copy_from_project', 'workflowIds', 'symbolSources', 'commits', 'refs', 'projects'],
  ...[
    'project',
    'slug',
    'url',
    'method',
    'mode',
    'environmentId',
    'owner',
    'useCase',
    'role',
    'teams',
    'merge',
    'name',
  ],
];

const inSnakeCase = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A key that the row limits, or one that it does not list. */
export function addLimitedKey(draft: Draft, random: Random): void {
  const data = objectIn(draft.body);
  const { keys = {}, only } = draft.row.body ?? {};
  const limited = Object.keys(keys);
  const isLimited = limited.length > 0 && chance(random, only === undefined ? 90 : 60);
  const key = isLimited ? pick(random, limited) : pick(random, OTHER_KEYS);
  const spelled = pick(random, [key, key, key, inSnakeCase(key), key.toUpperCase()]);
  setAt(data, spelled, someValueFor(random, keys[key], chance(random, 20)), chance(random, 30));
  let text = JSON.stringify(data);
  // As JSON lets any letter be written.
  if (chance(random, 20)) text = text.replace(`"${spelled[0]}`, `"\\u00${hexOf(spelled[0]!).slice(1)}`);
  // Python takes the last of two.
  if (chance(random, 10)) text = text.replace('{', `{"${spelled}":null,`);
  draft.body = Buffer.from(chance(random, 10) ? `[${text}]` : text);
  if (!draft.fields.some(([name]) => name === 'Content-Type')) draft.fields.push(['Content-Type', 'application/json']);
}

function objectIn(body: Buffer | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body?.toString() ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The same body as a form: where keys are checked, a form would hide them. */
export function writeAsForm(draft: Draft, random: Random): void {
  const data = objectIn(draft.body);
  const isMultipart = chance(random, 40);
  const pairs = Object.entries(data).map(([key, value]) => [key, [value].flat().map(String).join()] as const);
  draft.fields = draft.fields.filter(([name]) => name !== 'Content-Type');
  if (isMultipart) {
    const parts = pairs.map(
      ([key, value]) => `--b\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
    );
    draft.body = Buffer.from(`${parts.join('')}--b--\r\n`);
    draft.fields.push(['Content-Type', 'multipart/form-data; boundary=b']);
  } else {
    draft.body = Buffer.from(new URLSearchParams(pairs as unknown as string[][]).toString());
    draft.fields.push(['Content-Type', 'application/x-www-form-urlencoded']);
  }
}
