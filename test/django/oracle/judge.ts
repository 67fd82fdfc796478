// Judges what Django understood of a request: was the client allowed to have that arrive with Sentry's token?
// Written from the documented rules alone, with none of the proxy's code, so that no mistake is made twice.
import type { Client } from '../clients.ts';
import type { Row } from '../rows.ts';
import type { Understood } from '../start.ts';
import { thingNamed } from '../world.ts';
import { bodyViolation, queryViolation, readable, type Sender } from './keys.ts';
import { isPart, OwnProjects } from './limits.ts';
import { type Grant, grantOf } from './rules.ts';

/** It knows no projects, so that there is nothing of them to select. */
const ORGANIZATIONS = '/api/0/organizations/';
/** Lists of all organizations, which are filtered. */
const FILTERED_LISTS = [ORGANIZATIONS, '/api/0/projects/'];

/** Sentry finds what these name by a number or a UUID alone: a name there is another path, which the list lacks. */
const NO_NAMES = /^(?:rule|alert_rule|detector|replay|snapshot|action)_id$/;
const isName = (value: string): boolean => /^[a-z][\w-]*$/i.test(value) && /[g-z]/i.test(value);

/** The row of what Django understood. HEAD is as GET. */
export const rowOf = ({ template, method, kwargs }: Understood, rows: readonly Row[]): Row | undefined => {
  if (Object.entries(kwargs).some(([parameter, value]) => NO_NAMES.test(parameter) && isName(value))) return undefined;
  const of = (wanted: string) => rows.find((one) => one.path === template && one.method === wanted);
  return of(method) ?? (method === 'HEAD' ? of('GET') : undefined);
};

/** The organizations of a client; undefined for one that has all. */
export const organizationsOf = ({ orgs, projects }: Client): string[] | undefined => {
  if (orgs?.includes('*')) return undefined;
  return orgs ?? [...new Set(projects!.map((name) => name.split('/')[0]!))];
};

/**
 * Why a client may not do what Django understood; undefined if it may.
 *
 * @param rows of Sentry's endpoints.
 */
export function violation(client: Client, understood: Understood, rows: readonly Row[]): string | undefined {
  if (client.expires !== undefined && Date.parse(client.expires) < Date.now()) return 'the client has expired';
  const row = rowOf(understood, rows);
  const grant = grantOf(client, understood, row);
  if (typeof grant === 'string') return grant;

  const { method, template } = understood;
  const { data } = readable(understood);
  const isRead = method === 'GET' || method === 'HEAD';
  const hasData = data !== undefined && Object.keys(data ?? {}).length > 0;
  if (isRead && hasData) return 'a body came with a request that reads';
  if (template === '/api/0/') return undefined;
  return outside(client, understood, row) ?? beyondProjects(client, understood, row, grant);
}

/** Why a request is not within the organizations of its client. */
function outside(client: Client, { template, kwargs }: Understood, row: Row | undefined): string | undefined {
  const orgs = organizationsOf(client);
  if (orgs === undefined || FILTERED_LISTS.includes(template)) return undefined;
  if (kwargs.org !== undefined) return orgs.includes(kwargs.org) ? undefined : 'the organization is not the client’s';
  if (row?.limits.includes('none')) return undefined;
  if (!row?.limits.includes('lookup:issue')) return 'it names no organization';
  return orgs.includes(issueOf(kwargs)?.organization ?? '')
    ? undefined
    : 'the issue is not in the client’s organizations';
}

/** Without an organization an issue has a number and no short id. */
const issueOf = ({ issue_id = '' }: Understood['kwargs']) =>
  /^\d+$/.test(issue_id) ? thingNamed('issue_id', issue_id) : undefined;

/** Why a request has fields that its row or its client's projects do not allow, or is not within the projects. */
function beyondProjects(
  client: Client,
  understood: Understood,
  row: Row | undefined,
  grant: Grant,
): string | undefined {
  const { template, kwargs } = understood;
  const limits = limitsOf(row, template);
  const org = kwargs.org ?? (limits.includes('lookup:issue') ? issueOf(kwargs)?.organization : undefined);
  // What nothing narrows, a rule that spells it out gives whole.
  const isWhole = grant.isDecided && limits.includes('refuse');
  const own = client.projects === undefined || isWhole ? undefined : new OwnProjects(client, org ?? '');
  const isHeld = own !== undefined && template !== ORGANIZATIONS && !limits.includes('none');
  const held = isHeld ? { org, areMine: own.areMine } : undefined;
  const from: Sender = { client, grant, ...(held && { held }) };

  const { query, data } = readable(understood);
  const required = limits.flatMap((limit) => (limit.startsWith('body:') ? [limit.slice('body:'.length)] : []));
  const reason = queryViolation(query, row?.query, from) ?? bodyViolation(data, row?.body, required, from);
  if (reason !== undefined) return reason;
  const isLimited = organizationsOf(client) !== undefined;
  if (FILTERED_LISTS.includes(template))
    return isLimited && isPart(understood) ? 'a part of a filtered list is asked for' : undefined;
  if (own === undefined) return undefined;
  const isSearch = held !== undefined && understood.namesEvent && row?.query?.keys?.query === undefined;
  if (isSearch) return 'the query searches for an event of any project';
  return own.violation(limits, understood, row?.body);
}

/** Everything below a project is the project's, also where an `allow` reaches further than the list of endpoints. */
function limitsOf(row: Row | undefined, template: string): string[] {
  if (row !== undefined) return row.limits;
  return [`${template}/`.startsWith('/api/0/projects/{org}/{project}/') ? 'path' : 'refuse'];
}
