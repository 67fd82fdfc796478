// Judges what came to Sentry, whether Django routed it or not, and what the proxy asked by itself.
import type { Client } from '../clients.ts';
import type { Row } from '../rows.ts';
import type { Arrival, Understood } from '../start.ts';
import { organizationsOf, violation } from './judge.ts';

/** What may be said of a request that no route of Sentry's matches: whose path it is by its beginning. */
export function unrouted({ path, requestMethod }: Arrival): Understood {
  const segments = path.split('/');
  const names = { projects: ['org', 'project'], organizations: ['org'] }[segments[3]!] ?? [];
  const kwargs: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = segments[4 + index];
    if (!path.startsWith('/api/0/') || value === undefined) break;
    kwargs[name] = value;
    segments[4 + index] = `{${name}}`;
  }
  return { template: segments.join('/'), method: requestMethod, kwargs };
}

/** Spellings that must not be forwarded, because servers behind the proxy may take them for another path. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(?:\/|$)|[\\\x00-\x1f\x7f%]/;

/** Why an arrival is not to be, by the client that sent it; undefined if it is. */
export function arrivalViolation(client: Client, arrival: Arrival, rows: readonly Row[]): string | undefined {
  if (arrival.understood !== null) return violation(client, arrival.understood, rows);
  if (AMBIGUOUS.test(arrival.path)) return 'the path is ambiguous';
  return violation(client, unrouted(arrival), rows);
}

/** What no request with the token may have, from any sender; undefined if it has none of it. */
export function flaw({ fields }: Arrival, token: string, clients: readonly Client[]): string | undefined {
  if (fields.HTTP_AUTHORIZATION !== `Bearer ${token}`) return 'the credentials are not exactly the token';
  if (fields.HTTP_X_HTTP_METHOD_OVERRIDE !== undefined) return 'a method override came along';
  const own = clients.find((client) => Object.values(fields).some((value) => value.includes(client.token)));
  return own && `the token of ${own.name} came along`;
}

/** All that the proxy asks by itself. */
const LOOKED_UP = [
  '/api/0/projects/{org}/{project}/',
  '/api/0/organizations/{org}/issues/{issue_id}/',
  '/api/0/organizations/{org}/releases/{version}/',
  '/api/0/organizations/{org}/monitors/{monitor_id_or_slug}/',
  '/api/0/projects/{org}/{project}/monitors/{monitor_id_or_slug}/',
  '/api/0/projects/{org}/{project}/rules/{rule_id}/',
  '/api/0/organizations/{org}/alert-rules/{alert_rule_id}/',
  '/api/0/organizations/{org}/detectors/{detector_id}/',
  '/api/0/organizations/{org}/replays/{replay_id}/',
  '/api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/',
  '/api/0/organizations/{org}/notifications/actions/{action_id}/',
];

/** Why an arrival that no client sent cannot be a lookup of the proxy's own; undefined if it can. */
export function lookUpViolation({ understood }: Arrival, clients: readonly Client[]): string | undefined {
  if (understood === null || understood.method !== 'GET') return 'no lookup is like this';
  if (!LOOKED_UP.includes(understood.template)) return `${understood.template} is never looked up`;
  const orgs = clients.flatMap((client) => organizationsOf(client) ?? []);
  return orgs.includes(understood.kwargs.org!) ? undefined : 'nobody’s organization is looked up';
}
