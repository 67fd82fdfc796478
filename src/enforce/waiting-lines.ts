import { Deadline } from '../http/deadline.ts';
import { ProxyError } from '../http/errors.ts';
import type { Signal } from '../http/types.ts';
import type { Acquisition, LimitStore, Limits } from './local-limits.ts';

/** Requests of one client that may wait for a place. */
export const MAX_WAITING = 16;
/** Milliseconds that a request waits, at most. */
const LONGEST_WAIT = 5000;
/**
 * Milliseconds between two attempts where nothing says that a place is free: another replica's, or one that was
 * dropped.
 */
const POLL = 100;

/**
 * Lets requests wait in line for a place of their client. A client program sends several requests at a time, regardless
 * of its concurrency here, and gives up at the first 429.
 */
export class WaitingLines {
  readonly #limits: LimitStore;
  readonly #wakes: boolean;
  /** By the client's name. A line exists while a request waits in it. */
  readonly #lines = new Map<string, Waiting[]>();

  /** @param wakes whether the end of one request may go on with another: Workers keep the two apart */
  constructor(limits: LimitStore, wakes: boolean) {
    this.#limits = limits;
    this.#wakes = wakes;
  }

  /**
   * Takes a request's place, if need be after a wait.
   * @throws the signal's reason, if the client leaves or the proxy is closed before
   */
  async acquire(name: string, limits: Limits, signal: Signal): Promise<Acquisition> {
    if (limits.concurrency === undefined) return this.#limits.acquire(name, limits);
    const taken = this.#lines.has(name) ? FULL : await this.#limits.acquire(name, limits);
    return isForNow(taken) ? this.#wait(name, limits, signal) : this.#watched(name, taken);
  }

  async #wait(name: string, limits: Limits, signal: Signal): Promise<Acquisition> {
    const line = this.#lines.get(name) ?? [];
    if (line.length >= MAX_WAITING) return FULL;
    this.#lines.set(name, line);
    const own: Waiting = { wake: () => {} };
    line.push(own);
    const end = performance.now() + LONGEST_WAIT;
    try {
      for (let left = LONGEST_WAIT; left > 0; left = end - performance.now()) {
        await nap(own, Math.min(POLL, left), signal);
        if (isOutOfTime(signal)) return FULL;
        if (signal.aborted) throw signal.reason;
        if (line[0] !== own) continue;
        const taken = await this.#limits.acquire(name, limits);
        if (!isForNow(taken)) return this.#watched(name, taken);
      }
      return FULL;
    } finally {
      line.splice(line.indexOf(own), 1);
      if (line.length === 0) this.#lines.delete(name);
      this.#wakeFirst(name);
    }
  }

  #watched(name: string, taken: Acquisition): Acquisition {
    if (!taken.ok) return taken;
    const release = () => {
      taken.release();
      this.#wakeFirst(name);
    };
    return { ok: true, release };
  }

  #wakeFirst(name: string): void {
    if (this.#wakes) this.#lines.get(name)?.[0]?.wake();
  }
}

/** A request in line. */
interface Waiting {
  wake(): void;
}

const FULL: Acquisition = { ok: false, over: 'concurrency', retryAfterSeconds: 1 };

/** Whether a place may become free soon. A rate takes longer. */
const isForNow = (taken: Acquisition): boolean => !taken.ok && taken.over === 'concurrency';

/** Whether a request used up its time in line. Sentry had no part in it, so the line is to blame. */
const isOutOfTime = ({ aborted, reason }: Signal): boolean =>
  aborted && reason instanceof ProxyError && reason.name === 'upstream_timeout';

/** Waits until the time is over, the request is woken, or it ends. */
async function nap(waiting: Waiting, milliseconds: number, signal: Signal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = new Deadline([signal], milliseconds);
  waiting.wake = resolve;
  end.addEventListener('abort', resolve);
  try {
    if (!end.aborted) await promise;
  } finally {
    end.removeEventListener('abort', resolve);
    waiting.wake = () => {};
  }
}
