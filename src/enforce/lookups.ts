import type { Signal } from '../http/types.ts';
import { walk } from '../policy/sentry/endpoint-table.ts';
import { parseTarget } from '../policy/sentry/target.ts';

/** A project as Sentry knows it. */
export interface Project {
  readonly id: string;
  readonly slug: string;
}

/**
 * What the policy asks Sentry for. Undefined: there is no such thing.
 * Each rejects with `LookUpFailed` if Sentry did not say.
 */
export interface LookUps {
  /** @param idOrSlug of a project of the clients file */
  project(org: string, idOrSlug: string): Promise<Project | undefined>;
  /** The project of an issue, by the issue's numeric id. */
  projectOfIssue(org: string, issueId: string): Promise<Project | undefined>;
  /** All projects of a release. */
  projectsOfRelease(org: string, version: string): Promise<readonly Project[] | undefined>;
}

/** Sentry did not answer a look-up in a way that could be understood: the request is refused with a 503. */
export class LookUpFailed extends Error {
  override readonly name = 'LookUpFailed';
}

/** One GET with the injected token, which has its own time-out and follows no redirect. */
export type Ask = (path: string) => Promise<{ readonly status: number; readonly json: unknown }>;

/** Milliseconds and entries. */
export interface LookUpBounds {
  /** A project's id never changes, its slug may. */
  readonly projectLifetime: number;
  /** An issue may be merged into one of another project. */
  readonly issueLifetime: number;
  /** For what was not found. */
  readonly absenceLifetime: number;
  /** Answers that are kept. */
  readonly entries: number;
  /** Look-ups at a time; more are refused at once. */
  readonly atATime: number;
  /** Look-ups at a time that one client causes; further ones wait. */
  readonly atATimePerClient: number;
  /** Whether a request may wait for what another one asked: not if the runtime ends that with the other request. */
  readonly isShared: boolean;
}

/** What holds unless the caller says otherwise. */
export const BOUNDS: LookUpBounds = {
  projectLifetime: 10 * 60_000,
  issueLifetime: 5 * 60_000,
  absenceLifetime: 5000,
  entries: 10_000,
  atATime: 256,
  atATimePerClient: 8,
  isShared: true,
};

/** Statuses that say that there is no such thing; a redirect leads from an old slug to a new one. */
export const ABSENT: ReadonlySet<number> = new Set([301, 302, 307, 308, 404]);

type Answer = readonly Project[] | undefined;

/**
 * Look-ups over HTTP. Equal ones that are under way are one if they may be; answers are kept for a while, and only so many of them.
 * A release is looked up each time, since projects join it at any time.
 */
export class CachedLookUps implements LookUps {
  readonly #ask: Ask;
  readonly #now: () => number;
  readonly #bounds: LookUpBounds;
  readonly #kept = new Map<string, { readonly answer: Answer; readonly until: number }>();
  readonly #underWay = new Map<string, Promise<Answer>>();
  #asking = 0;

  /** @param now milliseconds of a clock that does not jump */
  constructor(ask: Ask, now: () => number, bounds: Partial<LookUpBounds> = {}) {
    this.#ask = ask;
    this.#now = now;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  async project(org: string, idOrSlug: string, turns?: Turns): Promise<Project | undefined> {
    const path = ['projects', org, idOrSlug];
    const answer = await this.#answer(path, '', this.#bounds.projectLifetime, turns, (json) => [projectFrom(json)]);
    return answer?.[0];
  }

  async projectOfIssue(org: string, issueId: string, turns?: Turns): Promise<Project | undefined> {
    const path = ['organizations', org, 'issues', issueId];
    // Sentry leaves out what takes it longest; a version that does not know one of these words ignores it.
    const query = '?collapse=release&collapse=stats&collapse=tags';
    const answer = await this.#answer(path, query, this.#bounds.issueLifetime, turns, (json) => [
      projectFrom(memberOf(json, 'project')),
    ]);
    return answer?.[0];
  }

  projectsOfRelease(org: string, version: string, turns?: Turns): Promise<readonly Project[] | undefined> {
    const path = releasePath(org, version);
    return this.#answer(path, '', 0, turns, (json) => {
      const projects = memberOf(json, 'projects');
      if (!Array.isArray(projects)) throw new LookUpFailed('the answer has no list of projects');
      return projects.map(projectFrom);
    });
  }

  /** @param turns of the client that causes it; who waits for another's look-up needs no turn */
  async #answer(
    names: string[],
    query: string,
    lifetime: number,
    turns: Turns | undefined,
    read: (json: unknown) => Answer,
  ): Promise<Answer> {
    const path = lookUpPath(names);
    if (path === undefined) return undefined;
    const known = (): Promise<Answer> | undefined => {
      const kept = this.#kept.get(path);
      return kept !== undefined && this.#now() < kept.until ? Promise.resolve(kept.answer) : this.#underWay.get(path);
    };
    const ask = async (): Promise<Answer> => {
      const answer = await this.#fetch(path + query, read);
      this.#keep(path, answer, answer === undefined && lifetime > 0 ? this.#bounds.absenceLifetime : lifetime);
      return answer;
    };
    // Nothing is counted either: who never comes to an end would be counted for ever.
    if (!this.#bounds.isShared) return known() ?? ask();
    // Only what has begun is shared, or one client would wait for another's turn.
    const askOnce = () => known() ?? this.#begin(path, ask);
    return known() ?? (turns === undefined ? askOnce() : turns.inTurn(askOnce));
  }

  async #begin(path: string, ask: () => Promise<Answer>): Promise<Answer> {
    const asking = this.#counted(ask);
    this.#underWay.set(path, asking);
    try {
      return await asking;
    } finally {
      this.#underWay.delete(path);
    }
  }

  async #counted(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#asking >= this.#bounds.atATime) throw new LookUpFailed('too many look-ups are under way');
    this.#asking++;
    try {
      return await ask();
    } finally {
      this.#asking--;
    }
  }

  async #fetch(path: string, read: (json: unknown) => Answer): Promise<Answer> {
    let answer: Awaited<ReturnType<Ask>>;
    try {
      answer = await this.#ask(path);
    } catch (error) {
      throw error instanceof LookUpFailed ? error : new LookUpFailed('Sentry did not answer', { cause: error });
    }
    if (ABSENT.has(answer.status)) return undefined;
    if (answer.status !== 200) throw new LookUpFailed(`Sentry answered with status ${answer.status}`);
    return read(answer.json);
  }

  #keep(path: string, answer: Answer, lifetime: number): void {
    if (lifetime === 0) return;
    // A Map keeps its order, so the first is the oldest.
    this.#kept.delete(path);
    if (this.#kept.size >= this.#bounds.entries) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(path, { answer, until: this.#now() + lifetime });
  }
}

