import { ProxyError } from './errors.ts';
import type { Signal } from './types.ts';

/**
 * The client's signal, combined with a time limit. It aborts with the `ProxyError` `upstream_timeout` or `client_gone`.
 * The timer runs only while something listens, so a finished exchange leaves no timer behind.
 */
export class Deadline implements Signal {
  reason: ProxyError | undefined;

  readonly #client: Signal;
  /** By `performance.now()`. */
  readonly #until: number;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param limit milliseconds from now; 0: no limit */
  constructor(client: Signal, limit: number) {
    this.#client = client;
    this.#until = limit === 0 ? Number.POSITIVE_INFINITY : performance.now() + limit;
  }

  get aborted(): boolean {
    if (this.#client.aborted) this.#onClientGone();
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#listeners.size === 0) this.#watch();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const wasLast = this.#listeners.delete(listener) && this.#listeners.size === 0;
    if (wasLast) this.#unwatch();
  }

  #watch(): void {
    this.#client.addEventListener('abort', this.#onClientGone);
    if (this.#until === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#onTime, Math.max(0, this.#until - performance.now()));
  }

  #unwatch(): void {
    this.#client.removeEventListener('abort', this.#onClientGone);
    clearTimeout(this.#timer);
  }

  readonly #onTime = (): void => this.#abort(new ProxyError('upstream_timeout'));

  readonly #onClientGone = (): void => this.#abort(new ProxyError('client_gone'));

  #abort(reason: ProxyError): void {
    this.reason ??= reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.#unwatch();
    for (const listener of listeners) listener();
  }
}
