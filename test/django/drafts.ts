// Requests as a client writes them, and the ones that are well-formed.
import type { Random } from '../support/http1-mutations.ts';
import type { Client } from './clients.ts';
import type { Row } from './rows.ts';
import type { Understood } from './start.ts';
import { projectSlug } from './world.ts';

/** A request's parts, each written as it goes onto the wire. Texts are bytes, as in latin1. */
export interface Draft {
  method: string;
  path: string;
  /** Without the question mark; undefined where there is none either. */
  query?: string | undefined;
  fields: [name: string, value: string][];
  body?: Buffer | undefined;
}

/** One of a list. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** True in so many of a hundred cases. */
export const chance = (random: Random, percent: number): boolean => random(100) < percent;

const HEX = '0123456789abcdef0123456789abcdef';
/** Values of parameters that are not the client's to choose: as Sentry makes them. */
const VALUES: Record<string, readonly string[]> = {
  version: ['web@1.0', 'shared@1.0', 'mixed@1.0', 'secret@1.0'],
  issue_id: ['101', '102', '103', '201', 'WEB-1', 'API-1', 'SECRET-1'],
  team: ['backend'],
  key: ['browser'],
  environment: ['production'],
  filter_id: ['browser-extensions'],
  monitor_id_or_slug: ['nightly'],
  sentry_app_id_or_slug: ['our-app'],
  image_identifier: ['home.png'],
  ...Object.fromEntries(
    ['event', 'trace', 'replay', 'profile', 'hook', 'key', 'item'].map((id) => [`${id}_id`, [HEX]]),
  ),
};

function someValue(random: Random, row: Row, parameter: string): string {
  if (row.path.includes('/shortids/')) return pick(random, ['WEB-1', 'API-1', 'SECRET-1']);
  return pick(random, VALUES[parameter] ?? (/uuid/.test(parameter) ? [HEX] : ['7']));
}

/** A draft, and what Sentry understands of it if nobody changes it. */
export interface Meant {
  draft: Draft;
  understood: Understood;
}

/** A request for a row as a decent client would write it, mostly for what is the client's. */
export function meant(random: Random, row: Row, client: Client): Meant {
  const [org, project] = scopeOf(random, client);
  const kwargs: Record<string, string> = {};
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'org' ? org : name === 'project' ? project : someValue(random, row, name);
    kwargs[name] = value;
    return value;
  });
  const method = row.method === 'GET' && chance(random, 5) ? 'HEAD' : row.method;
  const draft: Draft = { method, path, fields: [] };
  const understood: Understood = { template: row.path, method, kwargs, query: {}, projects: 'all', data: {} };

  if (row.limit === 'query' || chance(random, 10)) {
    const named = [project, projectId(org, project)].slice(0, 2);
    const values = chance(random, 85) ? [pick(random, named)] : [];
    const pairs = [
      ...values.map((value) => ['project', value]),
      ...(chance(random, 40) ? [['statsPeriod', '24h']] : []),
    ];
    if (pairs.length > 0) draft.query = pairs.map((pair) => pair.join('=')).join('&');
    for (const [key, value] of pairs) understood.query![key!] = [...(understood.query![key!] ?? []), value!];
    if (values.length > 0) understood.projects = values;
  }
  if (['POST', 'PUT', 'PATCH'].includes(method) || row.limit === 'body') {
    const data = { version: 'web@1.0', name: 'x', project, projects: [project] };
    draft.body = Buffer.from(JSON.stringify(data));
    draft.fields.push(['Content-Type', 'application/json']);
    understood.data = data;
    understood.bodyProjects = { project: [project], projects: [project] };
  }
  return { draft, understood };
}

const projectId = (org: string, project: string): string =>
  ['11', '12', '13', '21', '22'].find((id) => projectSlug(org, id) === project) ?? '99';

function scopeOf(random: Random, client: Client): [org: string, project: string] {
  if (chance(random, 10))
    return pick(random, [
      ['acme', 'secret'],
      ['other', 'vault'],
      ['other', 'web'],
      ['1', '11'],
    ]);
  if (client.projects !== undefined) return pick(random, client.projects).split('/') as [string, string];
  return ['acme', pick(random, ['web', 'api', 'secret'])];
}

/** The bytes of a request. */
export function wire(draft: Draft, own: readonly (readonly [string, string])[]): Buffer {
  const target = draft.query === undefined ? draft.path : `${draft.path}?${draft.query}`;
  const lengthIsGiven = draft.fields.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const length = draft.body === undefined || lengthIsGiven ? [] : [['Content-Length', String(draft.body.length)]];
  const fields = [...own, ...draft.fields, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `${draft.method} ${target} HTTP/1.1\r\n${fields}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), draft.body ?? Buffer.alloc(0)]);
}
