import type { Signal } from '../http/types.ts';
import type { Thing } from '../policy/decision.ts';
import { byIdAndSlug, LOOKUPS, lookUpPath, type NamedProject, one } from './lookup-kinds.ts';

/** A project as Sentry knows it. */
export interface Project {
  readonly id: string;
  readonly slug: string;
}

/**
 * The policy's questions to Sentry. Undefined means that no such thing exists.
 * Each rejects with `LookUpFailed` if Sentry did not say.
 */
export interface LookUps {
  /** @param idOrSlug of a project of the clients file */
  project(org: string, idOrSlug: string): Promise<Project | undefined>;
  /** All projects of an issue, a release, a monitor … */
  projectsOf(org: string, thing: Thing): Promise<readonly NamedProject[] | undefined>;
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
  /** For a project that was not found. */
  readonly absenceLifetime: number;
  /**
   * An issue may be merged into one of another project. What was not found is kept as long: the client chooses the id, and
   * a refusal that takes another time would tell it whether another project has such an issue.
   */
  readonly issueLifetime: number;
  /** Answers that are kept for one client. */
  readonly entries: number;
  /** Look-ups at a time; more are refused at once. */
  readonly atATime: number;
  /** Look-ups at a time that one client causes; further ones wait. */
  readonly atATimePerClient: number;
  /** Whether a request may wait for what another one asked: not if the runtime ends that with the other request. */
  readonly isShared: boolean;
}

/** The defaults. */
export const BOUNDS: LookUpBounds = {
  projectLifetime: 10 * 60_000,
  absenceLifetime: 5000,
  issueLifetime: 60_000,
  entries: 1000,
  atATime: 256,
  atATimePerClient: 8,
  isShared: true,
};

/** Statuses that say that there is no such thing; a redirect leads from an old slug to a new one. */
export const ABSENT: ReadonlySet<number> = new Set([301, 302, 307, 308, 404]);

type Answer = readonly NamedProject[] | undefined;

/** Milliseconds for which answers are kept. */
interface Lifetimes {
  readonly found: number;
  readonly absent: number;
}

/** Answers that are kept, by the path that was asked. */
type Kept = Map<string, { readonly answer: Answer; readonly until: number }>;

/**
 * Lookups over HTTP. Concurrent lookups of one path share a request if allowed. Responses are cached, bounded in time and
 * number, for each client apart: a busy client evicts nothing of the others', and sees nothing of their lookups.
 * A release is looked up each time, since projects join it at any time.
 */
export class CachedLookUps implements LookUps {
  readonly #ask: Ask;
  readonly #now: () => number;
  readonly #bounds: LookUpBounds;
  /** For what no client caused. */
  readonly #own: Cause = { kept: new Map(), inTurn: (work) => work() };
  readonly #underWay = new Map<string, Promise<Answer>>();
  #asking = 0;

  /** @param now milliseconds of a clock that does not jump */
  constructor(ask: Ask, now: () => number, bounds: Partial<LookUpBounds> = {}) {
    this.#ask = ask;
    this.#now = now;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  async project(org: string, idOrSlug: string, cause?: Cause): Promise<Project | undefined> {
    const path = ['projects', org, idOrSlug];
    const lifetimes = { found: this.#bounds.projectLifetime, absent: this.#bounds.absenceLifetime };
    const answer = await this.#answer(path, '', lifetimes, cause, (json) => one(byIdAndSlug(json)));
    return answer?.[0] as Project | undefined;
  }

  projectsOf(org: string, thing: Thing, cause?: Cause): Promise<readonly NamedProject[] | undefined> {
    const { path, query = '', isKept, projectsIn } = LOOKUPS[thing.kind];
    const { issueLifetime } = this.#bounds;
    const lifetimes = isKept ? { found: issueLifetime, absent: issueLifetime } : NOT_KEPT;
    return this.#answer(path(org, thing), query, lifetimes, cause, projectsIn);
  }

  /** @param cause the client that causes it; a request that waits for another's look-up needs no turn */
  async #answer(
    names: string[],
    query: string,
    lifetimes: Lifetimes,
    { kept, inTurn }: Cause = this.#own,
    read: (json: unknown) => Answer,
  ): Promise<Answer> {
    const path = lookUpPath(names);
    if (path === undefined) return undefined;
    const known = () => {
      const entry = kept.get(path);
      return entry !== undefined && this.#now() < entry.until ? entry : undefined;
    };
    const ask = () => this.#fetch(path + query, read);
    const look = async (): Promise<Answer> => {
      const entry = known();
      if (entry !== undefined) return entry.answer;
      // Nothing is counted either: a request that never ends would be counted for ever.
      const answer = await (this.#bounds.isShared ? this.#once(path, ask) : ask());
      this.#keep(kept, path, answer, answer === undefined ? lifetimes.absent : lifetimes.found);
      return answer;
    };
    // Only lookups that have begun are shared, or one client would wait for another's turn.
    const needsTurn = this.#bounds.isShared && known() === undefined && !this.#underWay.has(path);
    return needsTurn ? inTurn(look) : look();
  }

  async #once(path: string, ask: () => Promise<Answer>): Promise<Answer> {
    const begun = this.#underWay.get(path);
    if (begun !== undefined) return begun;
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
    const projects = read(answer.json);
    if (projects === undefined) throw new LookUpFailed('the answer names no project');
    return projects;
  }

  #keep(kept: Kept, path: string, answer: Answer, lifetime: number): void {
    if (lifetime === 0) return;
    // A Map keeps its order, so the first is the oldest.
    kept.delete(path);
    if (kept.size >= this.#bounds.entries) kept.delete(kept.keys().next().value!);
    kept.set(path, { answer, until: this.#now() + lifetime });
  }
}

/** The look-ups that one client causes: no more at a time than its share, so that others get theirs. */
export class ShareOfLookUps {
  readonly #lookUps: CachedLookUps;
  readonly #queue: Queue;
  readonly #kept: Kept = new Map();

  constructor(lookUps: CachedLookUps, atATime: number) {
    this.#lookUps = lookUps;
    this.#queue = new Queue(atATime);
  }

  /** @param signal of the request that causes them: those that still wait end with it */
  of(signal: Signal): LookUps {
    const cause: Cause = { kept: this.#kept, inTurn: (work) => this.#queue.inTurn(work, signal) };
    return {
      project: (org, idOrSlug) => this.#lookUps.project(org, idOrSlug, cause),
      projectsOf: (org, thing) => this.#lookUps.projectsOf(org, thing, cause),
    };
  }
}

/** The client that causes a look-up. */
interface Cause {
  readonly kept: Kept;
  /** Begins a look-up when it is the client's turn. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** Facts that may change at any time. */
const NOT_KEPT: Lifetimes = { found: 0, absent: 0 };

/** The number of a client's lookups that may wait. */
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
