import type { Issuer } from '../issuer.ts';
import type { ParsedToken } from '../token.ts';
import { type KeyMeans, KeysFault, loadKeys } from './fetch-keys.ts';
import { type PublicKey, readKeySet } from './key-set.ts';

const SECOND = 1000;
/** Milliseconds after which keys are fetched again. */
const INTERVAL = 10 * 60 * SECOND;
/** The same for a file, which costs nothing to read. */
const FILE_INTERVAL = SECOND;
/** Milliseconds for which the last good keys serve. */
const MAX_AGE = 24 * 60 * 60 * SECOND;
/** Milliseconds between two fetches that unknown keys cause. */
const UNKNOWN_KEY_INTERVAL = 30 * SECOND;
const MAX_BACK_OFF = 60 * SECOND;
/** Milliseconds after which a fetch counts as dropped: two responses may take 5 s each. */
const LONGEST_FETCH = 12 * SECOND;
/** Requests that wait for one fetch. */
const MAX_WAITING = 64;

/** The outcome of one fetch of an issuer's keys. */
export interface KeysFetched {
  readonly issuer: string;
  readonly result: 'changed' | 'same' | 'failed';
  /** How many keys there are now. */
  readonly keys: number;
  /** Why the fetch failed. */
  readonly fault?: string;
  /** Why keys are left out. */
  readonly warnings: readonly string[];
}

export interface KeysOptions extends KeyMeans {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether a request may wait for the fetch of another one: not in workerd, where it would wait for ever. */
  readonly isShared: boolean;
  readonly fetched?: ((fetched: KeysFetched) => void) | undefined;
}

/** The keys of one issuer: fetched when they are due, kept while the issuer does not respond, for a day at most. */
export class IssuerKeys {
  readonly issuer: Issuer;
  readonly #options: KeysOptions;
  #keys: ReadonlyMap<string, PublicKey> | undefined;
  /** When the fetch began that these keys are of. */
  #keysOf = Number.NEGATIVE_INFINITY;
  #dueAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #fault: string | undefined;
  #warnings: readonly string[] = [];
  #unknownKeyAt = Number.NEGATIVE_INFINITY;
  #busyUntil = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #waiting = 0;

  constructor(issuer: Issuer, options: KeysOptions) {
    this.issuer = issuer;
    this.#options = options;
  }

