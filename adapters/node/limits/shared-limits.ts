import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, ErrorReply } from '@redis/client';
import type { LimitStore, Limits, LocalLimits, Taken } from '../../../src/enforce/local-limits.ts';
import { RENEW, TAKE } from './scripts.ts';

/** Milliseconds that a request waits for the store before the local limits decide. */
const ANSWER_TIMEOUT = 250;
/** Milliseconds for which a store that did not answer is not asked again, so that not every request waits for it. */
const COOLDOWN = 1000;
/**
 * Milliseconds after which a place that is taken is asked for once more. A client that has its whole response may send
 * the next request to another replica before the store knows that the first one ended.
 */
const SETTLING = 50;
/** Milliseconds after which the place of a replica that died is free again. Requests under way renew theirs. */
const LEASE = 30_000;
/** Milliseconds that a process that ends waits for the store to hear of the last places that it frees. */
const CLOSE_TIMEOUT = 1000;
/** Milliseconds between two attempts to reach a store that is down, at most. */
const RECONNECT = 5000;
/** Commands that may wait for the store, and places that may wait to be freed there. */
const MAX_WAITING = 10_000;

/** A request's place in the store. */
interface Place {
  readonly name: string;
  readonly id: string;
}

/** What the store answers: what refuses, if anything does, and milliseconds to wait. */
type Answer = [over: '' | 'rate' | 'concurrency', wait: number];

const isAnswer = (given: unknown): given is Answer =>
  Array.isArray(given) && ['', 'rate', 'concurrency'].includes(given[0]) && Number.isFinite(given[1]);

/** What the log reports. */
export type StoreState = { readonly state: 'up' } | { readonly state: 'down'; readonly reason: string };

/**
 * Rates and concurrency that several replicas share, in Redis or Valkey. If the store does not answer, each replica
 * holds the client to the limits by itself until it does.
 */
export class SharedLimits implements LimitStore {
  readonly #local: LocalLimits;
  readonly #onState: (state: StoreState) => void;
  readonly #client: ReturnType<typeof clientOf>;
  /** Ids of requests under way, by the client's name. */
  readonly #underWay = new Map<string, Set<string>>();
  /** Places that ended while the store was away. */
  readonly #toFree = new Set<Place>();
  readonly #renewal: NodeJS.Timeout;
  #isUp: boolean | undefined;
  #cooldownUntil = 0;

  /**
   * @param url redis:// or rediss://, which may hold a password: it is never shown
   * @param onState called when the store stops or starts to answer
   */
  constructor(url: string, local: LocalLimits, onState: (state: StoreState) => void) {
    this.#local = local;
    this.#onState = onState;
    this.#client = clientOf(url);
    this.#client.on('error', (error: unknown) => this.#failed(error));
    this.#client.on('ready', () => this.#cameBack());
    // The library keeps trying by itself. Why an attempt failed came as an 'error' event.
    this.#client.connect().catch(() => {});
    this.#renewal = setInterval(() => this.#renew(), LEASE / 3);
    this.#renewal.unref();
  }

  async take(name: string, limits: Limits): Promise<Taken> {
    const { rate, concurrency } = limits;
    const isLimited = rate !== undefined || concurrency !== undefined;
    const isAnswering = this.#client.isReady && performance.now() >= this.#cooldownUntil;
    if (!isLimited || !isAnswering) return this.#local.take(name, limits);
    const place = { name, id: randomUUID() };
    let answer: Answer;
    try {
      answer = await this.#ask(place, limits);
      if (answer[0] === 'concurrency') {
        await sleep(SETTLING);
        answer = await this.#ask(place, limits);
      }
    } catch (error) {
      this.#failed(error);
      return this.#local.take(name, limits);
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
        this.#free(place);
      },
    };
  }

  /** Ends the connection, once the store knows of the places that were freed, and all that runs in the background. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    if (this.#client.isReady) await within(CLOSE_TIMEOUT, this.#client.close()).catch(() => {});
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #ask({ name, id }: Place, { rate, concurrency }: Limits): Promise<Answer> {
    const numbers = [rate?.requests ?? 0, (rate?.seconds ?? 0) * 1000, concurrency ?? 0].map(String);
    const asking = this.#client.eval(TAKE, { keys: keysOf(name), arguments: [...numbers, id, `${LEASE}`] });
    try {
      const answer = await within(ANSWER_TIMEOUT, asking);
      if (!isAnswer(answer)) throw new Error('not an answer of the script');
      return answer;
    } catch (error) {
      // The store may have given a place after all; it must not stay taken.
      const free = () => this.#free({ name, id });
      asking.then(free, free);
      throw error;
    }
  }

  #free(place: Place): void {
    const later = () => {
      if (this.#toFree.size < MAX_WAITING) this.#toFree.add(place);
    };
    if (this.#client.isReady) this.#client.zRem(keysOf(place.name)[1], place.id).catch(later);
    else later();
  }

  #renew(): void {
    if (!this.#client.isReady) return;
    for (const [name, ids] of this.#underWay) {
      this.#client.eval(RENEW, { keys: [keysOf(name)[1]], arguments: [`${LEASE}`, ...ids] }).catch(() => {});
    }
  }

  #cameBack(): void {
    this.#cooldownUntil = 0;
    this.#becomes({ state: 'up' });
    const places = [...this.#toFree];
    this.#toFree.clear();
    for (const place of places) this.#free(place);
    // A store that was started again knows nothing of the requests under way.
    this.#renew();
  }

  #failed(error: unknown): void {
    this.#cooldownUntil = performance.now() + COOLDOWN;
    this.#becomes({ state: 'down', reason: reasonOf(error) });
  }

  #becomes(state: StoreState): void {
    const isUp = state.state === 'up';
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#onState(state);
  }
}

const clientOf = (url: string) =>
  createClient({
    url,
    name: 'sentry-api-proxy',
    // A command for a store that is down fails at once, and the local limits decide.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_WAITING,
    socket: { connectTimeout: 2000, reconnectStrategy: (tries) => Math.min(RECONNECT, 100 * 2 ** Math.min(tries, 10)) },
  });

/** A code or a name alone: an error's text may have the address with the password in it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // A reply of the store begins with its code, such as WRONGPASS.
  const replied = error instanceof ErrorReply ? /^[A-Z]+(?= )/.exec(error.message)?.[0] : undefined;
  const isMalformed = error.constructor === Error;
  return replied ?? (error as NodeJS.ErrnoException).code ?? (isMalformed ? 'not Redis' : error.constructor.name);
}

/** In braces, so that a cluster keeps both on one node. */
const keysOf = (name: string): [bucket: string, underWay: string] => [
  `sentry-api-proxy:{${name}}:rate`,
  `sentry-api-proxy:{${name}}:requests`,
];

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const timer = sleep(milliseconds, undefined, { signal: abort.signal, ref: false }).then(() => {
    throw Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
  });
  timer.catch(() => {});
  try {
    return await Promise.race([work, timer]);
  } finally {
    abort.abort();
  }
}
