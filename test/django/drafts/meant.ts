// Requests that are well-formed, as a decent client writes them for a row, and what Sentry makes of them.
import type { Random } from '../../support/http1-mutations.ts';
import type { Client } from '../clients.ts';
import type { KeyRule, Row } from '../rows.ts';
import type { Understood } from '../start.ts';
import { namesFor, WORLD } from '../world.ts';
import { chance, type Draft, pick } from './draft.ts';
import { setAt, someValueFor } from './keys.ts';

const HEX = '0123456789abcdef0123456789abcdef';
/** Values of parameters that are not the client's to choose: as Sentry makes them. */
const VALUES: Record<string, readonly string[]> = {
  team: ['backend'],
  key: ['browser'],
  environment: ['production'],
  filter_id: ['browser-extensions'],
  plugin_id: ['webhooks'],
  sentry_app_id_or_slug: ['our-app'],
  image_identifier: ['home.png'],
  ...Object.fromEntries(['event', 'trace', 'profile', 'hook', 'key', 'item'].map((id) => [`${id}_id`, [HEX]])),
};

function someName(random: Random, parameter: string): string {
  const known = namesFor(parameter)?.filter((name) => !/^(?:VAULT|2)/.test(name));
  return pick(random, known ?? VALUES[parameter] ?? (/uuid/.test(parameter) ? [HEX] : ['7']));
}

/** A draft, and what Sentry understands of it if only the proxy changes it. */
export interface Meant {
  draft: Draft;
  understood: Understood;
}

/** A request for a row as a decent client would write it, mostly for what is the client's. */
export function meant(random: Random, row: Row, client: Client): Meant {
  const [org, project] = scopeOf(random, client);
  const kwargs: Record<string, string> = {};
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'org' ? org : name === 'project' ? project : someName(random, name);
    kwargs[name] = value;
    return value;
  });
  const method = row.method === 'GET' && chance(random, 5) ? 'HEAD' : row.method;
  const draft: Draft = { row, method, path, fields: [] };
  const understood: Understood = { template: row.path, method, kwargs, query: {}, projects: 'all', data: {} };
  const one = { random, row, client, org, project, draft, understood };
  writeQuery(one);
  const isWithBody = ['POST', 'PUT', 'PATCH'].includes(method) || row.limits.some((limit) => limit.startsWith('body'));
  if (isWithBody) writeBody(one);
  return { draft, understood };
}

interface Writing extends Meant {
  random: Random;
  row: Row;
  client: Client;
  org: string;
  project: string;
}

function writeQuery({ random, row, client, org, project, draft, understood }: Writing): void {
  const pairs: [string, string][] = [];
  const isNarrowed = row.limits.includes('query') || (row.path.includes('{org}') && chance(random, 10));
  const selected =
    isNarrowed && chance(random, 85) ? pick(random, [project, otherName(org, project), '-1', '$all']) : '';
  if (selected !== '') pairs.push(['project', selected]);
  const [key, rule] = pick<[string, KeyRule] | []>(random, Object.entries(row.query?.keys ?? {})) ?? [];
  if (key !== undefined && chance(random, 40))
    pairs.push([key, String(someValueFor(random, rule, chance(random, 70)))]);
  if (chance(random, 40)) pairs.push(['statsPeriod', '24h']);
  if (pairs.length > 0) draft.query = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');

  for (const [name, value] of pairs) understood.query![name] = [value];
  const isAll = selected === '' || selected === '-1' || selected === '$all';
  if (!isAll) understood.projects = [selected];
  // The proxy writes the client's own projects into it.
  else if (isNarrowed && client.projects !== undefined && row.limits[0] !== 'refuse' && row.limits[0] !== 'none') {
    const own = client.projects.filter((name) => name.startsWith(`${org}/`)).map((name) => name.split('/')[1]!);
    if (selected !== '' || row.limits.includes('query')) understood.query!.project = own;
    understood.projects = own.length === 0 ? 'all' : own;
  }
}

function writeBody({ random, row, project, draft, understood }: Writing): void {
  const { keys = {}, only } = row.body ?? {};
  const data: Record<string, unknown> = only === undefined ? { version: 'web@1.0', name: 'x' } : {};
  for (let left = only === undefined ? 0 : random(3); left > 0; left--) data[pick(random, only!)] = 'x';
  const [key, rule] = pick<[string, KeyRule] | []>(random, Object.entries(keys)) ?? [];
  if (key !== undefined && chance(random, 40))
    setAt(data, key, someValueFor(random, rule, chance(random, 70)), chance(random, 20));
  if (keys.version === 'release') data.version = someValueFor(random, 'release', false);
  for (const limit of row.limits) {
    if (limit === 'body:projects') data.projects = chance(random, 10) ? [] : [project];
    if (limit === 'body:project') data.project = project;
  }
  draft.body = Buffer.from(JSON.stringify(data));
  draft.fields.push(['Content-Type', 'application/json']);
  understood.data = data;
  understood.bodyProjects = Object.fromEntries(
    ['project', 'projects'].flatMap((name) => (name in data ? [[name, [data[name]].flat()]] : [])),
  );
}

/** A project's id by its slug, or the other way. */
function otherName(org: string, name: string): string {
  const found = WORLD.projects.find(({ organization, id, slug }) => organization === org && [id, slug].includes(name));
  return found === undefined ? '99' : found.id === name ? found.slug : found.id;
}

function scopeOf(random: Random, client: Client): [org: string, project: string] {
  if (chance(random, 10))
    return pick(random, [
      ['acme', 'secret'],
      ['other', 'vault'],
      ['other', 'web'],
      ['1', '11'],
    ]);
  const own = client.projects ?? ['acme/web', 'acme/api', 'acme/secret'];
  const [org, project] = pick(random, own).split('/') as [string, string];
  return [org, chance(random, 20) ? otherName(org, project) : project];
}
