import { ProxyError } from './errors.ts';
import type { Signal } from './types.ts';

/** A signal for any number of listeners that its owner aborts. It costs a fraction of an `AbortSignal`. */
export class OwnSignal implements Signal {
  reason: ProxyError | undefined;
  readonly #listeners = new Set<() => void>();

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#listeners.size === 0) this.watch();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const wasLast = this.#listeners.delete(listener) && this.#listeners.size === 0;
    if (wasLast) this.unwatch();
  }

  /** Calls each listener once. The first reason stays. */
  abort(reason: ProxyError): void {
    this.reason ??= reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.unwatch();
    for (const listener of listeners) listener();
  }

  /** Called when there is a listener. */
  protected watch(): void {}

  /** Called when there is none any more. */
  protected unwatch(): void {}
}

/**
 * Other signals and a time limit as one signal. Its reason is `upstream_timeout` at the limit, otherwise the other
 * signal's reason if that is a `ProxyError`, otherwise `client_gone`. The timer runs only while something listens, so a
 * finished exchange leaves no timer behind, and it keeps no process running.
 */
export class Deadline extends OwnSignal {
  readonly #signals: readonly Signal[];
  /** By `performance.now()`. */
  readonly #until: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param limit milliseconds from now; 0: no limit */
  constructor(signals: readonly Signal[], limit: number) {
    super();
    this.#signals = signals;
    this.#until = limit === 0 ? Number.POSITIVE_INFINITY : performance.now() + limit;
  }

  override get aborted(): boolean {
    if (this.#signals.some(({ aborted }) => aborted)) this.#onAbort();
    return super.aborted;
  }

  protected override watch(): void {
    for (const signal of this.#signals) signal.addEventListener('abort', this.#onAbort);
    if (this.#until === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#onTime, Math.max(0, this.#until - performance.now()));
    // In Node, Deno and Bun a timer is an object. Elsewhere it is a number, and no process waits for it.
    (this.#timer as { unref?(): void }).unref?.();
  }

  protected override unwatch(): void {
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#timer);
  }

  readonly #onTime = (): void => this.abort(new ProxyError('upstream_timeout'));

  readonly #onAbort = (): void => {
    const reason = this.#signals.find(({ aborted }) => aborted)?.reason;
    this.abort(reason instanceof ProxyError ? reason : new ProxyError('client_gone'));
  };
}
