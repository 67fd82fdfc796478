import type { ProxyError } from '../../../src/errors.ts';
import type { Signal } from '../../../src/types.ts';

/** An `AbortSignal` for the one listener that a request ever has, at a fraction of its cost. */
export class RequestSignal implements Signal {
  reason: ProxyError | undefined;
  #listener: (() => void) | undefined;

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }

  abort(reason: ProxyError): void {
    this.reason ??= reason;
    this.#listener?.();
  }
}
