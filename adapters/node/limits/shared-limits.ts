import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import type { LimitStore, Limits, LocalLimits, Taken } from '../../../src/policy/limits.ts';
import { RENEW, TAKE } from './scripts.ts';

/** Milliseconds that a request waits for the store before the local limits decide. */
const PATIENCE = 250;
/** Milliseconds after which the place of a replica that died is free again. Requests under way renew theirs. */
const LEASE = 30_000;
/** Milliseconds between two attempts to reach a store that is down, at most. */
const RECONNECT = 5000;

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
  readonly #renewal: NodeJS.Timeout;
  #isUp: boolean | undefined;

  /**
   * @param url redis:// or rediss://, which may hold a password: it is never shown
   * @param onState called when the store stops or starts to answer
   */
  constructor(url: string, local: LocalLimits, onState: (state: StoreState) => void) {
    this.#local = local;
    this.#onState = onState;
    this.#client = clientOf(url);
    this.#client.on('error', (error: unknown) => this.#isDown(error));
    this.#client.on('ready', () => this.#becomes({ state: 'up' }));
    // The library keeps trying by itself. Why an attempt failed came as an 'error' event.
    this.#client.connect().catch(() => {});
    this.#renewal = setInterval(() => this.#renew(), LEASE / 3);
    this.#renewal.unref();
  }

  async take(name: string, limits: Limits): Promise<Taken> {
    const { rate, concurrency } = limits;
    if (rate === undefined && concurrency === undefined) return this.#local.take(name, limits);
    if (!this.#client.isReady) return this.#local.take(name, limits);
    const id = randomUUID();
    const numbers = [rate?.requests ?? 0, (rate?.seconds ?? 0) * 1000, concurrency ?? 0].map(String);
    const asking = this.#client.eval(TAKE, { keys: keysOf(name), arguments: [...numbers, id, `${LEASE}`] });
    let answer: unknown;
    try {
      answer = await within(PATIENCE, asking);
    } catch (error) {
      // The store may have given a place after all; it must not stay taken.
      asking.then(() => this.#free(name, id)).catch(() => {});
      this.#isDown(error);
      return this.#local.take(name, limits);
    }
    const [over, wait] = answer as ['' | 'rate' | 'concurrency', number];
    if (over !== '') return { ok: false, over, retryAfterSeconds: Math.max(1, Math.ceil(wait / 1000)) };
    this.#becomes({ state: 'up' });
    if (concurrency === undefined) return { ok: true, release: () => {} };
    const ids = this.#underWay.get(name) ?? new Set();
    this.#underWay.set(name, ids.add(id));
    return {
      ok: true,
      release: () => {
        if (!ids.delete(id)) return;
        if (ids.size === 0) this.#underWay.delete(name);
        this.#free(name, id);
      },
    };
  }

  /** Ends the connection, once the store knows of the places that were freed, and all that runs in the background. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    if (this.#client.isReady) await within(PATIENCE, this.#client.close()).catch(() => {});
    if (this.#client.isOpen) this.#client.destroy();
  }

  #free(name: string, id: string): void {
    if (this.#client.isReady) this.#client.zRem(keysOf(name)[1], id).catch(() => {});
  }

  #renew(): void {
    if (!this.#client.isReady) return;
    for (const [name, ids] of this.#underWay) {
      this.#client.eval(RENEW, { keys: [keysOf(name)[1]], arguments: [`${LEASE}`, ...ids] }).catch(() => {});
    }
  }

  #isDown(error: unknown): void {
    // Only an error's code is reported: its text may have the address with the password in it.
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    this.#becomes({ state: 'down', reason: code ?? (error instanceof Error ? error.name : 'unknown') });
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
    commandsQueueMaxLength: 10_000,
    socket: { connectTimeout: 2000, reconnectStrategy: (tries) => Math.min(RECONNECT, 100 * 2 ** Math.min(tries, 10)) },
  });

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
