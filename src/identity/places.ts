import { Deadline } from '../http/deadline.ts';

/** Tasks at a time. */
const MAX_RUNNING = 64;
/** Milliseconds that another one waits for a place. */
const MAX_WAIT = 1000;
/** Others that may wait. */
const MAX_WAITING = 1000;

/** Limits how many tasks run at a time. */
export class Places {
  #running = 0;
  readonly #waiting = new Set<() => void>();

  /** Runs a task once there is a place for it. @returns undefined if there was none in time */
  async run<T>(task: () => Promise<T>): Promise<T | undefined> {
    if (this.#running < MAX_RUNNING) this.#running++;
    else if (!(await this.#wait())) return undefined;
    try {
      return await task();
    } finally {
      // The place goes to the one that has waited longest, or becomes free.
      const [next] = this.#waiting;
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #wait(): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve(false);
    const limit = new Deadline([], MAX_WAIT);
    return new Promise((resolve) => {
      const end = (hasPlace: boolean) => {
        limit.removeEventListener('abort', giveUp);
        this.#waiting.delete(go);
        resolve(hasPlace);
      };
      const go = () => end(true);
      const giveUp = () => end(false);
      limit.addEventListener('abort', giveUp);
      this.#waiting.add(go);
    });
  }
}
