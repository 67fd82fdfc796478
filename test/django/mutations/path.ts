// Other ways to write a path.
import type { Random } from '../../support/http1-mutations.ts';
import { chance, type Draft, pick } from '../drafts/draft.ts';
import type { Row } from '../rows.ts';

const SEGMENTS = [
  ...['other', 'acme', '1', '2', 'web', 'api', 'secret', 'vault', '11', '13', '22', 'WEB', 'Secret', 'token', 'me'],
  ...['%74oken', 'toke%6E', '%73ecret', 's%65cret', 'secret%0A', 'web%0A', 'web%00', 'web%20', ' web', 'web;x=1'],
  ...['web%2Fkeys', 'web%2fkeys', 'secret%2Freleases', '%2Fweb', 'web%2F', 'web%5Ckeys', 'web\\keys', 'web%252Fkeys'],
  ...['%EF%BC%91%EF%BC%93', '%D9%A1%D9%A3', '\xef\xbc\x91\xef\xbc\x93', '%FF', '%C0%AF', '\xff', '+13', '1_3', '013'],
  ...['103', 'SECRET-1', 'secret-1', 'WEB-1', 'web-1', 'SECRET-1%0A', 'issue:SECRET-1', 'WEB_1', '%20SECRET-1', '201'],
  ...['secret@1.0', 'mixed@1.0', 'web@1.0%0A', 'secret%401.0', 'nowhere@1.0', 'latest', 'starred', 'count', 'preview'],
  ...['..', '.', '%2e%2e', '.%2e', '%2e', '..%2f', '..;', '%252e%252e', '', '%', '%6', '%zz', '%u0073ecret', 'keys'],
  ...[
    'web:0123456789abcdef0123456789abcdef',
    'secret:0123456789abcdef0123456789abcdef',
    'groups',
    'issues',
    'comments',
  ],
  ...['notes', 'members', '__proto__', 'constructor', 'web%23', 'web%3Fproject=13', 'web#', 'web%25'],
];
/** What goes between two characters of a path, or in front of them. */
const SPLINTERS = [
  ...['/', '//', '/./', '/../', '/x/../', '/%2e/', '/%2e%2e/', '/..%2f', '%2F', '%2f', '%5C', '\\', '#', '/#/', '%23'],
  ...['%', '%6', '%2', '%zz', '%u0041', '%00', '%0A', '%0D', '%FF', '\xff', '\xc3\xa9', ';', ';a=b', '?', '%3F', '%25'],
  ...['\t', '\x0b', '%20', '+', '..', '.', '/../secret/', '/../../other/', '%2e%2e%2fsecret'],
];
const ENDS = [
  '',
  '/',
  '//',
  '%2F',
  '/.',
  '/..',
  '/../secret/',
  '#',
  '#/',
  '%',
  '%6',
  '%0A',
  '/%',
  '/%/',
  'keys/',
  '.json',
];
const BEGINS = [
  'http://other',
  'http://127.0.0.1',
  '//other',
  '/x/..',
  '/..',
  '/%2e%2e',
  '/.',
  '/',
  '/API/..',
  '%2F',
  '\\',
];

const segmentsOf = (draft: Draft): string[] => draft.path.split('/');

export function replaceSegment(draft: Draft, random: Random): void {
  const segments = segmentsOf(draft);
  // The first three are nothing, `api` and `0`; the organization and the project follow soon.
  const at = Math.min(segments.length - 1, 4 + random(Math.max(1, segments.length - 4)));
  segments[at] = pick(random, SEGMENTS);
  draft.path = segments.join('/');
}

export function replaceOwner(draft: Draft, random: Random): void {
  const segments = segmentsOf(draft);
  const at = 4 + random(2);
  if (at < segments.length) segments[at] = pick(random, SEGMENTS);
  draft.path = segments.join('/');
}

export function insertSplinter(draft: Draft, random: Random): void {
  const slashes = [...draft.path.matchAll(/\//g)].map(({ index }) => index);
  const at = chance(random, 70) ? pick(random, slashes) + random(2) : random(draft.path.length + 1);
  draft.path = draft.path.slice(0, at) + pick(random, SPLINTERS) + draft.path.slice(at);
}

export function encodeCharacter(draft: Draft, random: Random): void {
  const at = 1 + random(draft.path.length - 1);
  const hex = draft.path.charCodeAt(at).toString(16).padStart(2, '0');
  const encoded = pick(random, [`%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`, `%u00${hex}`]);
  draft.path = draft.path.slice(0, at) + encoded + draft.path.slice(at + 1);
}

export function changeEnd(draft: Draft, random: Random): void {
  draft.path = draft.path.replace(/\/$/, '') + pick(random, ENDS);
}

export function changeBegin(draft: Draft, random: Random): void {
  draft.path = pick(random, BEGINS) + draft.path;
}

/** Another route that begins as this one does: what a longer path hides. */
export function appendOtherRoute(draft: Draft, random: Random, rows: readonly Row[]): void {
  const tail = pick(random, rows)
    .path.split('/')
    .slice(5)
    .join('/')
    .replace(/\{\w+\}/g, '7');
  const joint = pick(random, ['', '%2F', '/../', '/x/../../', '#', '/#/', '%23/', ';/', '%', '\\', '%5C']);
  draft.path = draft.path.replace(/\/$/, joint === '' ? '/' : '') + joint + tail;
}

export function swapAlias(draft: Draft, random: Random): void {
  const pairs = [
    ['issues', 'groups'],
    ['notes', 'comments'],
    ['user-feedback', 'user-reports'],
    ['projects', 'organizations'],
  ];
  const [one, other] = chance(random, 50) ? pick(random, pairs) : pick(random, pairs).toReversed();
  draft.path = draft.path.replaceAll(`/${one}/`, `/${other}/`);
}

export function changeCase(draft: Draft, random: Random): void {
  const segments = segmentsOf(draft);
  const at = random(segments.length);
  segments[at] = segments[at]!.toUpperCase();
  draft.path = segments.join('/');
}

export function lengthen(draft: Draft, random: Random): void {
  const filler = pick(random, ['a', '%61', '/x/..', './']).repeat(pick(random, [300, 2000, 4500]));
  draft.path = chance(random, 50) ? draft.path + filler : draft.path.replace('/0/', `/0/${filler}/`);
}
