import { Counter, Gauge, type Registry } from 'prom-client';
import type { LookupResult } from '../../../src/enforce/lookups/sentry-api.ts';
import type { RequestContext } from '../../../src/http/request-context.ts';
import type { Client } from '../../../src/policy/client.ts';
import { REASONS } from '../../../src/policy/reasons.ts';

/** Clients whose series begin at 0. Of a larger file there would be more series than a scrape is worth. */
const MAX_AT_ZERO = 100;
const STATUSES = ['2xx', '3xx', '4xx', '5xx'];
const MODES: readonly Client['mode'][] = ['enforce', 'observe'];
const LOOK_UP_RESULTS: readonly LookupResult[] = ['found', 'absent', 'failed'];
/** Over a limit a client is refused for these. */
const LIMITS = ['rate', 'concurrency'];

/** What is counted by client. The label `client` has the names of the clients file, and three words for all others. */
export class ClientMetrics {
  readonly #requests: Counter<'client' | 'status'>;
  readonly #refusals: Counter<'client' | 'reason' | 'mode'>;
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
    this.#lookups = new Counter({
      name: 'sentry_api_proxy_look_ups_total',
      help: "The proxy's own questions to Sentry, to decide on requests of clients.",
      labelNames: ['result'],
      registers: [registry],
    });
    for (const client of ['alias', 'anyone', 'none']) this.#startAtZero(client);
    this.#refusals.inc({ client: 'none', reason: 'unknown', mode: 'enforce' }, 0);
    for (const result of LOOK_UP_RESULTS) this.#lookups.inc({ result }, 0);
  }

  /** These are the clients now. */
  clientsAre(clients: readonly Client[]): void {
    for (const { name } of clients.slice(0, MAX_AT_ZERO)) {
      this.#startAtZero(name);
      for (const reason of [...REASONS, ...LIMITS]) {
        for (const mode of MODES) this.#refusals.inc({ client: name, reason, mode }, 0);
      }
    }
  }

  /** @param status a class of them, like `2xx` */
  finished({ client: name, refusal, observed }: RequestContext, status: string): void {
    const client = labelOf(name);
    this.#requests.inc({ client, status });
    if (refusal !== undefined) this.#refusals.inc({ client, reason: refusal, mode: 'enforce' });
    if (observed !== undefined) this.#refusals.inc({ client, reason: observed, mode: 'observe' });
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

  #startAtZero(client: string): void {
    for (const status of STATUSES) this.#requests.inc({ client, status }, 0);
  }
}

/** Alias tokens are counted as one: how many there are says nothing about who uses them. */
function labelOf(client: string | undefined): string {
  if (client === undefined) return 'none';
  return client.startsWith('alias-') && /^alias-[0-9]+$/.test(client) ? 'alias' : client;
}
