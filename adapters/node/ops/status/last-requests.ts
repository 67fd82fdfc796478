import { pathOf } from '../../../../src/http/grammar.ts';
import type { Finished } from '../../../http1/server/owner.ts';

/** Requests that are kept. */
const MAX_REQUESTS = 50;
/** Characters of a path and of a cause that are kept. */
const MAX_PATH = 200;
export const MAX_CAUSE = 300;

/** A request that failed or was refused. The names are those of the log. */
export interface LastRequest {
  /** As in RFC 3339. */
  readonly time: string;
  /** The request's id, by which the log and the client know it. */
  readonly id: string;
  readonly client: string | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly route: string;
  readonly status: number;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly duration_ms: number;
}

/** The latest requests of a kind. */
export class LastRequests {
  readonly #ring: LastRequest[] = [];
  #next = 0;

  /** Adds a request, in place of the oldest if there are too many. */
  add({ method, target, status, duration, trace }: Finished): void {
    this.#ring[this.#next] = {
      time: new Date().toISOString(),
      id: trace.id,
      client: trace.client,
      method: method.slice(0, 20),
      path: cutAt(MAX_PATH, pathOf(target)),
      route: trace.route,
      status,
      error: trace.refusal === undefined ? trace.error : `${trace.error}: ${trace.refusal}`,
      cause: trace.cause && cutAt(MAX_CAUSE, trace.cause),
      duration_ms: Math.round(duration * 10) / 10,
    };
    this.#next = (this.#next + 1) % MAX_REQUESTS;
  }

  /** The newest one first. */
  list(): LastRequest[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse();
  }
}

export const cutAt = (length: number, text: string): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;
