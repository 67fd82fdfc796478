import { type Client, membership, type ProjectRef } from './client.ts';
import { type Allowed, type Check, type Decision, type Refused, type ResponseRule, refuse } from './decision.ts';
import { type Pairs, parseQuery, projectsOf, withProjects } from './query.ts';
import { projectIn } from './resource.ts';
import type { Limit } from './sentry/endpoint-table.ts';
import { fits, isNumber, projectOfShortId } from './sentry/parameters.ts';
import type { Target } from './sentry/target.ts';

/** A granted request of a client that is limited to projects, within one of its organizations. */
interface Question {
  readonly client: Client;
  /** Method and path, as texts to the client name them. */
  readonly asked: string;
  readonly org: string;
  /** The client's projects in this organization. */
  readonly projects: readonly ProjectRef[];
  readonly target: Target;
  readonly allowed: Allowed;
}

/** How each kind of row keeps a client to its projects. */
export const PROJECT_LIMITS: Readonly<Record<Limit, (question: Question) => Decision>> = {
  // It holds nothing of a project: blobs get their meaning only when they are assembled.
  none: ({ allowed }) => allowed,
  filter: ({ allowed, projects }) => withFilter(allowed, projects),
  'filter-projects': ({ allowed, projects }) =>
    withFilter(allowed, projects, { without: ['teams'], listIn: 'projects' }),
  path: byPath,
  query: byQuery,
  lookup: byLookUp,
  'body-project': (question) => byBody(question, 'project'),
  'body-projects': (question) => byBody(question, 'projects'),
  // Declared by nobody and read nowhere: only a live Sentry could show whether it filters.
  inferred: (question) => unlimitable(question, 'is not known to be limited by its query'),
  refuse: (question) => unlimitable(question, 'has data of all projects of the organization'),
};

/** The answer is a list, or has one in it. Only these entries stay in it. */
export const withFilter = (allowed: Allowed, only: readonly ProjectRef[], rule?: ResponseRule): Allowed => ({
  ...allowed,
  response: { without: [], ...allowed.response, ...rule, only },
});

function byPath(question: Question): Decision {
  const project = projectIn(question.target);
  if (project === undefined) return unlimitable(question, 'names no project');
  return byProject(question, project, []);
}

function byQuery(question: Question): Decision {
  const { target, projects, allowed } = question;
  const pairs = parseQuery(target.query);
  if (typeof pairs === 'string') return badQuery(question, pairs);
  const query = narrowedHere(pairs, projects);
  if (query === undefined) return checked(question, [{ check: 'query', pairs }]);
  return query === '' ? notYours(question) : { ...allowed, query };
}

function byLookUp(question: Question): Decision {
  const queryChecks = checksOfQuery(question);
  if ('kind' in queryChecks) return queryChecks;
  const [, , resource, name = ''] = question.target.names;
  if (resource === 'releases') return checked(question, [...queryChecks, { check: 'release', version: name }]);
  const isIssue = (resource === 'issues' || resource === 'shortids') && fits('issue_id', name);
  if (!isIssue) return unlimitable(question, 'cannot be limited to projects');
  const slug = projectOfShortId(name);
  if (slug === undefined) return checked(question, [...queryChecks, { check: 'issue', issueId: name }]);
  return byProject(question, { kind: 'slug', value: slug }, queryChecks);
}

function byBody(question: Question, key: 'project' | 'projects'): Decision {
  const queryChecks = checksOfQuery(question);
  // Sentry's POST adds to a release that exists already.
  const isRelease = question.allowed.template === '/api/0/organizations/{org}/releases/';
  return 'kind' in queryChecks ? queryChecks : checked(question, [...queryChecks, { check: 'body', key, isRelease }]);
}

function byProject(question: Question, project: ProjectRef, checks: readonly Check[]): Decision {
  const is = membership(question.projects, project);
  if (is === 'no') return notYours(question);
  return checked(question, is === 'perhaps' ? [...checks, { check: 'project', project }] : checks);
}

/** Where the query is not what limits, it may still name projects, and then only the client's. */
function checksOfQuery(question: Question): readonly Check[] | Refused {
  const pairs = parseQuery(question.target.query);
  if (typeof pairs === 'string') return badQuery(question, pairs);
  return projectsOf(pairs).length === 0 ? [] : [{ check: 'query', pairs }];
}

/** The query with ids of the client's projects, empty if none is left; undefined if that takes a look-up. */
function narrowedHere(pairs: Pairs, projects: readonly ProjectRef[]): string | undefined {
  const asked = projectsOf(pairs);
  const isKnown = projects.every(({ kind }) => kind === 'id') && asked.every(isNumber);
  if (!isKnown) return undefined;
  const mine = projects.map(({ value }) => value);
  const ids = asked.length === 0 ? mine : mine.filter((id) => asked.includes(id));
  return ids.length === 0 ? '' : withProjects(pairs, ids);
}

const checked = ({ client, org, projects, allowed }: Question, checks: readonly Check[]): Decision =>
  checks.length === 0 ? allowed : { kind: 'check', client, org, projects, checks, allowed };

const notYours = ({ client }: Question): Refused => refuse(client, 'project', 'may not reach this project');

const badQuery = ({ client }: Question, problem: string): Refused =>
  refuse(client, 'query', `sent a query that is not accepted: ${problem}`);

const unlimitable = ({ client, asked }: Question, why: string): Refused =>
  refuse(client, 'not_limitable', `is limited to projects, and ${asked} ${why}`);