/** The look-ups that one client causes: no more at a time than its share, so that others get theirs. */
export class ShareOfLookUps {
  readonly #lookUps: CachedLookUps;
  readonly #queue: Queue;

  constructor(lookUps: CachedLookUps, atATime: number) {
    this.#lookUps = lookUps;
    this.#queue = new Queue(atATime);
  }

  /** @param signal of the request that causes them: those that still wait end with it */
  of(signal: Signal): LookUps {
    const turns: Turns = { inTurn: (work) => this.#queue.inTurn(work, signal) };
    return {
      project: (org, idOrSlug) => this.#lookUps.project(org, idOrSlug, turns),
      projectOfIssue: (org, issueId) => this.#lookUps.projectOfIssue(org, issueId, turns),
      projectsOfRelease: (org, version) => this.#lookUps.projectsOfRelease(org, version, turns),
    };
  }
}

/** Says when a look-up may begin. */
interface Turns {
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** So many of a client's look-ups may wait. */
const MAX_WAITING = 64;

/** Lets so many run at a time; further ones wait, and too many are refused. */
class Queue {
  readonly #atATime: number;
  #underWay = 0;
  #waiting: { readonly signal: Signal; begin(): void; leave(): void }[] = [];

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  async inTurn<T>(work: () => Promise<T>, signal: Signal): Promise<T> {
    if (this.#underWay >= this.#atATime) {
      this.#dropAborted();
      if (this.#waiting.length >= MAX_WAITING)
        throw new LookUpFailed("too many of the client's look-ups are under way");
      await new Promise<void>((begin, reject) => {
        this.#waiting.push({ signal, begin, leave: () => reject(signal.reason) });
      });
    } else this.#underWay++;
    try {
      return await work();
    } finally {
      // The place goes to the next one that waits.
      this.#dropAborted();
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next.begin();
    }
  }

  #dropAborted(): void {
    const dropped = this.#waiting.filter(({ signal }) => signal.aborted);
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    for (const { leave } of dropped) leave();
  }
}

const releasePath = (org: string, version: string): string[] => ['organizations', org, 'releases', version];

/** Whether a release of this name can be looked up: others would lead to another resource, or to none. */
export const isReleaseName = (version: string): boolean => lookUpPath(releasePath('org', version)) !== undefined;

/**
 * The path of a look-up, each segment encoded again. Undefined if it would lead elsewhere than it says: a release called
 * `token` or `..` must not turn a look-up into another request.
 */
function lookUpPath(names: readonly string[]): string | undefined {
  // A lone surrogate has no encoding, and is no name of Sentry's.
  if (!names.every((name) => name.isWellFormed())) return undefined;
  const path = `/api/0/${names.map(encodeURIComponent).join('/')}/`;
  const target = parseTarget(path);
  if (typeof target === 'string') return undefined;
  const { template, isDisguised } = walk(target);
  return template !== undefined && TEMPLATES.has(template) && !isDisguised ? path : undefined;
}

/** A look-up asks for one of these. A path that leads anywhere else is a mistake. */
const TEMPLATES: ReadonlySet<string> = new Set([
  '/api/0/projects/{org}/{project}/',
  '/api/0/organizations/{org}/issues/{issue_id}/',
  '/api/0/organizations/{org}/releases/{version}/',
]);

function memberOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

function projectFrom(json: unknown): Project {
  const id = memberOf(json, 'id');
  const slug = memberOf(json, 'slug');
  const isId = (typeof id === 'string' || typeof id === 'number') && /^[1-9][0-9]*$/.test(String(id));
  if (!isId || typeof slug !== 'string' || slug === '') throw new LookUpFailed('the answer names no project');
  return { id: String(id), slug };
}
