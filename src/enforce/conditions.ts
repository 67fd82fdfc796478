import { membership, type ProjectRef, projectRef } from '../policy/client.ts';
import { type Allowed, type Check, type Pending, type Refused, refuse } from '../policy/decision.ts';
import { projectsOf, withProjects } from '../policy/query.ts';
import { checkBody } from './checked-body.ts';
import { isReleaseName } from './lookup-path.ts';
import { LookUpFailed, type LookUps, type Project } from './lookups.ts';

/**
 * The request's body.
 * @returns undefined if it is larger than `limit` bytes
 */
export type ReadBody = (limit: number) => Promise<Uint8Array | undefined>;

/** Bytes of a body that names projects. */
export const CHECKED_BODY_LIMIT = 1024 * 1024;

/**
 * Makes the checks that a decision is waiting for. Fails closed: what Sentry does not answer is refused.
 * Never rejects, but for what `readBody` throws.
 */
export async function settle(pending: Pending, lookUps: LookUps, readBody: ReadBody): Promise<Allowed | Refused> {
  let { allowed } = pending;
  try {
    for (const check of pending.checks) {
      const outcome = await settleOne(check, pending, lookUps, readBody);
      if ('kind' in outcome) return outcome;
      allowed = { ...allowed, ...outcome };
    }
    return allowed;
  } catch (error) {
    if (!(error instanceof LookUpFailed)) throw error;
    return refuse(pending.client, 'look_up_failed', `could not be checked, since a look-up failed: ${error.message}`);
  }
}

type Outcome = Refused | Pick<Allowed, 'query' | 'body'>;

async function settleOne(check: Check, pending: Pending, lookUps: LookUps, readBody: ReadBody): Promise<Outcome> {
  const { client, org, projects } = pending;
  // One text for what is not there and for what is not theirs, so that nobody learns which.
  const denied = (what: string) => refuse(client, 'project', `may not reach this ${what}, or there is none`);
  const isMine = (project: ProjectRef) => isOneOf(org, projects, project, lookUps);

  switch (check.check) {
    case 'project':
      return (await isMine(check.project)) ? {} : denied('project');

    case 'issue': {
      const project = await lookUps.projectOfIssue(org, check.issueId);
      return project !== undefined && isNamed(projects, project) ? {} : denied('issue');
    }

    case 'release': {
      const all = await lookUps.projectsOfRelease(org, check.version);
      return all !== undefined && areAllNamed(projects, all) ? {} : denied('release');
    }

    case 'query': {
      const asked = projectsOf(check.pairs);
      const mine = await resolved(org, projects, lookUps);
      const wanted = mine.filter(({ id, slug }) => asked.length === 0 || asked.includes(id) || asked.includes(slug));
      const ids = new Set(wanted.map(({ id }) => id));
      return ids.size === 0 ? denied('project') : { query: withProjects(check.pairs, ids) };
    }

    case 'body': {
      const body = await readBody(CHECKED_BODY_LIMIT);
      if (body === undefined) return refuse(client, 'body', `sent a body larger than ${CHECKED_BODY_LIMIT} bytes`);
      const named = checkBody(body, check.key);
      if (typeof named === 'string') return refuse(client, 'body', `sent a body that is not accepted: ${named}`);
      if (!(await areAllMine(org, projects, named.projects, lookUps))) return denied('project');
      if (!check.isRelease || named.version === undefined) return { body };
      if (!isReleaseName(named.version)) return refuse(client, 'body', 'sent a release whose name cannot be looked up');
      const existing = await lookUps.projectsOfRelease(org, named.version);
      const isFree = existing === undefined || areAllNamed(projects, existing);
      return isFree ? { body } : denied('release');
    }
  }
}

/** Look-ups of a client's own projects at a time. */
const AT_A_TIME = 8;

/** The client's projects as Sentry knows them; one that is not there is left out. */
async function resolved(org: string, projects: readonly ProjectRef[], lookUps: LookUps): Promise<Project[]> {
  const known: Project[] = [];
  for (let start = 0; start < projects.length; start += AT_A_TIME) {
    const batch = projects.slice(start, start + AT_A_TIME);
    const answers = await Promise.all(batch.map(({ value }) => lookUps.project(org, value)));
    // An answer under another name than the one asked for belongs to another project.
    known.push(...answers.filter((project) => project !== undefined && isNamed(batch, project)).map((one) => one!));
  }
  return known;
}

/** Whether all of these are the client's; the client's own are looked up at most once, and not for what is known without. */
async function areAllMine(org: string, projects: readonly ProjectRef[], named: ReadonlySet<string>, lookUps: LookUps) {
  const unsure: string[] = [];
  for (const value of named) {
    const is = membership(projects, projectRef(value));
    if (is === 'no') return false;
    if (is === 'perhaps') unsure.push(value);
  }
  if (unsure.length === 0) return true;
  const mine = await resolved(org, projects, lookUps);
  const names = new Set(mine.flatMap(({ id, slug }) => [id, slug]));
  return unsure.every((value) => names.has(value));
}

/** Whether the project is one of the client's, by id or by slug. */
async function isOneOf(org: string, projects: readonly ProjectRef[], asked: ProjectRef, lookUps: LookUps) {
  const is = membership(projects, asked);
  if (is !== 'perhaps') return is === 'yes';
  for (const project of projects.filter(({ kind }) => kind !== asked.kind)) {
    const known = await lookUps.project(org, project.value);
    const isIt = known !== undefined && (asked.kind === 'id' ? known.id : known.slug) === asked.value;
    // An answer under another name than the one asked for belongs to another project.
    if (isIt && isNamed([project], known)) return true;
  }
  return false;
}

const isNamed = (projects: readonly ProjectRef[], { id, slug }: Project): boolean =>
  projects.some(({ kind, value }) => value === (kind === 'id' ? id : slug));

/** A release without projects is nobody's. */
const areAllNamed = (projects: readonly ProjectRef[], all: readonly Project[]): boolean =>
  all.length > 0 && all.every((project) => isNamed(projects, project));
