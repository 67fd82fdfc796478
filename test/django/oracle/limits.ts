// What holds a client to its projects.
import type { Client } from '../clients.ts';
import type { Row } from '../rows.ts';
import type { Understood } from '../start.ts';
import { projectSlug, thingNamed } from '../world.ts';

/** The parameters that name what a row looks up. */
const LOOKED_UP_BY: Record<string, string> = {
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

/** The projects of a client in one organization. */
export class OwnProjects {
  readonly #org: string;
  readonly #slugs: string[];

  constructor(client: Client, org: string) {
    this.#org = org;
    this.#slugs = client.projects!.flatMap((name) =>
      name.startsWith(`${org}/`) ? [projectSlug(org, name.slice(org.length + 1))!] : [],
    );
  }

  /** Whether there are any of these, and all are the client's. */
  readonly areMine = (names: readonly unknown[]): boolean => {
    const isMine = (name: unknown) => this.#slugs.includes(projectSlug(this.#org, String(name)) ?? '');
    return names.length > 0 && names.every(isMine);
  };

  /** Why not all limits of its row limit a request to the projects. */
  violation(limits: Row['limits'], understood: Understood, body?: Row['body']): string | undefined {
    for (const limit of limits) {
      const reason = this.#brokenBy(limit, understood, body);
      if (reason !== undefined) return reason;
    }
    // With any limit: a request that selects projects selects its client's.
    const { query = {}, queryProblem } = understood;
    const selects = queryProblem === undefined && ('project' in query || 'projectSlug' in query);
    return selects && !limits.includes('none') ? this.#queryViolation(understood) : undefined;
  }

  #brokenBy(limit: string, understood: Understood, body: Row['body']): string | undefined {
    const { kwargs } = understood;
    const [kind, detail = ''] = limit.split(':') as [string, string?];
    switch (kind) {
      case 'none':
        return undefined;
      case 'filter':
        return isFilteredList([limit]) && isPart(understood)
          ? 'a part of a list is asked for, whose place tells of the rest'
          : undefined;
      case 'path':
        return this.areMine([kwargs.project]) ? undefined : 'the project of the path is not the client’s';
      case 'query':
        return understood.queryProblem === undefined ? this.#queryViolation(understood) : undefined;
      case 'body': {
        if (understood.bodyProblem !== undefined) return undefined;
        const named = understood.bodyProjects?.[detail];
        // What names a release that is the client's changes that one, and needs no projects.
        if (named?.length === 0 && this.#namesOwnRelease(understood, body)) return undefined;
        if (named === undefined || named.length === 0) return 'the body names no project';
        return this.areMine(named) ? undefined : 'the body names a project that is not the client’s';
      }
      case 'lookup': {
        const parameter = LOOKED_UP_BY[detail]!;
        const thing = thingNamed(parameter, kwargs[parameter]!, this.#org);
        if (thing !== undefined && this.areMine(thing.projects)) return undefined;
        return `the ${detail} belongs to a project that is not the client’s, or to none`;
      }
      default:
        return 'it cannot be limited to projects';
    }
  }

  #namesOwnRelease({ data }: Understood, body: Row['body']): boolean {
    if (body?.keys?.version !== 'release') return false;
    const { version } = (data ?? {}) as { version?: unknown };
    const release = typeof version === 'string' ? thingNamed('version', version.trim(), this.#org) : undefined;
    return release !== undefined && this.areMine(release.projects);
  }

  #queryViolation({ query = {}, projects }: Understood): string | undefined {
    if (projects === undefined || projects === 'all') return 'it reads all projects';
    if (!this.areMine(projects)) return 'the query names a project that is not the client’s';
    if ('projectSlug' in query) return 'the query has projectSlug';
    return undefined;
  }
}

/** Whether a list is not asked for from its beginning. */
export const isPart = ({ query = {} }: Understood): boolean => 'cursor' in query || 'per_page' in query;

/** Whether an answer is a list from which entries are taken out. */
export const isFilteredList = (limits: Row['limits']): boolean => limits.includes('filter');
