import type { Client } from '../../../src/policy/client.ts';

/** Refusals that are counted apart: of one client, and of all. */
const MAX_OF_A_CLIENT = 100;
const MAX = 2000;
/** The request of all that are above it. */
const OTHER = 'other';

/** The labels of a request that a client was refused, or would have been. */
export type Refusal = Readonly<Record<'client' | 'request' | 'reason', string>> & { readonly mode: Client['mode'] };

/**
 * Bounds how many refusals are counted apart. The requests are those of the table of endpoints, but a client chooses
 * among them, and must not use up the room of the others.
 */
export class RefusedRequests {
  readonly #byClient = new Map<string, Map<string, Refusal>>();
  #size = 0;

  /** The refusal that this one counts as: the same object each time. */
  of(refusal: Refusal): Refusal {
    const { client, request, reason, mode } = refusal;
    const known = this.#byClient.get(client) ?? new Map<string, Refusal>();
    const key = `${mode} ${reason} ${request}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const isFull = known.size >= MAX_OF_A_CLIENT || this.#size >= MAX;
    if (isFull && request !== OTHER) return this.of({ ...refusal, request: OTHER });
    known.set(key, refusal);
    this.#byClient.set(client, known);
    this.#size++;
    return refusal;
  }

  /** Makes room: a client is gone. @returns its refusals */
  forget(client: string): Iterable<Refusal> {
    const known = this.#byClient.get(client);
    this.#byClient.delete(client);
    this.#size -= known?.size ?? 0;
    return known?.values() ?? [];
  }
}
