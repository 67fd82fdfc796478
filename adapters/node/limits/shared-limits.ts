import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Acquisition, LimitStore, Limits, LocalLimits } from '../../../src/enforce/local-limits.ts';
import { type Reply, StoreError } from './replies.ts';
import { FREE, RENEW, TAKE } from './scripts.ts';
import { StoreClient } from './store-client.ts';
import { storeAddress } from './store-url.ts';

/** Milliseconds that a request waits for the store before the local limits decide. */
const ANSWER_TIMEOUT = 250;
/** Milliseconds for which a store that did not answer is not asked again, so that not every request waits for it. */
const COOLDOWN = 1000;
/** Milliseconds after which the place of a replica that died is free again. Requests in progress renew theirs. */
const LEASE = 30_000;
/** Milliseconds that a process that ends waits for the store to hear of the last places that it frees. */
const CLOSE_TIMEOUT = 1000;
/** Places that may wait to be freed in the store. */
const MAX_TO_FREE = 10_000;

/** A request's place in the store. */
interface Place {
  readonly name: string;
  readonly id: string;
}

/** A place that may be taken in the store although no request holds it. */
interface Left extends Place {
  /** Whether the store may still have to take it. */
  readonly isUnsure: boolean;
}

/** The store's reply: the limit that refuses, if any, and milliseconds to wait. */
type Answer = [over: '' | 'rate' | 'concurrency', wait: number];

const isAnswer = (given: Reply): given is Answer & Reply =>
  Array.isArray(given) && ['', 'rate', 'concurrency'].includes(given[0]) && Number.isFinite(given[1]);

/** A change of state, for the log. */
export type StoreState = { readonly state: 'up' } | { readonly state: 'down'; readonly reason: string };

/**
 * Rates and concurrency that several replicas share, in Redis or Valkey. If the store does not answer, each replica
 * holds the client to the limits by itself until it does.
 */
export class SharedLimits implements LimitStore {
  readonly #local: LocalLimits;
  readonly #onState: (state: StoreState) => void;
  readonly #client: StoreClient;
  readonly #prefix: string;
  /** Ids of requests in progress, by the client's name. */
  readonly #underWay = new Map<string, Set<string>>();
  /** Places that ended while the store was away. */
  readonly #toFree = new Set<Left>();
  readonly #renewal: NodeJS.Timeout;
  #isUp: boolean | undefined;
  #cooldownUntil = 0;

  /**
   * @param url redis:// or rediss://, which may hold a password: it is never shown. Its `?prefix=` begins all keys.
   * @param onState called when the store stops or starts to answer
   */
  constructor(url: string, local: LocalLimits, onState: (state: StoreState) => void) {
    this.#local = local;
    this.#onState = onState;
    const address = storeAddress(url);
    if (address === undefined) throw new TypeError('not the URL of a store');
    this.#prefix = address.prefix;
    this.#client = new StoreClient(address, {
      connected: () => this.#cameBack(),
      failed: (error) => this.#failed(error),
    });
    this.#renewal = setInterval(() => this.#renew(), LEASE / 3);
    this.#renewal.unref();
  }

  async acquire(name: string, limits: Limits): Promise<Acquisition> {
    const { rate, concurrency } = limits;
    const isLimited = rate !== undefined || concurrency !== undefined;
    const isAnswering = this.#client.isConnected && performance.now() >= this.#cooldownUntil;
    if (!isLimited || !isAnswering) return this.#local.acquire(name, limits);
    const place = { name, id: randomUUID() };
    let answer: Answer;
    try {
      answer = await this.#ask(place, limits);
    } catch (error) {
      this.#failed(error);
      return this.#local.acquire(name, limits);
    }
    this.#becomes({ state: 'up' });
    const [over, wait] = answer;
    if (over !== '') return { ok: false, over, retryAfterSeconds: Math.max(1, Math.ceil(wait / 1000)) };
    if (concurrency === undefined) return { ok: true, release: () => {} };
    const ids = this.#underWay.get(name) ?? new Set();
    this.#underWay.set(name, ids.add(place.id));
    return {
      ok: true,
      release: () => {
        if (!ids.delete(place.id)) return;
        if (ids.size === 0) this.#underWay.delete(name);
        this.#free({ ...place, isUnsure: false });
      },
    };
  }

  /** Ends the connection, once the store knows of the places that were freed, and all that runs in the background. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#client.close(CLOSE_TIMEOUT);
  }

  async #ask({ name, id }: Place, { rate, concurrency }: Limits): Promise<Answer> {
    const numbers = [rate?.requests ?? 0, (rate?.seconds ?? 0) * 1000, concurrency ?? 0].map(String);
    const keys = [...this.#keysOf(name), this.#endedKey({ name, id })];
    try {
      const answer = await within(ANSWER_TIMEOUT, this.#client.run(TAKE, keys, [...numbers, id, `${LEASE}`]));
      if (!isAnswer(answer)) throw new StoreError('not an answer');
      return answer;
    } catch (error) {
      // The store may still take the place later.
      this.#free({ name, id, isUnsure: true });
      throw error;
    }
  }

  #free(place: Left): void {
    const later = () => {
      if (this.#toFree.size < MAX_TO_FREE) this.#toFree.add(place);
    };
    const [, requests] = this.#keysOf(place.name);
    const parameters = [place.id, place.isUnsure ? `${LEASE}` : '0'];
    this.#client.run(FREE, [requests, this.#endedKey(place)], parameters).catch(later);
  }

  #renew(): void {
    for (const [name, ids] of this.#underWay) {
      const [, requests] = this.#keysOf(name);
      this.#client.run(RENEW, [requests], [`${LEASE}`, ...ids]).catch(() => {});
    }
  }

  /** In braces, so that a cluster keeps all keys of a client on one node. */
  #keysOf(name: string): [bucket: string, requests: string] {
    return [`${this.#prefix}:{${name}}:rate`, `${this.#prefix}:{${name}}:requests`];
  }

  #endedKey({ name, id }: Place): string {
    return `${this.#prefix}:{${name}}:ended:${id}`;
  }

  #cameBack(): void {
    this.#cooldownUntil = 0;
    this.#becomes({ state: 'up' });
    const places = [...this.#toFree];
    this.#toFree.clear();
    for (const place of places) this.#free(place);
    // A restarted store does not know the requests in progress.
    this.#renew();
  }

  #failed(error: unknown): void {
    this.#cooldownUntil = performance.now() + COOLDOWN;
    this.#becomes({ state: 'down', reason: error instanceof StoreError ? error.code : 'unknown' });
  }

  #becomes(state: StoreState): void {
    const isUp = state.state === 'up';
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#onState(state);
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const timer = sleep(milliseconds, undefined, { signal: abort.signal, ref: false }).then(() => {
    throw new StoreError('ETIMEDOUT');
  });
  timer.catch(() => {});
  try {
    return await Promise.race([work, timer]);
  } finally {
    abort.abort();
  }
}
