import { Counter, Gauge, type Registry } from 'prom-client';
import type { LookupResult } from '../../../src/enforce/lookups/sentry-api.ts';
import type { RequestContext } from '../../../src/http/request-context.ts';
import type { Client } from '../../../src/policy/client.ts';
import { REASONS } from '../../../src/policy/reasons.ts';
import { RefusedRequests } from './refused-requests.ts';

/** Clients whose series begin at 0. Of a larger file there would be more series than a scrape is worth. */
const MAX_AT_ZERO = 100;
/** Clients whose mode and expiry are told: those that expire first, of more. */
const MAX_DESCRIBED = 1000;
const STATUSES = ['2xx', '3xx', '4xx', '5xx'];
const MODES: readonly Client['mode'][] = ['enforce', 'observe'];
const LOOK_UP_RESULTS: readonly LookupResult[] = ['found', 'absent', 'failed'];
/** Over a limit a client is refused for these. */
const LIMITS = ['rate', 'concurrency'];

/** Metrics by client. The label `client` has the names of the clients file, and three words for all others. */
export class ClientMetrics {
  readonly #requests: Counter<'client' | 'status'>;
  readonly #refusals: Counter<'client' | 'reason' | 'mode'>;
  readonly #refusedRequests: Counter<'client' | 'request' | 'reason' | 'mode'>;
  readonly #known = new RefusedRequests();
  readonly #modes: Gauge<'client' | 'mode'>;
  readonly #expiries: Gauge<'client'>;
  readonly #lookups: Counter<'result'>;
  readonly #registry: Registry;
  #limitStore: Gauge | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#requests = new Counter({
      name: 'sentry_api_proxy_client_requests_total',
      help: 'Requests answered or broken off, by client.',
      labelNames: ['client', 'status'],
      registers: [registry],
    });
    this.#refusals = new Counter({
      name: 'sentry_api_proxy_client_refusals_total',
      help: 'Requests of clients that were refused (enforce), or would have been (observe).',
      labelNames: ['client', 'reason', 'mode'],
      registers: [registry],
    });
    this.#refusedRequests = new Counter({
      name: 'sentry_api_proxy_client_refused_requests_total',
      help: 'The same by request: method and path as the table of endpoints has them, or other.',
      labelNames: ['client', 'request', 'reason', 'mode'],
      registers: [registry],
    });
    this.#modes = new Gauge({
      name: 'sentry_api_proxy_client_info',
      help: 'Always 1; the mode of each client.',
      labelNames: ['client', 'mode'],
      registers: [registry],
    });
    this.#expiries = new Gauge({
      name: 'sentry_api_proxy_client_expires_timestamp_seconds',
      help: 'When the client expires, in seconds since 1970; absent if it does not.',
      labelNames: ['client'],
      registers: [registry],
    });
    this.#lookups = new Counter({
      name: 'sentry_api_proxy_look_ups_total',
      help: "Lookups: the proxy's own requests to Sentry, to decide on clients' requests.",
      labelNames: ['result'],
      registers: [registry],
    });
    for (const client of ['alias', 'anyone', 'none']) this.#startAtZero(client);
    this.#refusals.inc({ client: 'none', reason: 'unknown', mode: 'enforce' }, 0);
    for (const result of LOOK_UP_RESULTS) this.#lookups.inc({ result }, 0);
  }

  /** These are the clients now; of those that are gone, the series by request end. */
  clientsAre(clients: readonly Client[], gone: readonly string[] = []): void {
    this.#describe(clients);
    for (const name of gone) for (const refusal of this.#known.forget(name)) this.#refusedRequests.remove(refusal);
    for (const { name } of clients.slice(0, MAX_AT_ZERO)) {
      this.#startAtZero(name);
      for (const reason of [...REASONS, ...LIMITS]) {
        for (const mode of MODES) this.#refusals.inc({ client: name, reason, mode }, 0);
      }
    }
  }

  /** @param status a class of them, like `2xx` */
  finished({ client: name, refusal, observed, asked }: RequestContext, status: string): void {
    const client = labelOf(name);
    this.#requests.inc({ client, status });
    if (refusal !== undefined) this.#refused(client, asked, refusal, 'enforce');
    if (observed !== undefined) this.#refused(client, asked, observed, 'observe');
  }

  #refused(client: string, request: string | undefined, reason: string, mode: Client['mode']): void {
    this.#refusals.inc({ client, reason, mode });
    if (request !== undefined) this.#refusedRequests.inc(this.#known.of({ client, request, reason, mode }));
  }

  lookedUp(result: LookupResult): void {
    this.#lookups.inc({ result });
  }

  /** The shared store of limits answers, or does not. Without such a store there is no metric of it. */
  limitStoreIs(isUp: boolean): void {
    this.#limitStore ??= new Gauge({
      name: 'sentry_api_proxy_limit_store_up',
      help: '1 while the shared store of limits answers.',
      registers: [this.#registry],
    });
    this.#limitStore.set(isUp ? 1 : 0);
  }

  #describe(clients: readonly Client[]): void {
    this.#modes.reset();
    this.#expiries.reset();
    const never = Number.MAX_SAFE_INTEGER;
    const inOrder = clients.toSorted((one, other) => (one.expiresAt ?? never) - (other.expiresAt ?? never));
    for (const { name, mode, expiresAt } of inOrder.slice(0, MAX_DESCRIBED)) {
      this.#modes.set({ client: name, mode }, 1);
      if (expiresAt !== undefined) this.#expiries.set({ client: name }, expiresAt / 1000);
    }
  }

  #startAtZero(client: string): void {
    for (const status of STATUSES) this.#requests.inc({ client, status }, 0);
  }
}

/** Alias tokens are counted as one: how many there are says nothing about who uses them. */
function labelOf(client: string | undefined): string {
  if (client === undefined) return 'none';
  return client.startsWith('alias-') && /^alias-[0-9]+$/.test(client) ? 'alias' : client;
}
