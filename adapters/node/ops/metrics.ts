import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import packageJson from '../../../package.json' with { type: 'json' };
import { ERRORS, type ErrorName } from '../../../src/http/errors.ts';
import type { RequestContext } from '../../../src/http/request-context.ts';
import type { Finished } from '../../http1/server/owner.ts';
import type { Renewal, RenewalCause } from '../../system-token/renewal.ts';
import type { NamedTokenState } from '../token/named-token-state.ts';
import type { TokenHolder } from '../token/token-holder.ts';
import { ClientMetrics } from './client-metrics.ts';
import { isHealthcheck } from './healthcheck-request.ts';
import { IdentityMetrics } from './identity-metrics.ts';
import { latest } from './latest.ts';
import type { Readiness } from './readiness.ts';

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];
/** Milliseconds for which the same text is served. Making it takes some milliseconds of CPU time. */
const TEXT_LIFETIME = 1000;

const ROUTES: readonly RequestContext['route'][] = ['inject', 'bypass', 'none'];
const FORWARDING_ROUTES = ROUTES.filter((route) => route !== 'none');
const CAUSES: readonly RenewalCause[] = ['start', 'background', 'refused'];
const RESULTS: readonly Renewal['result'][] = ['changed', 'unchanged', 'failed'];

/** Errors that can end a response after it began. They count with the status of that response. */
const BREAKING_OFF = ['write_timeout', 'request_timeout', 'upstream_truncated', 'upstream_malformed', 'internal_error'];

/** The metrics for Prometheus. Labels come from the proxy's own tables, so no client can make up new ones. */
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
  readonly #upstreamRequests = new Counter({
    name: 'sentry_api_proxy_upstream_requests_total',
    help: 'Requests sent with a token, by its name, where there are several.',
    labelNames: ['token', 'status'],
    registers: [this.#registry],
  });
  readonly #turnedAway = new Counter({
    name: 'sentry_api_proxy_connections_turned_away_total',
    help: 'Connections closed at once, because there were too many.',
    registers: [this.#registry],
  });
  readonly #linesLost = new Counter({
    name: 'sentry_api_proxy_log_lines_lost_total',
    help: 'Lines of the log that could not be written.',
    registers: [this.#registry],
  });

  readonly clients = new ClientMetrics(this.#registry);
  readonly identities = new IdentityMetrics(this.#registry);
  /** The tokens of the tokens file, if there is one. */
  namedTokens: () => readonly NamedTokenState[] = () => [];

  constructor(token: TokenHolder, readiness: Readiness) {
    collectDefaultMetrics({ register: this.#registry });
    const namedTokens = () => this.namedTokens();
    new Gauge({
      name: 'sentry_api_proxy_token_valid',
      help: '1 while there is a token that is not known to be bad; with a label for each token of the tokens file.',
      labelNames: ['token'],
      registers: [this.#registry],
      collect() {
        this.reset();
        this.set(readiness.tokenFault === undefined ? 1 : 0);
        for (const { name, state } of namedTokens()) this.set({ token: name }, state === 'held' ? 1 : 0);
      },
    });
    new Gauge({
      name: 'sentry_api_proxy_token_age_seconds',
      help: 'Time since the current token came into use.',
      registers: [this.#registry],
      collect() {
        if (token.age === undefined) this.remove();
        else this.set(token.age);
      },
    });
    new Gauge({
      name: 'sentry_api_proxy_build_info',
      help: 'The running version, and its version of Node.',
      labelNames: ['version', 'node'],
      registers: [this.#registry],
    }).set({ version: packageJson.version, node: process.version }, 1);
    this.#startAtZero();
  }

  /** A counter that first appears with 1 shows no increase, so an alert on an increase would miss the first error. */
  #startAtZero(): void {
    for (const route of ROUTES) {
      this.#durations.zero({ route });
      for (const status of ['2xx', '3xx', '4xx', '5xx']) this.#requests.inc({ route, status, error: '' }, 0);
      for (const error of Object.keys(ERRORS) as ErrorName[]) {
        this.#requests.inc({ route, status: statusClass(ERRORS[error].status), error }, 0);
      }
    }
    for (const route of FORWARDING_ROUTES) {
      this.#attempts.inc({ route }, 0);
      for (const error of BREAKING_OFF) this.#requests.inc({ route, status: '2xx', error }, 0);
    }
    for (const cause of CAUSES) for (const result of RESULTS) this.#renewals.inc({ cause, result }, 0);
  }

  started(): void {
    this.#inFlight.inc();
  }

  finished(request: Finished): void {
    const { method, status, duration, trace } = request;
    const { route } = trace;
    // A request whose head could not be read has no method, and was never counted as begun.
    if (method !== '') this.#inFlight.dec();
    if (isHealthcheck(request)) return;
    this.#requests.inc({ route, status: statusClass(status), error: trace.error ?? '' });
    this.clients.finished(trace, statusClass(status));
    this.identities.finished(trace);
    this.#durations.observe({ route }, duration / 1000);
    if (trace.attempts > 0) this.#attempts.inc({ route }, trace.attempts);
    const wasSent = trace.token !== undefined && trace.attempts > 0;
    if (wasSent) this.#upstreamRequests.inc({ token: trace.token!, status: statusClass(status) });
  }

  renewed({ cause, result }: Renewal): void {
    this.#renewals.inc({ cause, result });
  }

  /** A connection was closed at once because there were too many. */
  turnedAway(): void {
    this.#turnedAway.inc();
  }

  /** So many lines of the log were lost. */
  linesLost(count: number): void {
    this.#linesLost.inc(count);
  }

  /** Prometheus' text format, at most a second old. */
  readonly text = latest(TEXT_LIFETIME, () => this.#registry.metrics());

  get contentType(): string {
    return this.#registry.contentType;
  }
}

const statusClass = (status: number): string => `${Math.floor(status / 100)}xx`;
