import type { ProxyError } from '../../../src/http/errors.ts';
import type { Signal } from '../../../src/http/types.ts';

/** Like an `AbortSignal`, but for a single listener, which is all that a request has, at a fraction of the cost. */
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
