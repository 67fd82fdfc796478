// Ways to write a request so that a proxy and Sentry may read it differently. The tables hold what was seen to be read
// in unexpected ways by nginx, uWSGI, Django or Django REST framework; the functions put it in some place.
import type { Random } from '../support/http1-mutations.ts';
import { chance, type Draft, pick } from './drafts.ts';
import type { Row } from './rows.ts';

/** Changes a draft in place. */
export type Mutation = (draft: Draft, random: Random, rows: readonly Row[]) => void;

// ---- The path ----

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

function replaceSegment(draft: Draft, random: Random): void {
  const segments = segmentsOf(draft);
  // The first three are nothing, `api` and `0`; the organization and the project follow soon.
  const at = Math.min(segments.length - 1, 4 + random(Math.max(1, segments.length - 4)));
  segments[at] = pick(random, SEGMENTS);
  draft.path = segments.join('/');
}

function replaceOwner(draft: Draft, random: Random): void {
  const segments = segmentsOf(draft);
  const at = 4 + random(2);
  if (at < segments.length) segments[at] = pick(random, SEGMENTS);
  draft.path = segments.join('/');
}

function insertSplinter(draft: Draft, random: Random): void {
  const slashes = [...draft.path.matchAll(/\//g)].map(({ index }) => index);
  const at = chance(random, 70) ? pick(random, slashes) + random(2) : random(draft.path.length + 1);
  draft.path = draft.path.slice(0, at) + pick(random, SPLINTERS) + draft.path.slice(at);
}

function encodeCharacter(draft: Draft, random: Random): void {
  const at = 1 + random(draft.path.length - 1);
  const hex = draft.path.charCodeAt(at).toString(16).padStart(2, '0');
  const encoded = pick(random, [`%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`, `%u00${hex}`]);
  draft.path = draft.path.slice(0, at) + encoded + draft.path.slice(at + 1);
}

function changeEnd(draft: Draft, random: Random): void {
  draft.path = draft.path.replace(/\/$/, '') + pick(random, ENDS);
}

function changeBegin(draft: Draft, random: Random): void {
  draft.path = pick(random, BEGINS) + draft.path;
}

/** Another route that begins as this one does: what a longer path hides. */
function appendOtherRoute(draft: Draft, random: Random, rows: readonly Row[]): void {
  const tail = pick(random, rows)
    .path.split('/')
    .slice(5)
    .join('/')
    .replace(/\{\w+\}/g, '7');
  const joint = pick(random, ['', '%2F', '/../', '/x/../../', '#', '/#/', '%23/', ';/', '%', '\\', '%5C']);
  draft.path = draft.path.replace(/\/$/, joint === '' ? '/' : '') + joint + tail;
}

function swapAlias(draft: Draft, random: Random): void {
  const pairs = [
    ['issues', 'groups'],
    ['notes', 'comments'],
    ['user-feedback', 'user-reports'],
    ['projects', 'organizations'],
  ];
  const [one, other] = chance(random, 50) ? pick(random, pairs) : pick(random, pairs).toReversed();
  draft.path = draft.path.replaceAll(`/${one}/`, `/${other}/`);
}

function changeCase(draft: Draft, random: Random): void {
  const segments = segmentsOf(draft);
  const at = random(segments.length);
  segments[at] = segments[at]!.toUpperCase();
  draft.path = segments.join('/');
}

function lengthen(draft: Draft, random: Random): void {
  const filler = pick(random, ['a', '%61', '/x/..', './']).repeat(pick(random, [300, 2000, 4500]));
  draft.path = chance(random, 50) ? draft.path + filler : draft.path.replace('/0/', `/0/${filler}/`);
}

// ---- The query ----

const PAIRS = [
  ...[
    'project=13',
    'project=11',
    'project=22',
    'project=secret',
    'project=web',
    'project=-1',
    'project=$all',
    'project=',
  ],
  ...['project=%24all', 'project=+13', 'project=%2B13', 'project=%2013', 'project=1_3', 'project=013', 'project=13.0'],
  ...[
    'project=%EF%BC%91%EF%BC%93',
    'project=%D9%A1%D9%A3',
    'project=13%00',
    'project=13%0A',
    'project=11,13',
    'project',
  ],
  ...[
    '%70roject=13',
    'proj%65ct=13',
    'project%00=13',
    'project[]=13',
    'Project=13',
    'pro+ject=13',
    '=13',
    '?project=13',
  ],
  ...['projectSlug=secret', 'projectSlug=web', 'project%53lug=secret', 'projectSlug=', 'project_id=13', 'projectId=13'],
  ...['project_id_or_slug=secret', 'shortIdLookup=1', 'shortIdLook%75p=1', 'query=SECRET-1', 'query=a%26project=13'],
  ...['a=1;project=13', ';project=13', 'a=%3Bproject=13', 'a=+ACY-project+AD0-13', 'a=+ACY-projectSlug+AD0-secret'],
  ...['a=\\u0026project=13', 'a=\\x26project=13', 'a=%5Cu0026project=13', 'a=%00', 'a=%FF', '\xff=1', 'a=\xff', 'a=%'],
  ...[
    'a=#&project=13',
    'a=%zz',
    '%',
    '&&',
    'a',
    'group=103',
    'id=103',
    'id=101',
    'environment=production',
    '_method=DELETE',
  ],
  ...[
    'method=DELETE',
    'format=json',
    'project=%31%33',
    'project\t=13',
    'project=\t13',
    'a=&&project=13',
    'project=11&',
  ],
];

function addPair(draft: Draft, random: Random): void {
  const pair = pick(random, PAIRS);
  const { query } = draft;
  draft.query = query === undefined ? pair : chance(random, 50) ? `${query}&${pair}` : `${pair}&${query}`;
}

function replaceQuery(draft: Draft, random: Random): void {
  draft.query = chance(random, 20) ? undefined : pick(random, PAIRS);
}

function manyPairs(draft: Draft, random: Random): void {
  draft.query = `${'a=1&'.repeat(pick(random, [500, 1100, 3000]))}${pick(random, PAIRS)}`;
}

// ---- Fields ----

const CHARSETS = [
  ...['utf-7', 'UTF-7', '"utf-7"', 'utf-16', 'utf-16le', 'utf-32', 'cp037', 'unicode_escape', 'raw_unicode_escape'],
  ...['latin1', 'idna', 'punycode', 'utf-8-sig', 'shift_jis', 'utf-8', 'none', '', 'utf-8; charset=utf-7'],
  ...['utf-7; charset=utf-8', "utf-8'en'; charset=utf-7", 'utf-8, charset=utf-7'],
];
const MEDIA_TYPES = [
  'application/json',
  'a/b',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  '*/*',
];

function setContentType(draft: Draft, random: Random): void {
  const separator = pick(random, ['; ', ';', ' ; ', ';a=b;']);
  const name = pick(random, ['charset', 'Charset', 'charset ', 'charset*']);
  const value = `${pick(random, MEDIA_TYPES)}${separator}${name}=${pick(random, CHARSETS)}`;
  if (chance(random, 70)) draft.fields = draft.fields.filter(([field]) => !/^content.type$/i.test(field));
  draft.fields.push([pick(random, ['Content-Type', 'Content-Type', 'content-type', 'Content_Type']), value]);
}

const FIELDS: readonly (readonly [string, string])[] = [
  ...['DELETE', 'POST', 'GET'].map((method) => ['X-HTTP-Method-Override', method] as const),
  ['X_HTTP_Method_Override', 'DELETE'],
  ['Authorization', 'Bearer other'],
  ['Authorization', 'Basic eDp5'],
  ['Authorization_', 'Bearer other'],
  ['Proxy-Authorization', 'Bearer other'],
  ['X-Original-URL', '/api/0/organizations/other/'],
  ['X-Rewrite-URL', '/api/0/organizations/other/'],
  ['X-Forwarded-Prefix', '/api/0'],
  ['Script-Name', '/api'],
  ['Path-Info', '/api/0/organizations/other/'],
  ['X-Forwarded-Host', 'other.example'],
  ['X_Forwarded_For', '10.0.0.1'],
  ['X-Forwarded-For', '10.0.0.1'],
  ['Content-Length', '0'],
  ['Content-Length', '5'],
  ['Content_Length', '5'],
  ['Content-Length', '+5'],
  ['Transfer-Encoding', 'chunked'],
  ['Transfer_Encoding', 'chunked'],
  ['Transfer-Encoding', 'identity'],
  ['Content-Encoding', 'gzip'],
  ['Cookie', 'sentrysid=1; superuser=1'],
  ['Connection', 'Authorization'],
  ['Connection', 'close, Content-Type, X-Request-Id'],
  ['Expect', '100-continue'],
  ['Host', 'other.example'],
  ['X-Sentry-Auth', 'Sentry sentry_key=1'],
  ['Content-Type', 'application/json'],
  ['Range', 'bytes=0-0'],
  ['Upgrade', 'websocket'],
  ['X-Request-Id', 'a\x00b'],
];

function addField(draft: Draft, random: Random): void {
  const [name, value] = pick(random, FIELDS);
  draft.fields.push([name, value]);
}

function addManyFields(draft: Draft, random: Random): void {
  for (let left = pick(random, [60, 130]); left > 0; left--) draft.fields.push([`X-Filler-${left}`, 'a']);
}

// ---- The method ----

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PURGE', 'PROPFIND', 'QUERY'],
  ...['get', 'Delete', 'delete', 'post', 'Put', 'DELETE ', 'DELETE\t', 'GET\x0b', 'GETX', 'D\xc4\xb1LETE'],
];

function setMethod(draft: Draft, random: Random): void {
  draft.method = pick(random, METHODS);
}

// ---- The body ----

const JSON_TEXTS = [
  '{"projects":["web"],"projects":["secret"],"project":"web","project":"secret"}',
  '{"projects":["web"],"\\u0070rojects":["secret"],"project":"web","\\u0070roject":"secret"}',
  '{"projects":["web","secret"],"project":["web","secret"]}',
  '{"projects":["secret"],"project":"secret"}',
  '{"projects":"secret","project":{"slug":"secret"}}',
  '{"projects":[13],"project":13}',
  '{"projects":["13"],"project":"13"}',
  '{"projects":[13.0],"project":1.3e1}',
  '{"projects":[["secret"]],"project":null}',
  '{"projects":{"0":"secret"},"project":true}',
  '{"projects":["$all"],"project":"-1"}',
  '{"projects":[],"project":""}',
  '{"Projects":["web"],"projects ":["web"]}',
  '{"projects":["we\\u0062"],"project":"we\\u0062"}',
  '{"projects":["web"],"project":"web","__proto__":{"projects":["secret"]}}',
  '{"projects":["web"],"project":"web","a":"+ACI-,+ACI-projects+ACI-:[+ACI-secret+ACI-],+ACI-project+ACI-:+ACI-secret"}',
  '{"projects":["web"],"project":"web"} {"projects":["secret"]}',
  '{"projects":["web"],"project":"web",}',
  '{"projects":["web"],"project":"web","a":NaN,"b":Infinity}',
  '{"projects":["web"],"project":"web"}\0{"projects":["secret"]}',
  '{"projects":["web\\u0000"],"project":"web\\n"}',
  '{"projects":["web"],"project":"web","a":"\\ud800"}',
  '/* */{"projects":["secret"],"project":"secret"}',
  '[{"projects":["secret"]}]',
  '"secret"',
  'null',
  '',
];
const FORM_TEXTS = [
  'projects=secret&project=secret',
  'projects=web&projects=secret&project=web&project=secret',
  '%70rojects=secret&%70roject=secret',
  '_content_type=application/json&_content={"projects":["secret"]}&_method=DELETE',
];
const PART = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

function setBody(draft: Draft, random: Random): void {
  const text = pick(random, JSON_TEXTS);
  draft.body = pick<() => Buffer>(random, [
    () => Buffer.from(text),
    () => Buffer.from(text),
    () => Buffer.from(text),
    () => Buffer.from(`\ufeff${text}`),
    () => Buffer.from(text, 'utf16le'),
    () => Buffer.from(`\ufeff${text}`, 'utf16le'),
    () => Buffer.from(text.replace('secret', 'secr\xe9t'), 'latin1'),
    () => Buffer.concat([Buffer.from(text.slice(0, 1)), Buffer.from([0xc0, 0xa2]), Buffer.from(text.slice(1))]),
    () => Buffer.from(pick(random, FORM_TEXTS)),
    () => Buffer.from(`${PART('projects', 'secret')}${PART('project', 'secret')}--b--\r\n`),
    () => Buffer.from(`${'['.repeat(3000)}${']'.repeat(3000)}`),
  ])();
  if (!draft.fields.some(([name]) => name === 'Content-Type')) draft.fields.push(['Content-Type', 'application/json']);
}

/** A body that nothing is wrong with but the projects in it. */
function nameOtherProjects(draft: Draft, random: Random): void {
  const some = () => pick<unknown>(random, ['web', 'web', 'api', 'secret', 'vault', 11, 13, '11', '13', 'WEB']);
  const data = { version: 'web@1.0', projects: Array.from({ length: 1 + random(3) }, some), project: some() };
  draft.body = Buffer.from(JSON.stringify(data));
}

/** What is another thing when it is decoded by the charset that comes with it: a charset, a pair, a quotation mark. */
const HIDDEN = [
  ['utf-7', 'a=+ACY-project+AD0-13', '+ACI-'],
  ['utf-7', 'a=+ACY-projectSlug+AD0-secret', '+ACI-'],
  ['unicode_escape', 'a=\\u0026project=13', '\\u0022'],
  ['raw_unicode_escape', 'a=\\u0026project=13', '\\u0022'],
  ['utf-16', 'a=1', '+ACI-'],
  ['cp037', 'a=1', '+ACI-'],
] as const;

function hideByCharset(draft: Draft, random: Random): void {
  const [charset, pair, quote] = pick(random, HIDDEN);
  const isWithBody = draft.body !== undefined;
  if (isWithBody) {
    const hidden = '","projects":["secret"],"project":"secret","b":"'.replaceAll('"', quote);
    draft.body = Buffer.from(`{"projects":["web"],"project":"web","a":"${hidden}"}`);
  } else draft.query = draft.query === undefined ? pair : `${draft.query}&${pair}`;
  const value = pick(random, [`; charset=${charset}`, `; charset=utf-8; charset=${charset}`, `;charset="${charset}"`]);
  draft.fields = draft.fields.filter(([name]) => name !== 'Content-Type');
  draft.fields.push(['Content-Type', `${isWithBody ? 'application/json' : 'a/b'}${value}`]);
}

/** A body that is JSON for one reader and a form for another. */
function hideAsForm(draft: Draft, random: Random): void {
  draft.body = Buffer.from('{"projects":["web"],"project":"web","a":"&projects=secret&project=secret&"}');
  const types = ['', 'application/json, ', 'application/json; a=', ' '];
  draft.fields = draft.fields.filter(([name]) => name !== 'Content-Type');
  draft.fields.push(['Content-Type', `${pick(random, types)}application/x-www-form-urlencoded`]);
}

function setMediaType(draft: Draft, random: Random): void {
  const types = [
    ...MEDIA_TYPES,
    ...['APPLICATION/JSON', 'application/*', ' application/json ', 'application/json;', 'application/vnd.api+json'],
    ...['application/json, application/json', 'application/json, application/x-www-form-urlencoded', 'text/json', ''],
  ];
  draft.fields = [...draft.fields.filter(([name]) => name !== 'Content-Type'), ['Content-Type', pick(random, types)]];
}

function chunkBody(draft: Draft, random: Random): void {
  const body = draft.body ?? Buffer.from(pick(random, JSON_TEXTS));
  const half = body.length >> 1;
  const chunk = (bytes: Buffer) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const chunks = [body.subarray(0, half), body.subarray(half)].filter((bytes) => bytes.length > 0).map(chunk);
  draft.body = Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
  draft.fields.push(['Transfer-Encoding', 'chunked']);
}

// ---- All of them ----

/** The likelier ones are named more than once. */
export const MUTATIONS: readonly Mutation[] = [
  ...[replaceSegment, replaceSegment, replaceOwner, replaceOwner, insertSplinter, insertSplinter, encodeCharacter],
  ...[changeEnd, changeBegin, appendOtherRoute, appendOtherRoute, swapAlias, changeCase, lengthen],
  ...[addPair, addPair, addPair, replaceQuery, manyPairs, setContentType, setContentType, addField, addField],
  ...[
    addManyFields,
    setMethod,
    setMethod,
    setBody,
    setBody,
    setBody,
    hideByCharset,
    hideByCharset,
    setMediaType,
    chunkBody,
  ],
];

/** The same for a request with a body, where it is the body that is changed as often as all else. */
export const MUTATIONS_OF_BODIES: readonly Mutation[] = [
  ...MUTATIONS,
  ...Array.from({ length: MUTATIONS.length / 6 }, () => [
    setBody,
    setBody,
    nameOtherProjects,
    nameOtherProjects,
    hideByCharset,
    hideAsForm,
  ]).flat(),
];
