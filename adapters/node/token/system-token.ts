import type { TokenSource } from '../../../src/types.ts';

/** Milliseconds after which a token is read anew in the background: half of its nominal life of 30 minutes. */
const RENEW_AFTER = 15 * 60_000;
/** Milliseconds before a read that failed is tried again: doubled with every failure, up to the maximum. */
const RETRY_MIN = 1000;
const RETRY_MAX = 60_000;
/** Milliseconds for which a 401 starts no read, after one that brought the same token or, the shorter, none. */
const SILENCE_UNCHANGED = 5000;
const SILENCE_FAILED = 1000;
/** Milliseconds for which a request waits for the first token, and for another one after a 401. */
const FIRST_WAIT = 750;
const RENEWAL_WAIT = 5000;

/** Why there is no token to be had; the message is fit for the log. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
}

export type RenewalCause = 'start' | 'background' | 'refused';

/** What is told of every read of the token. */
export interface Renewal {
  readonly cause: RenewalCause;
  readonly result: 'changed' | 'unchanged' | 'failed';
  /** The token now held, for whoever makes a fingerprint of it; undefined while there is none. */
  readonly token: string | undefined;
  /** Why it failed; never a secret. */
  readonly reason?: string;
  /** Whether the state is another than after the read before: another token, a first failure, a recovery. */
  readonly isNews: boolean;
}

export interface SystemTokenOptions {
  /** Reads the token as Sentry has stored it now; rejects with TokenUnavailable. */
  read(): Promise<string>;
  renewed(renewal: Renewal): void;
}

/**
 * Sentry's system token. It does not expire by the clock, so the one that is held is used until another one is there:
 * reads happen in the background, and when Sentry refuses the token; one at a time, however many ask.
 */
export class SystemToken implements TokenSource {
  readonly isRenewable = true;
  readonly #options: SystemTokenOptions;
  #token: string | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #lastReason: string | undefined;
  #silentUntil = 0;
  #isStopped = false;

  constructor(options: SystemTokenOptions) {
    this.#options = options;
  }

  start(): void {
    this.#read('start');
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Reads at once, since the place to read from has changed. */
  refresh(): void {
    this.#read('background');
  }

  get(): string | undefined | Promise<string | undefined> {
    return this.#token ?? this.#firstToken();
  }

  async renew(refused: string): Promise<string | undefined> {
    const isKnownToBeStale = this.#token !== refused;
    if (isKnownToBeStale) return this.#token;
    if (performance.now() < this.#silentUntil) return undefined;

    await patiently(this.#readAfter(refused), RENEWAL_WAIT);
    return this.#token === refused ? undefined : this.#token;
  }

  /** A read that began before this refusal may have missed the change that caused it, and is followed by another. */
  async #readAfter(refused: string): Promise<void> {
    const joined = this.#reading;
    await (joined ?? this.#read('refused'));
    if (joined !== undefined && this.#token === refused && performance.now() >= this.#silentUntil) {
      await (this.#reading ?? this.#read('refused'));
    }
  }

  async #firstToken(): Promise<string | undefined> {
    if (this.#reading !== undefined) await patiently(this.#reading, FIRST_WAIT);
    return this.#token;
  }

  #read(cause: RenewalCause): Promise<void> {
    this.#reading ??= this.#options.read().then(
      (token) => this.#succeeded(cause, token),
      (error: unknown) => this.#failed(cause, reasonOf(error)),
    );
    return this.#reading;
  }

  #succeeded(cause: RenewalCause, token: string): void {
    const isChanged = token !== this.#token;
    const isNews = isChanged || this.#failures > 0;
    this.#token = token;
    this.#failures = 0;
    this.#lastReason = undefined;
    this.#silentUntil = !isChanged && cause === 'refused' ? performance.now() + SILENCE_UNCHANGED : 0;
    this.#settled(RENEW_AFTER);
    this.#options.renewed({ cause, result: isChanged ? 'changed' : 'unchanged', token, isNews });
  }

  #failed(cause: RenewalCause, reason: string): void {
    const isNews = reason !== this.#lastReason;
    this.#lastReason = reason;
    const backOff = Math.min(RETRY_MAX, RETRY_MIN * 2 ** this.#failures);
    this.#failures++;
    this.#silentUntil = performance.now() + SILENCE_FAILED;
    // Jitter, so that several proxies do not come back to the database in step.
    this.#settled(backOff * (0.75 + Math.random() / 2));
    this.#options.renewed({ cause, result: 'failed', token: this.#token, reason, isNews });
  }

  #settled(next: number): void {
    this.#reading = undefined;
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#read('background'), next);
    this.#timer.unref();
  }
}

/** What nobody foresaw may have anything in its message. */
export const reasonOf = (error: unknown): string =>
  error instanceof TokenUnavailable ? error.message : `unexpected ${error instanceof Error ? error.name : 'error'}`;

/** Waits for what never rejects, and no longer than so many milliseconds: a database may be slow, or hang. */
async function patiently(work: Promise<void>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patience);
  });
  await Promise.race([work, end]);
  clearTimeout(timer);
}
