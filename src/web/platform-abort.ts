import { ProxyError } from '../http/errors.ts';
import type { Signal } from '../http/types.ts';

/** The platform's own signal, which `fetch` requires, made from the handler's signal. */
export class PlatformAbort {
  readonly #signal: Signal;
  readonly #controller = new AbortController();

  constructor(signal: Signal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the exchange was aborted; undefined if it was not. */
  get reason(): ProxyError | undefined {
    if (!this.#controller.signal.aborted) return undefined;
    const { reason } = this.#signal;
    return reason instanceof ProxyError ? reason : new ProxyError('client_gone');
  }

  /** The exchange has ended. */
  over(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort();
}
