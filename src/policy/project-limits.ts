import { type Client, membership, type ProjectRef } from './client.ts';
import { type Allowed, type Condition, type Refused, type ResponseFilter, refuse, type Thing } from './decision.ts';
import type { Granted } from './grant.ts';
import { namesProjects, type Pairs, projectsOf, withProjects } from './query.ts';
import { projectIn } from './resource.ts';
import type { LookupKind, ProjectLimit } from './sentry/endpoint.ts';
import { parameterIn, type RouteMatch } from './sentry/endpoint-table.ts';
import { fits } from './sentry/parameters.ts';
import type { Target } from './sentry/target.ts';

/** A granted request of a client that is limited to projects, within one of its organizations. */
export interface HeldRequest {
  readonly client: Client;
  /** Method and path, as texts to the client name them. */
  readonly asked: string;
  /** The client's projects in this organization. */
  readonly projects: readonly ProjectRef[];
  readonly target: Target;
  readonly route: RouteMatch;
  readonly pairs: Pairs;
  readonly granted: Granted;
}

/** The result of a limit that does not refuse the request. */
interface Held {
  readonly conditions?: readonly Condition[];
  readonly query?: string;
  readonly only?: Pick<ResponseFilter, 'listKey'>;
}

/** The combined result of all limits of a row. */
interface WithinProjects {
  readonly kind: 'within';
  readonly conditions: readonly Condition[];
  readonly allowed: Allowed;
}

/** Holds a request to the client's projects by all limits of its row. */
export function withinProjects(held: HeldRequest, limits: readonly ProjectLimit[]): WithinProjects | Refused {
  let { allowed } = held.granted;
  const conditions: Condition[] = [];
  for (const limit of limits) {
    const one = heldBy(held, limit);
    if ('kind' in one) return one;
    conditions.push(...(one.conditions ?? []));
    if (one.query !== undefined) allowed = { ...allowed, query: one.query };
    if (one.only !== undefined) allowed = withFilter(allowed, held.projects, one.only);
  }
  // Where the query is not what limits, it may still select projects, and then only the client's.
  if (!limits.includes('query') && !limits.includes('none') && namesProjects(held.pairs))
    conditions.push({ kind: 'query', pairs: held.pairs });
  return { kind: 'within', conditions, allowed };
}

function heldBy(held: HeldRequest, limit: ProjectLimit): Held | Refused {
  const colon = limit.indexOf(':');
  const kind = colon === -1 ? limit : limit.slice(0, colon);
  const detail = colon === -1 ? '' : limit.slice(colon + 1);
  switch (kind) {
    case 'none':
      return {};
    case 'path':
      return byPath(held);
    case 'query':
      return byQuery(held);
    case 'filter':
      return { only: detail === '' ? {} : { listKey: detail } };
    case 'lookup':
      return byLookup(held, detail as LookupKind);
    case 'body':
      // The body's fields are checked with the rest of them.
      return {};
    default:
      return unlimitable(held, 'has data of all projects of the organization');
  }
}

/** The response is a list, or has one in it. Only these entries stay in it. */
export const withFilter = (
  allowed: Allowed,
  keepOnly: readonly ProjectRef[],
  filter?: Pick<ResponseFilter, 'listKey'>,
): Allowed => ({ ...allowed, response: { removeKeys: [], ...allowed.response, ...filter, keepOnly } });

function byPath(held: HeldRequest): Held | Refused {
  const project = projectIn(held.target);
  if (project === undefined) return unlimitable(held, 'names no project');
  const is = membership(held.projects, project);
  if (is === 'no') return notTheirs(held);
  return is === 'unknown' ? { conditions: [{ kind: 'project', project }] } : {};
}

function byQuery(held: HeldRequest): Held | Refused {
  const query = narrowedHere(held.pairs, held.projects);
  if (query === undefined) return { conditions: [{ kind: 'query', pairs: held.pairs }] };
  return query === '' ? notTheirs(held) : { query };
}

/** The parameter of the path that names the thing. */
const PARAMETERS: Readonly<Record<LookupKind, string>> = {
  issue: 'issue_id',
  release: 'version',
  monitor: 'monitor_id_or_slug',
  rule: 'rule_id',
  'alert-rule': 'alert_rule_id',
  detector: 'detector_id',
  replay: 'replay_id',
  snapshot: 'snapshot_id',
  'notification-action': 'action_id',
};

function byLookup(held: HeldRequest, kind: LookupKind): Held | Refused {
  const { target, route } = held;
  const id = parameterIn(route, target, PARAMETERS[kind]) ?? nameOfResource(target, kind);
  if (id === undefined) return unlimitable(held, 'cannot be limited to projects');
  const project = projectIn(target)?.value;
  const thing: Thing = { kind, id, ...(project !== undefined && { project }) };
  return { conditions: [{ kind: 'lookup', thing }] };
}

/** Of a path that the table does not have: an issue or a release below an organization. */
function nameOfResource({ names }: Target, kind: LookupKind): string | undefined {
  const [, , resource, name = ''] = names;
  if (kind === 'release') return resource === 'releases' && name !== '' ? name : undefined;
  return kind === 'issue' && resource === 'issues' && fits('issue_id', name) ? name : undefined;
}

/** The query with ids of the client's projects, empty if none is left; undefined if that takes a lookup. */
function narrowedHere(pairs: Pairs, projects: readonly ProjectRef[]): string | undefined {
  const selected = projectsOf(pairs);
  const isKnown = [...projects, ...selected].every(({ kind }) => kind === 'id');
  if (!isKnown) return undefined;
  const own = projects.map(({ value }) => value);
  const ids = selected.length === 0 ? own : own.filter((id) => selected.some(({ value }) => value === id));
  return ids.length === 0 ? '' : withProjects(pairs, ids);
}

const notTheirs = ({ client }: HeldRequest): Refused => refuse(client, 'project', 'may not reach this project');

const unlimitable = ({ client, asked, granted }: HeldRequest, why: string): Refused =>
  refuse(
    client,
    'not_limitable',
    `is limited to projects, and ${asked} ${why}; an allow rule "${granted.rule}" would grant it whole`,
  );
