import type { TokenSource } from '../../src/tokens/token-source.ts';

/** Milliseconds after which the token is read again in the background: half of its nominal life of 30 minutes. */
const RENEW_AFTER = 15 * 60_000;
/** Milliseconds before a failed read is repeated. They double with every failure, up to the maximum. */
const RETRY_MIN = 1000;
const RETRY_MAX = 60_000;
/** Milliseconds in which a 401 starts no read: after a read with the same token and, the shorter time, with none. */
const COOLDOWN_UNCHANGED = 5000;
const COOLDOWN_FAILED = 1000;
/** Milliseconds for which a request waits for the first token, and for a new one after a 401. */
const FIRST_TIMEOUT = 750;
const RENEWAL_TIMEOUT = 5000;

/** Why there is no token. The message is safe to log. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
}

export type RenewalCause = 'start' | 'background' | 'refused';

/** The result of one read of the token. */
export interface Renewal {
  readonly cause: RenewalCause;
  readonly result: 'changed' | 'unchanged' | 'failed';
  /** The token in use after the read; the log shows its fingerprint. Undefined while there is none. */
  readonly token: string | undefined;
  /** Why it failed; never a secret. */
  readonly reason?: string;
  /** Whether the state differs from that after the previous read: another token, a first failure, a recovery. */
  readonly isNews: boolean;
}

interface SystemTokenOptions {
  /**
   * Reads the token that Sentry has stored now.
   * @param signal aborted if the result is no longer wanted; the promise must then settle soon
   * @throws {TokenUnavailable}
   */
  read(signal: AbortSignal): Promise<string>;
  renewed(renewal: Renewal): void;
}

/** A read in progress. Its promise is fulfilled once this read, or the read that replaced it, is over. */
interface Read {
  readonly done: Promise<void>;
  readonly controller: AbortController;
}

/**
 * Sentry's system token. It does not expire by the clock, so the current token is used until there is another one. It
 * is read in the background and when Sentry refuses it, one read at a time, however many requests wait.
 */
export class SystemToken implements TokenSource {
  readonly isRenewable = true;
  readonly #options: SystemTokenOptions;
  #token: string | undefined;
  #current: Read | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #lastReason: string | undefined;
  #cooldownUntil = 0;
  #isStopped = false;

  constructor(options: SystemTokenOptions) {
    this.#options = options;
  }

  /** Begins the first read. */
  start(): void {
    void this.#read('start');
  }

  /** Ends the reads in the background, and the read in progress. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#current?.controller.abort();
    this.#current = undefined;
  }

  /**
   * Reads at once, because the place to read from has changed. A read at the old place is given up, however long it
   * would still have waited, and failures there no longer count.
   */
  restart(): void {
    const abandoned = this.#current;
    this.#current = undefined;
    this.#failures = 0;
    this.#cooldownUntil = 0;
    void this.#read('background');
    abandoned?.controller.abort();
  }

  get(): string | undefined | Promise<string | undefined> {
    return this.#token ?? this.#firstToken();
  }

  async renew(refused: string): Promise<string | undefined> {
    const isKnownToBeStale = this.#token !== refused;
    if (isKnownToBeStale) return this.#token;
    if (this.#isCoolingDown) return undefined;

    await settledWithin(RENEWAL_TIMEOUT, this.#readAfterRefusal(refused));
    return this.#token === refused ? undefined : this.#token;
  }

  get #isCoolingDown(): boolean {
    return performance.now() < this.#cooldownUntil;
  }

  /** A read that began before this refusal may have missed the change that caused it, so another one follows it. */
  async #readAfterRefusal(refused: string): Promise<void> {
    const joined = this.#current;
    await (joined?.done ?? this.#read('refused'));
    const mayHaveMissedIt = joined !== undefined && this.#token === refused;
    if (mayHaveMissedIt && !this.#isCoolingDown) await this.#read('refused');
  }

  async #firstToken(): Promise<string | undefined> {
    if (this.#current !== undefined) await settledWithin(FIRST_TIMEOUT, this.#current.done);
    return this.#token;
  }

  /** Joins the read in progress, or begins one. */
  #read(cause: RenewalCause): Promise<void> {
    if (this.#current !== undefined) return this.#current.done;
    const controller = new AbortController();
    // A request that waits for a read that was given up waits for the read that replaced it.
    const unlessReplaced = (settle: () => void): Promise<void> | undefined => {
      if (this.#current !== read) return this.#current?.done;
      this.#current = undefined;
      settle();
      return undefined;
    };
    const done = this.#options.read(controller.signal).then(
      (token) => unlessReplaced(() => this.#succeeded(cause, token)),
      (error: unknown) => unlessReplaced(() => this.#failed(cause, reasonOf(error))),
    );
    const read: Read = { done, controller };
    this.#current = read;
    return done;
  }

  #succeeded(cause: RenewalCause, token: string): void {
    const isChanged = token !== this.#token;
    const isNews = isChanged || this.#failures > 0;
    this.#token = token;
    this.#failures = 0;
    this.#lastReason = undefined;
    this.#cooldownUntil = !isChanged && cause === 'refused' ? performance.now() + COOLDOWN_UNCHANGED : 0;
    this.#schedule(RENEW_AFTER);
    this.#options.renewed({ cause, result: isChanged ? 'changed' : 'unchanged', token, isNews });
  }

  #failed(cause: RenewalCause, reason: string): void {
    const isNews = reason !== this.#lastReason;
    this.#lastReason = reason;
    const backOff = Math.min(RETRY_MAX, RETRY_MIN * 2 ** this.#failures);
    this.#failures++;
    this.#cooldownUntil = performance.now() + COOLDOWN_FAILED;
    // Jitter, so that several proxies do not read the database at the same time.
    this.#schedule(backOff * (0.75 + Math.random() / 2));
    this.#options.renewed({ cause, result: 'failed', token: this.#token, reason, isNews });
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#read('background'), delay);
    this.#timer.unref();
  }
}

/** Why a read failed, for the log. The message of an unforeseen error may hold a secret, so it is not repeated. */
export const reasonOf = (error: unknown): string =>
  error instanceof TokenUnavailable ? error.message : `unexpected ${error instanceof Error ? error.name : 'error'}`;

/** Waits for work that never rejects, up to a number of milliseconds: a database may be slow, or hang. */
async function settledWithin(timeout: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  await Promise.race([work, end]);
  clearTimeout(timer);
}