  /** How the keys are, for those who look after the proxy. */
  get state(): {
    keys: number;
    ageSeconds: number | undefined;
    fault: string | undefined;
    warnings: readonly string[];
  } {
    const age = (this.#options.now() - this.#keysOf) / SECOND;
    const ageSeconds = this.#keys === undefined ? undefined : age;
    return { keys: this.#usable()?.size ?? 0, ageSeconds, fault: this.#fault, warnings: this.#warnings };
  }

  /** Whether a key is still one of the issuer's. */
  has(id: string): boolean {
    return this.#usable()?.has(id) === true;
  }

  /** Seconds until the keys may be fetched again. */
  get retryAfterSeconds(): number {
    return Math.max(1, Math.ceil((this.#dueAt - this.#options.now()) / SECOND));
  }

  /**
   * The one key that fits a token. A key that is not known is looked for at the issuer, if that was not done lately.
   * @returns undefined if none fits, or several; `unavailable` if there are no keys
   */
  async find(token: ParsedToken): Promise<PublicKey | undefined | 'unavailable'> {
    if (this.#usable() === undefined && !(await this.#wait())) return 'unavailable';
    const keys = this.#usable();
    if (keys === undefined) return 'unavailable';
    const found = fitting(keys, token);
    if (found.length > 0 || token.keyId === undefined) return found.length === 1 ? found[0] : undefined;

    const now = this.#options.now();
    const isFetching = this.#running !== undefined || now < this.#busyUntil;
    const mayFetch = now - this.#unknownKeyAt >= UNKNOWN_KEY_INTERVAL && !this.#isBackingOff;
    if (!mayFetch && !isFetching) return undefined;
    // The key may be in what another request waits for.
    if (!mayFetch && !this.#options.isShared) return 'unavailable';
    if (mayFetch) this.#unknownKeyAt = now;
    if (!(await this.#wait())) return 'unavailable';
    const again = fitting(this.#usable() ?? new Map(), token);
    return again.length === 1 ? again[0] : undefined;
  }

  /** Whether it is time to fetch the keys, and no fetch is running. */
  get isDue(): boolean {
    const now = this.#options.now();
    return now >= this.#dueAt && now >= this.#busyUntil;
  }

  /** Fetches the keys if they are due. Call it every second, or where nothing runs between requests, at each request. */
  async refresh(): Promise<void> {
    if (this.isDue) await this.#fetch();
  }

  /** Fetches the keys now, and says why they could not be had. */
  async probe(): Promise<string | undefined> {
    await this.#fetch();
    return this.#fault;
  }

  get #isBackingOff(): boolean {
    return this.#failures > 0 && this.#options.now() < this.#dueAt;
  }

  #usable(): ReadonlyMap<string, PublicKey> | undefined {
    const isFresh = this.#options.now() - this.#keysOf < MAX_AGE;
    return isFresh || this.issuer.keys.kind === 'inline' ? this.#keys : undefined;
  }

  /** Waits for a fetch. @returns false if there is none to wait for */
  async #wait(): Promise<boolean> {
    const isNoneToWaitFor = this.#isBackingOff && this.#running === undefined;
    if (isNoneToWaitFor || this.#waiting >= MAX_WAITING) return false;
    this.#waiting++;
    try {
      await this.#fetch();
    } finally {
      this.#waiting--;
    }
    return true;
  }

  /** One fetch at a time, as far as requests may wait for each other. */
  #fetch(): Promise<void> {
    if (!this.#options.isShared) return this.#load();
    this.#running ??= this.#load().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #load(): Promise<void> {
    const begun = this.#options.now();
    this.#busyUntil = begun + LONGEST_FETCH;
    try {
      const set = readKeySet(await loadKeys(this.issuer, this.#options));
      if ('problem' in set) throw new KeysFault(`the key set ${set.problem}`);
      this.#take(set.keys, set.warnings, begun);
    } catch (thrown) {
      this.#fail(thrown instanceof KeysFault ? thrown.message : 'unknown error');
    }
    this.#busyUntil = Number.NEGATIVE_INFINITY;
  }

  #take(list: readonly PublicKey[], warnings: readonly string[], begun: number): void {
    this.#failures = 0;
    this.#fault = undefined;
    this.#dueAt = this.#options.now() + (this.issuer.keys.kind === 'file' ? FILE_INTERVAL : INTERVAL);
    // A slow response must not bring back a key that a later one did not have.
    if (begun < this.#keysOf) return;
    const before = this.#keys;
    const isSame = before?.size === list.length && list.every(({ id }) => before.has(id));
    this.#keysOf = begun;
    // Unchanged keys keep their objects, because imported keys are cached with them.
    if (!isSame) this.#keys = new Map(list.map((key) => [key.id, before?.get(key.id) ?? key]));
    const hasNews = !isSame || warnings.join() !== this.#warnings.join();
    this.#warnings = warnings;
    this.#report({ result: hasNews ? 'changed' : 'same', warnings });
  }

  #fail(fault: string): void {
    const backOff = Math.min(SECOND * 2 ** this.#failures, MAX_BACK_OFF);
    this.#failures++;
    this.#fault = fault;
    this.#dueAt = this.#options.now() + backOff;
    this.#report({ result: 'failed', fault, warnings: [] });
  }

  #report(fetched: Omit<KeysFetched, 'issuer' | 'keys'>): void {
    this.#options.fetched?.({ issuer: this.issuer.name, keys: this.#keys?.size ?? 0, ...fetched });
  }
}

const fitting = (keys: ReadonlyMap<string, PublicKey>, { keyId, algorithm }: ParsedToken): PublicKey[] =>
  [...keys.values()].filter(
    (key) => (keyId === undefined || key.keyId === keyId) && key.algorithms.includes(algorithm),
  );
