// Judges what Django understood of a request: was the client allowed to have that arrive with Sentry's token?
// Written from the documented rules alone, with none of the proxy's code, so that no mistake is made twice.
import type { Client } from './clients.ts';
import type { Row } from './rows.ts';
import type { Arrival, Understood } from './start.ts';
import { projectOfIssue, projectSlug, projectsOfRelease, WORLD } from './world.ts';

// ---- Scopes ----

const IMPLIES: Record<string, string[]> = {
  ...Object.fromEntries(
    ['org', 'member', 'team', 'project', 'event'].flatMap((kind) => [
      [`${kind}:write`, [`${kind}:read`]],
      [`${kind}:admin`, [`${kind}:read`, `${kind}:write`]],
    ]),
  ),
  'alerts:write': ['alerts:read'],
  'org:admin': ['org:read', 'org:write', 'org:integrations'],
  'member:invite': ['member:read'],
  'member:write': ['member:read', 'member:invite'],
  'member:admin': ['member:read', 'member:write', 'member:invite'],
};
const READ_ONLY = ['org', 'member', 'team', 'project', 'event', 'alerts'].map((kind) => `${kind}:read`);

function hasOneOf(client: Client, wanted: readonly string[]): boolean {
  const given = client.scopes ?? [];
  if (given.includes('*')) return wanted.length > 0;
  const named = given.flatMap((scope) => (scope === 'readonly' ? READ_ONLY : [scope]));
  return wanted.some((scope) => named.some((one) => one === scope || IMPLIES[one]?.includes(scope)));
}

/** Beginnings of paths that no scope grants. */
const NEVER_BY_SCOPE = [
  ...['internal', 'relocations', 'publickeys', 'relays', 'users', 'userroles', 'auth', 'auth-v2', 'api-tokens'],
  ...['api-applications', 'api-authorizations', 'authenticators', 'wizard', 'accept-transfer', 'accept-invite'],
  ...['broadcasts', 'assistant', 'prompts-activity', 'sentry-apps', 'sentry-app-installations', 'doc-integrations'],
  ...['integration-features', 'secret-scanning', 'data-export'],
];
const PROJECT_DETAILS = '/api/0/projects/{org}/{project}/';

function isSecret(row: Row): boolean {
  return row.needsRule !== undefined || NEVER_BY_SCOPE.includes(row.path.split('/')[3]!);
}

// ---- Rules of a client ----

const CANONICAL: Record<string, string> = {
  groups: 'issues',
  comments: 'notes',
  'user-reports': 'user-feedback',
  plugin: 'plugins',
};
const canonical = (segment: string): string => CANONICAL[segment] ?? segment;

function isCovered(rule: string, { template, method, kwargs }: Understood): boolean {
  const [ruleMethod, rulePath] = rule.split(' ') as [string, string];
  if (ruleMethod !== '*' && ruleMethod !== (method === 'HEAD' ? 'GET' : method)) return false;
  const wanted = rulePath.split('/');
  const actual = template.split('/');
  for (const [index, segment] of wanted.entries()) {
    if (segment === '**') return true;
    const there = actual[index];
    if (there === undefined) return false;
    const isAny = segment === '*' || segment.startsWith('{');
    if (isAny ? there === '' : canonical(segment) !== canonical(kwargs[there.slice(1, -1)] ?? there)) return false;
  }
  return wanted.length === actual.length;
}

// ---- Organizations and projects ----

const WITHOUT_ORGANIZATION = ['/api/0/', '/api/0/organizations/'];
/** Of the rows whose body names projects, the key that does. */
const BODY_KEYS: Record<string, string> = {
  '/api/0/organizations/{org}/artifactbundle/assemble/': 'projects',
  '/api/0/organizations/{org}/code-mappings/bulk/': 'project',
  '/api/0/organizations/{org}/monitors/': 'project',
  '/api/0/organizations/{org}/notifications/actions/': 'projects',
  '/api/0/organizations/{org}/releases/': 'projects',
  '/api/0/organizations/{org}/spike-protections/': 'projects',
};

/** A client that is limited to projects, in one organization. */
class Limits {
  readonly #org: string;
  readonly #projects: string[];

