// What a row says of the parameters of a query and the keys of a body.
import type { Client } from '../clients.ts';
import type { KeyRule, Keys } from '../rows.ts';
import type { Understood } from '../start.ts';
import { thingNamed } from '../world.ts';
import type { Grant } from './rules.ts';
import { hasOneOf } from './scopes.ts';

/** The client that sent the fields, and how it is held. */
export interface Sender {
  client: Client;
  grant: Grant;
  /** Undefined if nothing holds the client to its projects. */
  held?: { org: string | undefined; areMine(names: readonly unknown[]): boolean };
}

/** Why a query may not be sent; undefined if it may. */
export function queryViolation(
  query: Record<string, string[]>,
  row: Keys | undefined,
  from: Sender,
): string | undefined {
  for (const [key, values] of Object.entries(query)) {
    const rule = Object.hasOwn(row?.keys ?? {}, key) ? row!.keys![key]! : undefined;
    const reason = rule === undefined ? undefined : brokenBy(rule, values, `the query’s ${key}`, from);
    if (reason !== undefined) return reason;
    if (rule === undefined && from.held !== undefined && SELECTING.has(key)) return `the query has ${key}`;
  }
  return undefined;
}

/** Parameters by which Sentry's views select something of any project, or read more than the projects say. */
const SELECTING = new Set([
  ...['id', 'ids', 'group', 'groups', 'groupId', 'issue', 'issues', 'issueId', 'issue.id', 'event_id', 'eventId'],
  ...['project_id', 'projectId', 'project_slug', 'project_id_or_slug', 'projects', 'shortIdLookup', 'allProjects'],
  ...['options', 'savedSearch', 'searchId', 'viewId', 'detector', 'detectorId', 'workflow', 'workflowId', 'monitor'],
  ...['rule', 'alertRule', 'team', 'superuser', 'integrationId', 'dashboardWidgetId', 'discoverSavedQueryId'],
]);

/** Why a body may not be sent; undefined if it may. */
export function bodyViolation(
  data: unknown,
  row: Keys | undefined,
  required: string[],
  from: Sender,
): string | undefined {
  if (row === undefined) return undefined;
  for (const { path, value } of membersOf(data)) {
    const rule = Object.entries(row.keys ?? {}).find(([key]) => snake(key) === path)?.[1];
    const reason = rule === undefined ? undefined : brokenBy(rule, [value].flat(), `the body’s ${path}`, from);
    if (reason !== undefined) return reason;
    if (rule !== undefined || row.only === undefined || from.held === undefined) continue;
    const listed = [...row.only, ...required, ...Object.keys(row.keys ?? {})].map(bare);
    const own = bare(path);
    if (!listed.some((one) => one === own || own.startsWith(`${one}.`) || isOnTheWay(own, row.only!)))
      return `the body has ${path}, which is not listed`;
  }
  return undefined;
}

/** A key that has to be there for one below it that is listed. */
const isOnTheWay = (path: string, only: readonly string[]): boolean =>
  only.some((one) => bare(one).startsWith(`${path}.`));

/** No two keys of Sentry's differ in case, underscores and blanks alone: what does is read as the same, or not at all. */
const bare = (path: string): string => path.replaceAll(/[_\s]/g, '').toLowerCase();

/** All members at all depths, by their dotted paths. */
function membersOf(data: unknown, above = ''): { path: string; value: unknown }[] {
  if (Array.isArray(data)) return data.flatMap((entry) => membersOf(entry, above));
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) => {
    const path = above + snake(key);
    return [{ path, value }, ...membersOf(value, `${path}.`)];
  });
}

/** Many of Sentry's serializers read camelCase and snake_case as one. */
const snake = (path: string): string =>
  path
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();

function brokenBy(rule: KeyRule, values: readonly unknown[], what: string, from: Sender): string | undefined {
  const { needs, unless } = typeof rule === 'string' ? { needs: rule, unless: [] } : rule;
  const isHarmless = (value: unknown) =>
    unless === 'number' ? /^\d{1,19}$/.test(String(value)) : unless.includes(value as string);
  if (values.length > 0 && values.every(isHarmless)) return undefined;
  const { client, grant, held } = from;
  switch (needs) {
    case 'ok':
      return undefined;
    case 'never':
      return `${what} is nobody’s`;
    case 'never with projects':
      return held && `${what} reaches beyond the client’s projects`;
    case 'rule':
      return grant.isByRule ? undefined : `${what} needs a rule`;
    case 'projects': {
      const named = values.filter((value) => value !== null);
      if (held === undefined || named.length === 0) return undefined;
      return held.areMine(named) ? undefined : `${what} is a project that is not the client’s`;
    }
    case 'release':
      return held && values.some((value) => isOfOthers(value, held)) ? `${what} is a release of others` : undefined;
    default:
      return grant.isByRule || hasOneOf(client, [needs]) ? undefined : `${what} needs ${needs}`;
  }
}

/** Whether a release exists that has other projects than the client's. */
function isOfOthers(version: unknown, { org, areMine }: NonNullable<Sender['held']>): boolean {
  // Sentry's serializers trim blanks.
  const release = thingNamed('version', String(version).trim(), org);
  return release !== undefined && !areMine(release.projects);
}

/** What Django read of a query or a body, if it could read it. */
export const readable = ({ query, queryProblem, data, bodyProblem }: Understood) => ({
  query: queryProblem === undefined ? (query ?? {}) : {},
  data: bodyProblem === undefined ? data : undefined,
});
