import { type Client, projectRef } from './client.ts';
import { type Condition, type Decision, refusalOf, refuse, type Within } from './decision.ts';
import { limitsOf } from './fields.ts';
import type { Granted } from './grant.ts';
import { isIndex, isOrganizationList, isProjectList, isRegions } from './known-paths.ts';
import { type HeldRequest, withFilter, withinProjects } from './project-limits.ts';
import { badQuery, type Pairs, parseQuery, problemIn, projectsOf, withProjects } from './query.ts';
import { limitByPlace, organizationIn } from './resource.ts';
import type { Endpoint, ProjectLimit } from './sentry/endpoint.ts';
import { askedText, endpointOf, type RouteMatch } from './sentry/endpoint-table.ts';
import { isNumber } from './sentry/parameters.ts';
import type { Target } from './sentry/target.ts';

/** Holds what was granted within the client's organizations, then within its projects, and looks at its fields. */
export function withinBoundary(
  client: Client,
  method: string,
  target: Target,
  route: RouteMatch,
  granted: Granted,
): Decision {
  const { boundary } = client;
  const endpoint = endpointOf(route, method);
  const asked = askedText(method, route);
  if (isIndex(method, route)) return granted.allowed;
  if (isRegions(method, target)) return { ...granted.allowed, ownJson: NO_REGIONS };
  const request = { client, endpoint, target, granted };
  if (boundary.kind === 'all') return withFields({ ...request, held: undefined });
  if (isOrganizationList(method, route)) {
    const names = boundary.kind === 'organizations' ? boundary.organizations : boundary.projects.keys();
    return withFilter(granted.allowed, [...names].map(projectRef));
  }

  const org = organizationIn(target);
  if (org === undefined) return withoutOrganization(request, method, route);
  if (boundary.kind === 'organizations') {
    return boundary.organizations.has(org)
      ? withFields({ ...request, held: undefined, org })
      : refuse(client, 'organization', outsideText(org, [...boundary.organizations]));
  }
  const projects = boundary.projects.get(org);
  if (projects === undefined) return refuse(client, 'organization', outsideText(org, [...boundary.projects.keys()]));
  const limits: readonly ProjectLimit[] = [endpoint?.projects ?? limitByPlace(target)].flat();
  // A response that cannot be narrowed is granted whole if the operator wrote a rule for it.
  if (granted.isDecided && limits.includes('refuse')) return withFields({ ...request, held: undefined, org });
  return withFields({ ...request, org, held: { projects, limits, asked, route } });
}

const NO_REGIONS = '{"regions":[]}';

/** Holds a limited client's request whose path names no organization. */
function withoutOrganization(request: Omit<Bounded, 'held'>, method: string, route: RouteMatch): Decision {
  const { client, endpoint, target } = request;
  const within = withinOf(client.boundary);
  if (isProjectList(method, route)) {
    const decision = withFieldsAnywhere(request, method, route);
    if (decision.kind !== 'allow') return decision;
    const response = { removeKeys: [], ...decision.response, keepWithin: within };
    return { ...decision, response };
  }
  // Sentry takes no short id there.
  const [first, id = ''] = target.names;
  if (first === 'issues' && isNumber(id) && endpoint?.projects === 'lookup:issue') {
    const decision = withFieldsAnywhere(request, method, route);
    if (decision.kind === 'refuse') return decision;
    const conditions: Condition[] = [{ kind: 'issue', id, within }];
    return decision.kind === 'allow'
      ? { kind: 'conditional', client, org: '', projects: undefined, conditions, allowed: decision }
      : { ...decision, conditions: [...conditions, ...decision.conditions] };
  }
  if (endpoint?.projects === 'none') return withFields({ ...request, held: undefined });
  return refuse(client, 'organization', `is limited, and ${askedText(method, route)} names no organization`);
}