  constructor(client: Client, org: string) {
    this.#org = org;
    this.#projects = client.projects!.flatMap((name) =>
      name.startsWith(`${org}/`) ? [name.slice(org.length + 1)] : [],
    );
  }

  violation(row: Pick<Row, 'limit'>, understood: Understood): string | undefined {
    const { template, kwargs, query = {}, projects, bodyProjects } = understood;
    switch (row.limit) {
      case 'none':
      case 'filter':
        return undefined;
      case 'path':
        return this.#areMine([kwargs.project!]) ? undefined : 'the project of the path is not the client’s';
      case 'query':
        return understood.queryProblem === undefined ? this.#queryViolation(query, projects) : undefined;
      case 'body': {
        if (understood.bodyProblem !== undefined) return undefined;
        const named = bodyProjects?.[BODY_KEYS[template] ?? ''];
        if (named === undefined || named.length === 0) return 'the body names no project';
        return this.#areMine(named) ? undefined : 'the body names a project that is not the client’s';
      }
      case 'lookup': {
        if (!this.#areMine(this.#lookedUp(kwargs)))
          return 'it belongs to a project that is not the client’s, or to none';
        return query.project === undefined ? undefined : this.#queryViolation(query, projects);
      }
      default:
        return 'it cannot be limited to projects';
    }
  }

  #queryViolation(query: Record<string, string[]>, projects: Understood['projects']): string | undefined {
    if (projects === undefined || projects === 'all') return 'it reads all projects';
    if (!this.#areMine(projects)) return 'the query names a project that is not the client’s';
    const unwanted = ['projectSlug', 'project_id', 'project_id_or_slug', 'shortIdLookup'].find((key) => key in query);
    return unwanted && `the query has ${unwanted}`;
  }

  #lookedUp(kwargs: Record<string, string>): string[] {
    if (kwargs.issue_id !== undefined) return [projectOfIssue(this.#org, kwargs.issue_id) ?? 'none'];
    return projectsOfRelease(this.#org, kwargs.version!) ?? ['none'];
  }

  #areMine(names: readonly unknown[]): boolean {
    const isMine = (name: unknown) => this.#projects.includes(projectSlug(this.#org, String(name)) ?? '');
    return names.length > 0 && names.every(isMine);
  }
}

// ---- The judgement ----

/**
 * Why a client may not do what Django understood; undefined if it may.
 *
 * @param rows of Sentry's endpoints.
 */
export function violation(client: Client, understood: Understood, rows: readonly Row[]): string | undefined {
  if (client.expires !== undefined && Date.parse(client.expires) < Date.now()) return 'the client has expired';
  const { template, method, kwargs } = understood;

  const rowOf = (wanted: string) => rows.find((one) => one.path === template && one.method === wanted);
  const row = rowOf(method) ?? (method === 'HEAD' ? rowOf('GET') : undefined);
  const isByScope = row !== undefined && (template === '/api/0/' || (!isSecret(row) && hasOneOf(client, row.scopes)));
  const isAllowed = client.allow?.some((rule) => isCovered(rule, understood)) ?? false;
  if (!isByScope && !isAllowed) return `${method} ${template} is not granted`;
  if (client.deny?.some((rule) => isCovered(rule, understood))) return `${method} ${template} is denied`;

  const isRead = method === 'GET' || method === 'HEAD';
  const hasData = understood.data !== undefined && Object.keys(understood.data ?? {}).length > 0;
  if (isRead && hasData) return 'a body came with a request that reads';

  if (client.orgs?.includes('*')) return undefined;
  if (kwargs.org === undefined) return WITHOUT_ORGANIZATION.includes(template) ? undefined : 'it names no organization';
  const orgs = client.orgs ?? client.projects!.map((name) => name.split('/')[0]!);
  if (!orgs.includes(kwargs.org)) return 'the organization is not the client’s';
  if (client.projects === undefined) return undefined;
  // Whatever is below a project is the project's, also where an `allow` reaches further than the list of endpoints.
  const isBelowProject = template.startsWith(PROJECT_DETAILS);
  if (row === undefined && !isBelowProject) return 'no row says how projects limit it';
  return new Limits(client, kwargs.org).violation(row ?? { limit: 'path' }, understood);
}

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

/** Spellings that nobody may send on, since what is behind the proxy may take them for another path. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(?:\/|$)|[\\\x00-\x1f\x7f%]/;

/** Why an arrival is not to be, by the client that sent it; undefined if it is. */
export function arrivalViolation(client: Client, arrival: Arrival, rows: readonly Row[]): string | undefined {
  if (arrival.understood !== null) return violation(client, arrival.understood, rows);
  if (AMBIGUOUS.test(arrival.path)) return 'the path is ambiguous';
  return violation(client, unrouted(arrival), rows);
}

/** What no request that arrives with the token may have, whoever sent it; undefined if it has none of it. */
export function flaw({ fields }: Arrival, token: string, clients: readonly Client[]): string | undefined {
  if (fields.HTTP_AUTHORIZATION !== `Bearer ${token}`) return 'the credentials are not exactly the token';
  if (fields.HTTP_X_HTTP_METHOD_OVERRIDE !== undefined) return 'a method override came along';
  const own = clients.find((client) => Object.values(fields).some((value) => value.includes(client.token)));
  return own && `the token of ${own.name} came along`;
}

const LOOKED_UP = [
  PROJECT_DETAILS,
  '/api/0/organizations/{org}/releases/{version}/',
  '/api/0/organizations/{org}/issues/{issue_id}/',
];

/** Why an arrival that no client sent cannot be a lookup of the proxy's own; undefined if it can. */
export function lookUpViolation({ understood }: Arrival, clients: readonly Client[]): string | undefined {
  if (understood === null || understood.method !== 'GET') return 'no lookup is like this';
  if (!LOOKED_UP.includes(understood.template)) return `${understood.template} is never looked up`;
  const orgs = clients.flatMap(({ projects = [] }) => projects.map((name) => name.split('/')[0]));
  return orgs.includes(understood.kwargs.org) ? undefined : 'nobody’s organization is looked up';
}

/** What an answer gives away that its client may not see; undefined if it gives nothing away. */
export function leak(client: Client, answer: string): string | undefined {
  if (answer.includes('a-security-token')) return 'the answer has a project’s security token';
  if (client.orgs?.includes('*')) return undefined;
  const sees = ({ organization, slug }: { organization: string; slug: string }) =>
    client.orgs?.includes(organization) || client.projects?.includes(`${organization}/${slug}`);
  const project = WORLD.projects.find(
    (one) => !sees(one) && answer.includes(`"project ${one.organization}/${one.slug}"`),
  );
  if (project !== undefined) return `the answer shows the project ${project.organization}/${project.slug}`;
  const orgs = client.orgs ?? client.projects!.map((name) => name.split('/')[0]!);
  const org = WORLD.organizations.find(({ slug }) => !orgs.includes(slug) && answer.includes(`"organization ${slug}"`));
  return org && `the answer shows the organization ${org.slug}`;
}
