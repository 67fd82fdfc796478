import type { ProxyError } from '../../../src/http/errors.ts';
import type { Signal } from '../../../src/http/types.ts';

/** Like an `AbortSignal`, at a fraction of the cost: most requests have one listener at a time. */
export class RequestSignal implements Signal {
  reason: ProxyError | undefined;
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === undefined) this.#first = listener;
    else if (this.#first !== listener) {
      this.#others ??= new Set();
      this.#others.add(listener);
    }
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
  }

  abort(reason: ProxyError): void {
    this.reason ??= reason;
    // A listener may remove itself and others.
    const others = this.#others === undefined ? [] : [...this.#others];
    this.#first?.();
    for (const listener of others) listener();
  }
}
