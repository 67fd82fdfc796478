import type { Thing } from '../../policy/decision.ts';
import { byIdAndSlug, LOOKUPS, lookupPath, type NamedProject, one } from './lookup-kinds.ts';
import { ABSENT, type Ask, LookupFailed, type Lookups, type Project } from './types.ts';

/** Milliseconds and entries. */
interface LookupBounds {
  /** A project's id never changes, its slug may. */
  readonly projectLifetime: number;
  /** For a project that was not found. */
  readonly absenceLifetime: number;
  /**
   * An issue may be merged into one of another project. What was not found is kept as long: the client chooses the id,
   * and a refusal that takes another time would tell it whether another project has such an issue.
   */
  readonly issueLifetime: number;
  /** Answers that are kept for one client. */
  readonly entries: number;
  /** Lookups at a time; more are refused at once. */
  readonly atATime: number;
  /** Lookups at a time that one client causes; further ones wait. */
  readonly atATimePerClient: number;
  /** Whether a request may wait for what another one asked: not if the runtime ends that with the other request. */
  readonly isShared: boolean;
}

/** The defaults. */
export const BOUNDS: LookupBounds = {
  projectLifetime: 10 * 60_000,
  absenceLifetime: 5000,
  issueLifetime: 60_000,
  entries: 1000,
  atATime: 256,
  atATimePerClient: 8,
  isShared: true,
};

type Answer = readonly NamedProject[] | undefined;

/** Milliseconds for which answers are kept. */
interface Lifetimes {
  readonly found: number;
  readonly absent: number;
}

/** Answers that are kept, by the path that was asked. */
export type Kept = Map<string, { readonly answer: Answer; readonly until: number }>;

/** The client that causes a lookup. */
export interface Cause {
  readonly kept: Kept;
  /** Begins a lookup when it is the client's turn. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** Facts that may change at any time. */
const NOT_KEPT: Lifetimes = { found: 0, absent: 0 };

/**
 * Lookups over HTTP. Concurrent lookups of one path share a request if allowed. Responses are cached, bounded in time
 * and number, for each client apart: a busy client evicts nothing of the others', and sees nothing of their lookups. A
 * release is looked up each time, since projects join it at any time.
 */
export class CachedLookups implements Lookups {
  readonly #ask: Ask;
  readonly #now: () => number;
  readonly #bounds: LookupBounds;
  /** For what no client caused. */
  readonly #own: Cause = { kept: new Map(), inTurn: (work) => work() };
  readonly #underWay = new Map<string, Promise<Answer>>();
  #asking = 0;

  /** @param now milliseconds of a clock that does not jump */
  constructor(ask: Ask, now: () => number, bounds: Partial<LookupBounds> = {}) {
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

  /** @param cause the client that causes it; a request that waits for another's lookup needs no turn */
  async #answer(
    names: string[],
    query: string,
    lifetimes: Lifetimes,
    { kept, inTurn }: Cause = this.#own,
    read: (json: unknown) => Answer,
  ): Promise<Answer> {
    const path = lookupPath(names);
    if (path === undefined) return undefined;
    const known = () => {
      const entry = kept.get(path);
      return entry !== undefined && this.#now() < entry.until ? entry : undefined;
    };
    const ask = () => this.#fetch(path + query, read);
    const look = async (): Promise<Answer> => {
      const entry = known();
      if (entry !== undefined) return entry.answer;
      // A lookup is not counted here either: a request that never ends would be counted for ever.
      const answer = await (this.#bounds.isShared ? this.#once(path, ask) : ask());
      this.#keep(kept, path, answer, answer === undefined ? lifetimes.absent : lifetimes.found);
      return answer;
    };
    // A lookup that has not begun is not shared, or one client would wait for another's turn.
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
    if (this.#asking >= this.#bounds.atATime) throw new LookupFailed('too many lookups are running');
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
      throw error instanceof LookupFailed ? error : new LookupFailed('Sentry did not answer', { cause: error });
    }
    if (ABSENT.has(answer.status)) return undefined;
    if (answer.status !== 200) throw new LookupFailed(`Sentry answered with status ${answer.status}`);
    const projects = read(answer.json);
    if (projects === undefined) throw new LookupFailed('the response names no project');
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
