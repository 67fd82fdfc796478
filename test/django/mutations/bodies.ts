// Other ways to write a body.
import type { Random } from '../../support/http1-mutations.ts';
import { type Draft, pick } from '../drafts/draft.ts';
import { MEDIA_TYPES } from './fields.ts';

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

export function setBody(draft: Draft, random: Random): void {
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
export function nameOtherProjects(draft: Draft, random: Random): void {
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

export function hideByCharset(draft: Draft, random: Random): void {
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
export function hideAsForm(draft: Draft, random: Random): void {
  draft.body = Buffer.from('{"projects":["web"],"project":"web","a":"&projects=secret&project=secret&"}');
  const types = ['', 'application/json, ', 'application/json; a=', ' '];
  draft.fields = draft.fields.filter(([name]) => name !== 'Content-Type');
  draft.fields.push(['Content-Type', `${pick(random, types)}application/x-www-form-urlencoded`]);
}

export function setMediaType(draft: Draft, random: Random): void {
  const types = [
    ...MEDIA_TYPES,
    ...['APPLICATION/JSON', 'application/*', ' application/json ', 'application/json;', 'application/vnd.api+json'],
    ...['application/json, application/json', 'application/json, application/x-www-form-urlencoded', 'text/json', ''],
  ];
  draft.fields = [...draft.fields.filter(([name]) => name !== 'Content-Type'), ['Content-Type', pick(random, types)]];
}

export function chunkBody(draft: Draft, random: Random): void {
  const body = draft.body ?? Buffer.from(pick(random, JSON_TEXTS));
  const half = body.length >> 1;
  const chunk = (bytes: Buffer) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const chunks = [body.subarray(0, half), body.subarray(half)].filter((bytes) => bytes.length > 0).map(chunk);
  draft.body = Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
  draft.fields.push(['Transfer-Encoding', 'chunked']);
}
