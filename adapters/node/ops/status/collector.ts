import type { Finished } from '../../../http1/server/owner.ts';
import type { Renewal } from '../../../system-token/renewal.ts';
import { isHealthcheck } from '../healthcheck-request.ts';
import { LastRequests } from './last-requests.ts';
import { BUCKETS, bucketOf } from './latencies.ts';
import { Minutes } from './minutes.ts';
import { outcomeOf } from './outcome.ts';
import { Refusals } from './refusals.ts';
import { Tally } from './tally.ts';

/** Names that are kept. A clients file may have more clients, whose requests are then counted together. */
const MAX_CLIENTS = 200;
const MAX_REASONS = 64;

/** Counters of all requests; the latencies' buckets follow them. */
export const TOTAL = { requests: 0, failed: 1, refused: 2, latencies: 3 } as const;
/** Counters of a client. */
export const CLIENT = { requests: 0, failed: 1, refused: 2, observed: 3 } as const;

/** A renewal that the page shows. */
export interface LastRenewal {
  readonly time: string;
  readonly cause: string;
  readonly result: string;
  readonly reason: string | undefined;
}

/**
 * Gathers the data of the status page, request by request. A request costs a few additions, and clients cannot make the
 * memory grow without bound.
 */
export class Collector {
  readonly totals: Minutes;
  readonly clients = new Tally(Object.keys(CLIENT).length, MAX_CLIENTS);
  /** Why requests failed. */
  readonly reasons = new Tally(1, MAX_REASONS);
  readonly refusals = new Refusals();
  readonly failures = new LastRequests();
  readonly lastRefusals = new LastRequests();
  readonly renewals = { changed: 0, unchanged: 0, failed: 0 };
  lastRenewal: LastRenewal | undefined;
  inFlight = 0;

  readonly #now: () => number;
  readonly #begin: number;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begin = now();
    this.totals = new Minutes(TOTAL.latencies + BUCKETS, this.minute);
  }

  /** The current minute, counted from the clock's begin. */
  get minute(): number {
    return Math.floor(this.#now() / 60_000);
  }

  /** Minutes that the last so many counters have covered: the current minute is not over, and there was a start. */
  covered(minutes: number): number {
    const now = this.#now();
    return Math.min(minutes - 1 + (now / 60_000 - this.minute), (now - this.#begin) / 60_000);
  }

  started(): void {
    this.inFlight++;
  }

  finished(request: Finished): void {
    const { method, duration, trace } = request;
    // A request whose head could not be read has no method, and was never counted as begun.
    if (method !== '') this.inFlight--;
    if (isHealthcheck(request)) return;
    const { minute, totals, clients } = this;
    const client = trace.client ?? `(${trace.route})`;
    const outcome = outcomeOf(request);

    totals.count(minute, TOTAL.requests);
    totals.count(minute, TOTAL.latencies + bucketOf(duration));
    clients.count(minute, client, CLIENT.requests);
    if (trace.observed !== undefined) {
      clients.count(minute, client, CLIENT.observed);
      // Once the request fails, the cause is that of the failure.
      const cause = trace.error === undefined ? trace.cause : undefined;
      this.refusals.count(
        minute,
        { client, request: trace.asked ?? '', reason: trace.observed, mode: 'observe' },
        cause,
      );
    }
    if (outcome === 'good' || outcome === 'gone') return;
    totals.count(minute, TOTAL[outcome]);
    clients.count(minute, client, CLIENT[outcome]);
    if (outcome === 'refused') {
      const reason = trace.refusal ?? trace.error ?? '';
      this.refusals.count(minute, { client, request: trace.asked ?? '', reason, mode: 'enforce' }, trace.cause);
      this.lastRefusals.add(request);
    } else {
      this.reasons.count(minute, reasonOf(request), 0);
      this.failures.add(request);
    }
  }

  renewed({ cause, result, reason }: Renewal): void {
    this.renewals[result]++;
    this.lastRenewal = { time: new Date().toISOString(), cause, result, reason };
  }
}

function reasonOf({ status, trace: { error, refusal } }: Finished): string {
  if (error === undefined) return `Sentry answered ${status}`;
  return refusal === undefined ? error : `${error}: ${refusal}`;
}
