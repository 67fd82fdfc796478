import type { Rate } from '../policy/client.ts';

/** The most that a client may use; undefined: no limit. */
export interface Limits {
  readonly rate?: Rate | undefined;
  readonly concurrency?: number | undefined;
}

/** Whether a request may be served now. */
export type Acquisition =
  | { readonly ok: true /** Frees the place; further calls do nothing. */; readonly release: () => void }
  | {
      readonly ok: false;
      readonly over: 'rate' | 'concurrency' /** Whole seconds, at least 1. */;
      readonly retryAfterSeconds: number;
    };

/** Where the counts are: in this process, or in a store that several share. */
export interface LimitStore {
  /**
   * Takes a request's place.
   * @param name the client's
   */
  acquire(name: string, limits: Limits): Acquisition | Promise<Acquisition>;
  /** Ends what it runs in the background, once what was freed is known where it has to be. */
  close?(): Promise<void>;
}

/** Counts in this process. */
export class LocalLimits implements LimitStore {
  readonly #now: () => number;
  readonly #lease: number;
  readonly #clients = new Map<string, { readonly bucket: TokenBucket; readonly active: Set<Place> }>();

  /**
   * @param now milliseconds of a clock that does not jump, such as `performance.now`
   * @param lease milliseconds after which a place is free although nothing freed it, where a runtime may drop requests
   */
  constructor(now: () => number, lease = Number.POSITIVE_INFINITY) {
    this.#now = now;
    this.#lease = lease;
  }

  acquire(name: string, { rate, concurrency }: Limits): Acquisition {
    if (rate === undefined && concurrency === undefined) return FREE;
    let counts = this.#clients.get(name);
    if (counts === undefined) {
      counts = { bucket: new TokenBucket(this.#now), active: new Set() };
      this.#clients.set(name, counts);
    }
    const { active, bucket } = counts;
    for (const place of active) {
      // A Set keeps its order, so the oldest are the first.
      if (place.until > this.#now()) break;
      active.delete(place);
    }
    // A request that waits for a place takes nothing from the rate.
    if (concurrency !== undefined && active.size >= concurrency) {
      return { ok: false, over: 'concurrency', retryAfterSeconds: 1 };
    }
    const wait = rate === undefined ? 0 : bucket.acquire(rate);
    if (wait > 0) return { ok: false, over: 'rate', retryAfterSeconds: wait };
    if (concurrency === undefined) return FREE;
    const place = { until: this.#now() + this.#lease };
    active.add(place);
    return { ok: true, release: () => void active.delete(place) };
  }

  /** Forgets the clients that the file no longer has, once none of their requests is in progress. */
  retain(names: ReadonlySet<string>): void {
    for (const [name, { active }] of this.#clients) {
      if (!names.has(name) && active.size === 0) this.#clients.delete(name);
    }
  }
}

/** A request in progress. */
interface Place {
  readonly until: number;
}

const FREE: Acquisition = { ok: true, release: () => {} };

/** A token bucket that holds as many requests as the rate names, and is full at first. */
class TokenBucket {
  readonly #now: () => number;
  #rate: Rate | undefined;
  #tokens = 0;
  #filledAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes one request.
   * @param rate may change from one call to the next, as the clients file does
   * @returns 0, or the whole seconds after which it is worth trying again
   */
  acquire(rate: Rate): number {
    const now = this.#now();
    const perMillisecond = rate.requests / (rate.seconds * 1000);
    if (this.#rate === undefined) this.#tokens = rate.requests;
    const elapsed = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(rate.requests, this.#tokens + elapsed * perMillisecond);
    this.#filledAt = now;
    this.#rate = rate;
    // A sum of fractions may fall short of a whole by less than anyone could wait for.
    if (this.#tokens + 1e-9 < 1) return Math.max(1, Math.ceil((1 - this.#tokens) / perMillisecond / 1000 - 1e-9));
    this.#tokens = Math.max(0, this.#tokens - 1);
    return 0;
  }
}
