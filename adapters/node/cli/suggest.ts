import { isReservedName } from '../../../src/clients/read-client.ts';
import { isIndex, PROJECT_DETAILS } from '../../../src/policy/known-paths.ts';
import { organizationIn, projectIn } from '../../../src/policy/resource.ts';
import { endpointOf, type Limit, walk } from '../../../src/policy/sentry/endpoint-table.ts';
import { projectOfShortId } from '../../../src/policy/sentry/parameters.ts';
import { costOf } from '../../../src/policy/sentry/scope-cost.ts';
import { SCOPES, scopesOf } from '../../../src/policy/sentry/scopes.ts';
import { parseTarget, type Target } from '../../../src/policy/sentry/target.ts';

/** What the log says of a request that reached Sentry with the token. */
interface Observed {
  readonly client: string;
  readonly method: string;
  /** Without the values of its query, which the log leaves out. */
  readonly path: string;
}

/** What one client needs, as far as its requests show. */
interface Needs {
  /** For each request that a scope can allow: the scopes that would do. */
  readonly anyOf: Set<string>;
  /** Requests that only an `allow` rule can allow. */
  readonly allow: Set<string>;
  readonly organizations: Set<string>;
  readonly projects: Set<string>;
  /** Paths without an organization: only `"orgs": ["*"]` reaches them. */
  isUnbound: boolean;
  /** Requests that do not show which project they are about. */
  readonly withoutProject: Set<string>;
  /** Requests that no rule can allow: their targets are refused to every named client. */
  readonly refused: Set<string>;
}

/** What `suggest` prints. */
export interface Suggestion {
  /** The entries of a clients file, as JSON; undefined if the log has none. */
  readonly json: string | undefined;
  /** What a person should look at before using them. */
  readonly notes: readonly string[];
}

/**
 * The least scopes, organizations and projects that the requests of a log need, for each client in it.
 * @param lines of the proxy's JSON log; other lines are skipped
 */
export async function suggest(lines: AsyncIterable<string>): Promise<Suggestion> {
  const byClient = new Map<string, Needs>();
  for await (const line of lines) {
    const observed = observedIn(line);
    if (observed === undefined) continue;
    const needs = byClient.get(observed.client) ?? newNeeds();
    byClient.set(observed.client, needs);
    observe(needs, observed);
  }
  const names = [...byClient.keys()].sort();
  if (names.length === 0) {
    return {
      json: undefined,
      notes: ['no request of a client was found: pass the JSON log of the proxy on standard input'],
    };
  }
  const entries = names.map((name) => entry(name, byClient.get(name)!));
  const notes = names.flatMap((name) => notesOn(name, byClient.get(name)!));
  return { json: JSON.stringify({ clients: entries }, null, 2), notes };
}

function observedIn(line: string): Observed | undefined {
  if (!line.startsWith('{')) return undefined;
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { event, route, attempts, client, method, path } = record;
  const reachedSentry = event === 'request' && route === 'inject' && typeof attempts === 'number' && attempts > 0;
  if (!reachedSentry || typeof client !== 'string' || typeof method !== 'string' || typeof path !== 'string') {
    return undefined;
  }
  return { client, method, path };
}

const newNeeds = (): Needs => ({
  anyOf: new Set(),
  allow: new Set(),
  organizations: new Set(),
  projects: new Set(),
  isUnbound: false,
  withoutProject: new Set(),
  refused: new Set(),
});

function observe(needs: Needs, { method, path }: Observed): void {
  const target = parseTarget(path.split('?')[0]!);
  if (typeof target === 'string') {
    needs.refused.add(`${method} ${path}`);
    return;
  }
  const route = walk(target);
  if (isIndex(method, route)) return;
  const asked = `${method} ${route.template ?? path.split('?')[0]}`;
  const endpoint = endpointOf(route, method);
  const isSecret = endpoint?.isSecret === true && route.template !== PROJECT_DETAILS;
  const isByScope = endpoint !== undefined && endpoint.anyOf.length > 0 && !isSecret && !route.isGuarded;
  if (isByScope) needs.anyOf.add(endpoint.anyOf.join(' '));
  else needs.allow.add(asked);

  const org = organizationIn(target);
  if (org === undefined) {
    if (route.template !== '/api/0/organizations/') needs.isUnbound = true;
    return;
  }
  needs.organizations.add(org);
  const project = projectOf(target);
  const isFreeOfProjects = endpoint?.limit !== undefined && FREE_OF_PROJECTS.includes(endpoint.limit);
  if (project !== undefined) needs.projects.add(`${org}/${project}`);
  else if (!isFreeOfProjects) needs.withoutProject.add(asked);
}

/** These pass for a client limited to projects, whichever they are. */
const FREE_OF_PROJECTS: readonly Limit[] = ['none', 'filter', 'filter-projects'];

function projectOf(target: Target): string | undefined {
  const [, , resource, name = ''] = target.names;
  const isIssue = resource === 'issues' || resource === 'shortids';
  return projectIn(target)?.value ?? (isIssue ? projectOfShortId(name) : undefined);
}

function entry(name: string, needs: Needs): Record<string, unknown> {
  const scopes = leastScopes([...needs.anyOf].map((scopes) => scopes.split(' ')));
  const isWithinProjects = needs.projects.size > 0 && needs.withoutProject.size === 0 && !needs.isUnbound;
  return {
    name,
    token: 'sha256:REPLACE-WITH-THE-DIGEST',
    ...(scopes.length > 0 && { scopes }),
    ...(isWithinProjects
      ? { projects: [...needs.projects].sort() }
      : { orgs: needs.isUnbound ? ['*'] : [...needs.organizations].sort() }),
    ...(needs.allow.size > 0 && { allow: [...needs.allow].sort() }),
    mode: 'observe',
  };
}

function notesOn(name: string, needs: Needs): string[] {
  const notes: string[] = [];
  if (isReservedName(name)) notes.push(`${name}: the log uses this name itself; give the client one of its own`);
  if (needs.isUnbound) notes.push(`${name}: asks for paths without an organization, so it needs "orgs": ["*"]`);
  if (needs.projects.size > 0 && needs.withoutProject.size > 0) {
    const requests = [...needs.withoutProject].sort().join(', ');
    notes.push(
      `${name}: could be limited to projects but for ${requests}; the log does not show which projects these ask for`,
    );
  }
  if (needs.allow.size > 0) notes.push(`${name}: no scope gives its allow rules; check that it needs each of them`);
  for (const request of needs.refused) notes.push(`${name}: ${request} is refused to every named client`);
  return notes;
}

/** The scopes with the smallest sum that include, or imply, one of each list. */
function leastScopes(lists: readonly (readonly string[])[]): string[] {
  const gives = new Map(SCOPES.map((scope) => [scope, new Set(scopesOf(scope))]));
  let best: readonly string[] | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  const search = (chosen: readonly string[], cost: number): void => {
    if (cost >= bestCost) return;
    const open = lists.find((anyOf) => !anyOf.some((scope) => chosen.some((held) => gives.get(held)!.has(scope))));
    if (open === undefined) {
      best = chosen;
      bestCost = cost;
      return;
    }
    for (const scope of open) search([...chosen, scope], cost + costOf(scope));
  };
  search([], 0);
  const scopes = best ?? [];
  return scopes.filter((scope) => !scopes.some((other) => other !== scope && gives.get(other)!.has(scope))).sort();
}
