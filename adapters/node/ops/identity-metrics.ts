import { Counter, Gauge, type Registry } from 'prom-client';
import type { RequestContext } from '../../../src/http/request-context.ts';
import type { IssuerKeys, KeysFetched } from '../../../src/identity/keys/issuer-keys.ts';

const FETCH_RESULTS: readonly KeysFetched['result'][] = ['changed', 'same', 'failed'];

/** Metrics of issuers and their tokens. Without issuers there are no series. */
export class IdentityMetrics {
  readonly #identities: Counter<'issuer' | 'result'>;
  readonly #fetches: Counter<'issuer' | 'result'>;
  #issuers: () => readonly IssuerKeys[] = () => [];

  constructor(registry: Registry) {
    const issuers = () => this.#issuers();
    this.#identities = new Counter({
      name: 'sentry_api_proxy_identities_total',
      help: 'Requests with a token of an issuer: identified, unavailable (no keys), or why the token was refused.',
      labelNames: ['issuer', 'result'],
      registers: [registry],
    });
    this.#fetches = new Counter({
      name: 'sentry_api_proxy_issuer_key_fetches_total',
      help: "Fetches of issuers' keys.",
      labelNames: ['issuer', 'result'],
      registers: [registry],
    });
    new Gauge({
      name: 'sentry_api_proxy_issuer_keys',
      help: 'Usable keys of the issuer.',
      labelNames: ['issuer'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { issuer, state } of issuers()) this.set({ issuer: issuer.name }, state.keys);
      },
    });
    new Gauge({
      name: 'sentry_api_proxy_issuer_keys_age_seconds',
      help: "Time since the issuer's keys were fetched; they serve for a day.",
      labelNames: ['issuer'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { issuer, state } of issuers()) {
          if (state.ageSeconds !== undefined) this.set({ issuer: issuer.name }, state.ageSeconds);
        }
      },
    });
  }

  /** Where to look for the issuers, which may change while the proxy runs. */
  issuersAre(issuers: () => readonly IssuerKeys[]): void {
    this.#issuers = issuers;
    for (const { issuer } of issuers()) {
      this.#identities.inc({ issuer: issuer.name, result: 'identified' }, 0);
      for (const result of FETCH_RESULTS) this.#fetches.inc({ issuer: issuer.name, result }, 0);
    }
  }

  keysFetched({ issuer, result }: KeysFetched): void {
    this.#fetches.inc({ issuer, result });
  }

  finished({ issuer, credential, refusal }: RequestContext): void {
    if (issuer === undefined) return;
    const isIdentified = credential === 'jwt';
    this.#identities.inc({ issuer, result: isIdentified ? 'identified' : (refusal ?? 'unavailable') });
  }
}
