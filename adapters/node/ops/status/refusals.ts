import { type Refusal, RefusedRequests } from '../refused-requests.ts';
import { cutAt, MAX_CAUSE } from './last-requests.ts';
import { Minutes } from './minutes.ts';

/** Rows that are shown. */
const MAX_SHOWN = 100;

/** How often requests of a client were refused for a reason, or would have been. */
export interface RefusalCount {
  /** A client's name; or the route of those without one, in parentheses. */
  readonly client: string;
  /** `observe`: it would have been refused. */
  readonly mode: Refusal['mode'];
  /** The method and the path as the table of endpoints has it; null if it did not get that far. */
  readonly request: string | null;
  readonly reason: string;
  /** As the log has it, of the latest of them. */
  readonly cause: string | null;
  readonly count: number;
}

interface Row {
  readonly minutes: Minutes;
  cause: string | undefined;
}

/** Refusals of the last hour by client, request and reason. */
export class Refusals {
  readonly #known = new RefusedRequests();
  readonly #rows = new Map<Refusal, Row>();

  /** Adds one to the refusals that are like it. */
  count(minute: number, refusal: Refusal, cause: string | undefined): void {
    const known = this.#known.of(refusal);
    const row: Row = this.#rows.get(known) ?? { minutes: new Minutes(1, minute), cause: undefined };
    row.minutes.count(minute, 0);
    row.cause = cause ?? row.cause;
    this.#rows.set(known, row);
  }

  /** Forgets a client that is gone. */
  forget(client: string): void {
    for (const refusal of this.#known.forget(client)) this.#rows.delete(refusal);
  }

  /** The most frequent one first. */
  list(minute: number): RefusalCount[] {
    return [...this.#rows]
      .map(([refusal, { minutes, cause }]) => ({
        ...refusal,
        request: refusal.request || null,
        cause: cause === undefined ? null : cutAt(MAX_CAUSE, cause),
        count: minutes.sum(minute, 0),
      }))
      .filter(({ count }) => count > 0)
      .sort((one, other) => other.count - one.count)
      .slice(0, MAX_SHOWN);
  }
}
