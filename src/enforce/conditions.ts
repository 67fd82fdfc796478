import { membership, type ProjectRef, projectRef } from '../policy/client.ts';
import { type Allowed, type Condition, type Conditional, type Refused, refusalOf, refuse } from '../policy/decision.ts';
import { projectsOf, withProjects } from '../policy/query.ts';
import { checkBody } from './checked-body.ts';
import { isReleaseName, type NamedProject } from './lookups/lookup-kinds.ts';
import { LookupFailed, type Lookups, type Project } from './lookups/types.ts';

/**
 * The request's body.
 * @returns undefined if it is larger than `limit` bytes
 */
export type ReadBody = (limit: number) => Promise<Uint8Array | undefined>;

/** Is told the projects that the request turns out to be about, whether they are the client's or not. */
export type Seen = (org: string, project: NamedProject) => void;

/** Bytes of a body that is checked. */
export const CHECKED_BODY_LIMIT = 1024 * 1024;

/**
 * Resolves the conditions of a decision. Fails closed: what Sentry does not say is refused.
 * Rejects only with errors of `readBody`.
 */
export async function resolveConditions(
  conditional: Conditional,
  lookups: Lookups,
  readBody: ReadBody,
  seen: Seen = () => {},
): Promise<Allowed | Refused> {
  let { allowed } = conditional;
  try {
    for (const condition of conditional.conditions) {
      const outcome = await resolve(condition, conditional, { lookups, readBody, seen });
      if ('kind' in outcome) return outcome;
      allowed = { ...allowed, ...outcome };
    }
    return allowed;
  } catch (error) {
    if (!(error instanceof LookupFailed)) throw error;
    return refuse(
      conditional.client,
      'look_up_failed',
      `could not be checked, because a lookup failed: ${error.message}`,
    );
  }
}

type Outcome = Refused | Pick<Allowed, 'query' | 'body'>;

interface Means {
  readonly lookups: Lookups;
  readonly readBody: ReadBody;
  readonly seen: Seen;
}

async function resolve(
  condition: Condition,
  { client, org, projects = [] }: Conditional,
  { lookups, readBody, seen }: Means,
): Promise<Outcome> {
  // One text for things that do not exist and things of others, so that it does not reveal which.
  const denied = (what: string) => refuse(client, 'project', `may not reach this ${what}, or there is none`);
  const own = new OwnProjects(org, projects, lookups);

  switch (condition.kind) {
    case 'project':
      return (await own.includeAll([named(condition.project)])) ? {} : denied('project');

    case 'issue': {
      const { id, within } = condition;
      for (const { org, projects } of within) {
        const found = await lookups.projectsOf(org, { kind: 'issue', id });
        if (found === undefined) continue;
        const isTheirs = projects === undefined || (await new OwnProjects(org, projects, lookups).includeAll(found));
        return isTheirs ? {} : denied('issue');
      }
      return denied('issue');
    }

    case 'lookup': {
      const { thing } = condition;
      const all = await lookups.projectsOf(org, thing);
      for (const project of all ?? []) seen(org, project);
      return all !== undefined && (await own.includeAll(all)) ? {} : denied(thing.kind.replaceAll('-', ' '));
    }

    case 'query': {
      const selected = projectsOf(condition.pairs);
      const wanted = (await own.resolved()).filter(
        (project) => selected.length === 0 || selected.some(({ kind, value }) => project[kind] === value),
      );
      for (const project of wanted.length === 0 ? selected.map(named) : wanted) seen(org, project);
      const ids = new Set(wanted.map(({ id }) => id));
      return ids.size === 0 ? denied('project') : { query: withProjects(condition.pairs, ids) };
    }

    case 'body': {
      const body = await readBody(CHECKED_BODY_LIMIT);
      if (body === undefined) return refuse(client, 'body', `sent a body larger than ${CHECKED_BODY_LIMIT} bytes`);
      const checked = checkBody(body, condition.limits, condition.required);
      if ('reason' in checked) return refusalOf(client, checked);
      for (const value of checked.projects) seen(org, named(projectRef(value)));
      if (checked.projects.size > 0) {
        const areTheirs = await own.includeAll([...checked.projects].map((value) => named(projectRef(value))));
        if (!areTheirs) return denied('project');
      }
      for (const version of checked.releases) {
        if (!isReleaseName(version)) return refuse(client, 'body', 'sent a release whose name cannot be looked up');
        const existing = await lookups.projectsOf(org, { kind: 'release', id: version });
        const mayBeNew = condition.required === undefined || checked.projects.size > 0;
        const isFree = existing === undefined ? mayBeNew : await own.includeAll(existing);
        if (!isFree) return denied('release');
      }
      return { body };
    }
  }
}

const named = ({ kind, value }: ProjectRef): NamedProject => ({ [kind]: value });

/** Lookups of a client's own projects at a time. */
const AT_A_TIME = 8;

/** The projects of a client, which are looked up at most once, and only if they are needed. */
class OwnProjects {
  readonly #org: string;
  readonly #projects: readonly ProjectRef[];
  readonly #lookups: Lookups;
  #resolved: Promise<readonly Project[]> | undefined;

  constructor(org: string, projects: readonly ProjectRef[], lookups: Lookups) {
    this.#org = org;
    this.#projects = projects;
    this.#lookups = lookups;
  }

  /** Whether all of these are the client's; false if there are none. */
  async includeAll(others: readonly NamedProject[]): Promise<boolean> {
    let isUnsure = false;
    for (const other of others) {
      const is = this.#membershipOf(other);
      if (is === 'no') return false;
      if (is === 'unknown') isUnsure = true;
    }
    if (!isUnsure) return others.length > 0;
    const own = await this.resolved();
    return others.every(
      (other) => this.#membershipOf(other) === 'yes' || own.some((project) => isSame(project, other)),
    );
  }

  #membershipOf({ id, slug }: NamedProject): 'yes' | 'no' | 'unknown' {
    const found = [
      ...(id === undefined ? [] : [membership(this.#projects, { kind: 'id', value: id })]),
      ...(slug === undefined ? [] : [membership(this.#projects, { kind: 'slug', value: slug })]),
    ];
    if (found.includes('yes')) return 'yes';
    // A project that is known by both names is known for certain.
    return found.length === 1 && found[0] === 'unknown' ? 'unknown' : 'no';
  }

  /** As Sentry knows them; one that is not there is left out. */
  resolved(): Promise<readonly Project[]> {
    this.#resolved ??= this.#resolve();
    return this.#resolved;
  }

  async #resolve(): Promise<readonly Project[]> {
    const known: Project[] = [];
    for (let start = 0; start < this.#projects.length; start += AT_A_TIME) {
      const batch = this.#projects.slice(start, start + AT_A_TIME);
      const found = await Promise.all(batch.map(({ value }) => this.#lookups.project(this.#org, value)));
      // A response under another name than the one that was looked up belongs to another project.
      for (const project of found) if (project !== undefined && isNamed(batch, project)) known.push(project);
    }
    return known;
  }
}

const isSame = (project: Project, { id, slug }: NamedProject): boolean =>
  id === undefined ? project.slug === slug : project.id === id;

const isNamed = (projects: readonly ProjectRef[], project: Project): boolean =>
  projects.some(({ kind, value }) => value === project[kind]);
