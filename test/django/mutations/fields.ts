// Fields and methods that servers may understand in different ways.
import type { Random } from '../../support/http1-mutations.ts';
import { chance, type Draft, pick } from '../drafts/draft.ts';

const CHARSETS = [
  ...['utf-7', 'UTF-7', '"utf-7"', 'utf-16', 'utf-16le', 'utf-32', 'cp037', 'unicode_escape', 'raw_unicode_escape'],
  ...['latin1', 'idna', 'punycode', 'utf-8-sig', 'shift_jis', 'utf-8', 'none', '', 'utf-8; charset=utf-7'],
  ...['utf-7; charset=utf-8', "utf-8'en'; charset=utf-7", 'utf-8, charset=utf-7'],
];
export const MEDIA_TYPES = [
  'application/json',
  'a/b',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  '*/*',
];

export function setContentType(draft: Draft, random: Random): void {
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

export function addField(draft: Draft, random: Random): void {
  const [name, value] = pick(random, FIELDS);
  draft.fields.push([name, value]);
}

export function addManyFields(draft: Draft, random: Random): void {
  for (let left = pick(random, [60, 130]); left > 0; left--) draft.fields.push([`X-Filler-${left}`, 'a']);
}

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PURGE', 'PROPFIND', 'QUERY'],
  ...['get', 'Delete', 'delete', 'post', 'Put', 'DELETE ', 'DELETE\t', 'GET\x0b', 'GETX', 'D\xc4\xb1LETE'],
];

export function setMethod(draft: Draft, random: Random): void {
  draft.method = pick(random, METHODS);
}
