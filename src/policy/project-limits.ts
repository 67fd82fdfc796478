import { type Client, membership, type ProjectRef } from './client.ts';
import { type Allowed, type Check, type Decision, type Refused, type ResponseRule, refuse } from './decision.ts';
import { type Pairs, parseQuery, projectsOf, withProjects } from './query.ts';
import { projectIn } from './resource.ts';
import type { Endpoint, ProjectLimit } from './sentry/endpoint.ts';
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
  /** Its row, if the table has one. */
  readonly endpoint: Endpoint | undefined;
}

/** What a limit makes of a request that it does not refuse. */
interface Held {
  readonly checks?: readonly Check[];
  readonly query?: string;
  readonly only?: Pick<ResponseRule, 'only' | 'listIn'>;
}

/** Holds a request to the client's projects by all limits of its row. */
export function withinProjects(
  question: Question,
  limits: ProjectLimit | readonly ProjectLimit[],
  granted: Allowed,
): Decision {
  const { client, org, projects, endpoint } = question;
  let allowed = granted;
  const checks: Check[] = [];
  for (const limit of [limits].flat()) {
    const held = heldBy(question, limit);
    if ('kind' in held) return held;
    checks.push(...(held.checks ?? []));
    if (held.query !== undefined) allowed = { ...allowed, query: held.query };
    if (held.only !== undefined) allowed = withFilter(allowed, projects, held.only);
  }
  const { removedWithProjects = [] } = endpoint ?? {};
  if (removedWithProjects.length > 0) {
    const without = [...(allowed.response?.without ?? []), ...removedWithProjects];
    allowed = { ...allowed, response: { ...allowed.response, without } };
  }
  return checks.length === 0 ? allowed : { kind: 'check', client, org, projects, checks, allowed };
}

function heldBy(question: Question, limit: ProjectLimit): Held | Refused {
  const [kind, detail = ''] = limit.split(':');
  switch (kind) {
    case 'none':
      return {};
    case 'path':
      return byPath(question);
    case 'query':
      return byQuery(question);
    case 'filter':
      return { only: detail === '' ? {} : { listIn: detail } };
    case 'lookup':
      return byLookUp(question, detail);
    case 'body':
      return byBody(question, detail);
    default:
      return unlimitable(question, 'has data of all projects of the organization');
  }
}

/** The answer is a list, or has one in it. Only these entries stay in it. */
export const withFilter = (allowed: Allowed, only: readonly ProjectRef[], rule?: Partial<ResponseRule>): Allowed => ({
  ...allowed,
  response: { without: [], ...allowed.response, ...rule, only },
});

function byPath(question: Question): Held | Refused {
  const project = projectIn(question.target);
  if (project === undefined) return unlimitable(question, 'names no project');
  return byProject(question, project);
}

function byQuery(question: Question): Held | Refused {
  const { target, projects } = question;
  const pairs = parseQuery(target.query);
  if (typeof pairs === 'string') return badQuery(question, pairs);
  const query = narrowedHere(pairs, projects);
  if (query === undefined) return { checks: [{ check: 'query', pairs }] };
  return query === '' ? notYours(question) : { query };
}

function byLookUp(question: Question, what: string): Held | Refused {
  const queryChecks = checksOfQuery(question);
  if ('kind' in queryChecks) return queryChecks;
  const [, , , name = ''] = question.target.names;
  if (what === 'release') return { checks: [...queryChecks, { check: 'release', version: name }] };
  if (what !== 'issue' || !fits('issue_id', name)) return unlimitable(question, 'cannot be limited to projects');
  const slug = projectOfShortId(name);
  if (slug === undefined) return { checks: [...queryChecks, { check: 'issue', issueId: name }] };
  const held = byProject(question, { kind: 'slug', value: slug });
  return 'kind' in held ? held : { checks: [...queryChecks, ...(held.checks ?? [])] };
}

function byBody(question: Question, key: string): Held | Refused {
  const queryChecks = checksOfQuery(question);
  if ('kind' in queryChecks) return queryChecks;
  // Sentry's POST adds to a release that exists already.
  const isRelease = question.endpoint?.body?.keys?.version === 'release';
  return { checks: [...queryChecks, { check: 'body', key: key as 'project', isRelease }] };
}

function byProject(question: Question, project: ProjectRef): Held | Refused {
  const is = membership(question.projects, project);
  if (is === 'no') return notYours(question);
  return is === 'perhaps' ? { checks: [{ check: 'project', project }] } : {};
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

const notYours = ({ client }: Question): Refused => refuse(client, 'project', 'may not reach this project');

const badQuery = ({ client }: Question, problem: string): Refused =>
  refuse(client, 'query', `sent a query that is not accepted: ${problem}`);

const unlimitable = ({ client, asked }: Question, why: string): Refused =>
  refuse(client, 'not_limitable', `is limited to projects, and ${asked} ${why}`);
