import type { Signal } from '../../http/types.ts';
import type { CachedLookups, Cause, Kept } from './cached-lookups.ts';
import { LookupFailed, type Lookups } from './types.ts';

/** The lookups that one client causes: at most its share at a time, so that others get theirs. */
export class ClientLookups {
  readonly #lookups: CachedLookups;
  readonly #queue: Queue;
  readonly #kept: Kept = new Map();

  constructor(lookups: CachedLookups, atATime: number) {
    this.#lookups = lookups;
    this.#queue = new Queue(atATime);
  }

  /** @param signal of the request that causes them: those that still wait end with it */
  of(signal: Signal): Lookups {
    const cause: Cause = { kept: this.#kept, inTurn: (work) => this.#queue.inTurn(work, signal) };
    return {
      project: (org, idOrSlug) => this.#lookups.project(org, idOrSlug, cause),
      projectsOf: (org, thing) => this.#lookups.projectsOf(org, thing, cause),
    };
  }
}

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
      if (this.#waiting.length >= MAX_WAITING) throw new LookupFailed("too many of the client's lookups are running");
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