/** Looks at the fields of a request whose projects may be those of any organization of the client. */
function withFieldsAnywhere(request: Omit<Bounded, 'held'>, method: string, route: RouteMatch): Decision {
  const { client } = request;
  const isHeld = client.boundary.kind === 'projects';
  const held = isHeld ? { projects: [], limits: [], asked: askedText(method, route), route } : undefined;
  const decision = withFields({ ...request, held });
  if (decision.kind !== 'conditional') return decision;
  const selection = decision.conditions.find((condition) => condition.kind === 'query');
  if (selection === undefined) return decision;
  const { pairs } = selection;
  if (projectsOf(pairs).length > 0)
    return refuse(client, 'query', 'may not name projects where the path names no organization');
  // All projects are meant, as without a word of them.
  const allowed = { ...decision.allowed, query: withProjects(pairs, []) };
  const conditions = decision.conditions.filter((condition) => condition !== selection);
  return conditions.length === 0 ? allowed : { ...decision, conditions, allowed };
}

/** The organizations of a limited client. */
function withinOf(boundary: Client['boundary']): readonly Within[] {
  if (boundary.kind === 'projects') return [...boundary.projects].map(([org, projects]) => ({ org, projects }));
  return boundary.kind === 'all' ? [] : [...boundary.organizations].map((org) => ({ org, projects: undefined }));
}

interface Bounded {
  readonly client: Client;
  readonly endpoint: Endpoint | undefined;
  readonly target: Target;
  readonly granted: Granted;
  readonly org?: string;
  /** If the row limits the client to projects. */
  readonly held:
    | (Pick<HeldRequest, 'projects' | 'asked' | 'route'> & { readonly limits: readonly ProjectLimit[] })
    | undefined;
}

/** Looks at the parameters of the query, and says what the body has to be. */
function withFields({ client, endpoint, target, granted, org = '', held }: Bounded): Decision {
  const isHeld = held !== undefined && !held.limits.includes('none');
  const grantOf = { client, isHeld, isByRule: granted.isByRule, rule: granted.rule };
  const hasQuery = target.query !== undefined && target.query !== '';
  const queryLimits = hasQuery ? limitsOf(endpoint?.query, { ...grantOf, part: 'query' }) : undefined;
  let pairs: Pairs = [];
  if (hasQuery && (isHeld || queryLimits !== undefined)) {
    const parsed = parseQuery(target.query);
    const problem = typeof parsed === 'string' ? badQuery(parsed) : problemIn(parsed, queryLimits, isHeld);
    if (typeof parsed === 'string' || problem !== undefined) return refusalOf(client, problem!);
    pairs = parsed;
  }
  const within =
    held === undefined ? undefined : withinProjects({ client, target, granted, pairs, ...held }, held.limits);
  if (within?.kind === 'refuse') return within;
  const bodyLimits = limitsOf(endpoint?.body, { ...grantOf, part: 'body' });
  const required = held?.limits.find((limit) => limit.startsWith('body:'))?.slice('body:'.length);
  const conditions: Condition[] = [...(within?.conditions ?? [])];
  if (bodyLimits !== undefined || required !== undefined) {
    const limits = bodyLimits ?? { keys: new Map(), only: undefined };
    conditions.push({ kind: 'body', limits, ...(required !== undefined && { required }) });
  }
  const allowed = within?.allowed ?? granted.allowed;
  const removed = held === undefined ? [] : (endpoint?.removedWithProjects ?? []);
  const response =
    removed.length === 0
      ? allowed.response
      : { ...allowed.response, removeKeys: [...(allowed.response?.removeKeys ?? []), ...removed] };
  const filtered = response === undefined ? allowed : { ...allowed, response };
  return conditions.length === 0
    ? filtered
    : { kind: 'conditional', client, org, projects: held?.projects, conditions, allowed: filtered };
}

function outsideText(org: string, known: readonly string[]): string {
  const isOtherSpelling = known.some((name) => isNumber(name) !== isNumber(org));
  const hint = isOtherSpelling ? '; it has to be written as the clients file has it, by slug or by id' : '';
  return `may not reach this organization${hint}`;
}
