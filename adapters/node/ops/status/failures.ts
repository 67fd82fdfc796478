import type { Finished } from '../../../http1/server/connection.ts';

/** Failures that are kept. */
const MAX_FAILURES = 50;
/** Characters of a path that are kept. */
const MAX_PATH = 200;

/** A request that failed or was refused. The names are those of the log. */
export interface Failure {
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
  readonly duration_ms: number;
}

/** The latest failures. */
export class Failures {
  readonly #ring: Failure[] = [];
  #next = 0;

  /** Adds a failure, in place of the oldest if there are too many. */
  add({ method, target, status, duration, trace }: Finished): void {
    const queryStart = target.indexOf('?');
    const path = queryStart === -1 ? target : target.slice(0, queryStart);
    this.#ring[this.#next] = {
      time: new Date().toISOString(),
      id: trace.id,
      client: trace.client,
      method: method.slice(0, 20),
      path: path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path,
      route: trace.route,
      status,
      error: trace.refusal === undefined ? trace.error : `${trace.error}: ${trace.refusal}`,
      duration_ms: Math.round(duration * 10) / 10,
    };
    this.#next = (this.#next + 1) % MAX_FAILURES;
  }

  /** The newest one first. */
  list(): Failure[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse();
  }
}
