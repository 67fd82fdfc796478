import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Finished } from '../server/connection.ts';
import type { TokenHolder } from '../token/token-holder.ts';

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/** What Prometheus is told. Labels come from tables of ours alone, so that no client can make up new ones. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'sentry_api_proxy_requests_total',
    help: 'Requests answered or broken off.',
    labelNames: ['route', 'status', 'error'],
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: 'sentry_api_proxy_request_duration_seconds',
    help: 'From the end of the header section to the end of the response.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #inFlight = new Gauge({
    name: 'sentry_api_proxy_requests_in_flight',
    help: 'Requests being served.',
    registers: [this.#registry],
  });
  readonly #attempts = new Counter({
    name: 'sentry_api_proxy_upstream_attempts_total',
    help: 'Requests sent to Sentry, replays included.',
    labelNames: ['route'],
    registers: [this.#registry],
  });
  readonly #renewals = new Counter({
    name: 'sentry_api_proxy_token_renewals_total',
    help: 'Reads of the system token.',
    labelNames: ['cause', 'result'],
    registers: [this.#registry],
  });

  constructor(token: TokenHolder) {
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'sentry_api_proxy_token_valid',
      help: '1 while a token is held that is not known to be bad.',
      registers: [this.#registry],
      collect() {
        this.set(token.fault === undefined ? 1 : 0);
      },
    });
    new Gauge({
      name: 'sentry_api_proxy_token_age_seconds',
      help: 'Since the present token was first held.',
      registers: [this.#registry],
      collect() {
        if (token.age === undefined) this.remove();
        else this.set(token.age);
      },
    });
    new Gauge({
      name: 'sentry_api_proxy_build_info',
      help: 'The version that runs, and on which Node.',
      labelNames: ['version', 'node'],
      registers: [this.#registry],
    }).set({ version: packageJson.version, node: process.version }, 1);
    token.onRenewal = ({ cause, result }) => this.#renewals.inc({ cause, result });
  }

  started(): void {
    this.#inFlight.inc();
  }

  finished({ method, status, duration, trace }: Finished): void {
    const { route } = trace;
    // A request whose head could not be read has no method, and was never begun.
    if (method !== '') this.#inFlight.dec();
    this.#requests.inc({ route, status: `${Math.floor(status / 100)}xx`, error: trace.error ?? '' });
    this.#durations.observe({ route }, duration / 1000);
    if (trace.attempts > 0) this.#attempts.inc({ route }, trace.attempts);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
