import type { IssuerKeys } from '../../../src/identity/keys/issuer-keys.ts';
import type { Client } from '../../../src/policy/client.ts';
import type { Finished } from '../../http1/server/owner.ts';
import type { Renewal } from '../../system-token/renewal.ts';
import type { TokenHolder } from '../token/token-holder.ts';
import { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';
import { Collector } from './status/collector.ts';
import { makeStatus, type Status } from './status/status.ts';

/** Everything that is counted for the admin listener. */
export class Telemetry {
  readonly metrics: Metrics;
  readonly #collector = new Collector();
  readonly #token: TokenHolder;
  readonly #readiness: Readiness;
  #issuers: () => readonly IssuerKeys[] = () => [];
  #clients: readonly Client[] = [];

  constructor(token: TokenHolder, readiness: Readiness) {
    this.metrics = new Metrics(token, readiness);
    this.#token = token;
    this.#readiness = readiness;
  }

  /** A request has begun. */
  started(): void {
    this.metrics.started();
    this.#collector.started();
  }

  /** A request is over, however it ended. */
  finished(request: Finished): void {
    this.metrics.finished(request);
    this.#collector.finished(request);
  }

  /** The token was read, or could not be. */
  renewed(renewal: Renewal): void {
    this.metrics.renewed(renewal);
    this.#collector.renewed(renewal);
  }

  /** Where to look for the issuers, which may change while the proxy runs. */
  issuersAre(issuers: () => readonly IssuerKeys[]): void {
    this.#issuers = issuers;
    this.metrics.identities.issuersAre(issuers);
  }

  /** These are the clients now. */
  clientsAre(clients: readonly Client[]): void {
    const names = new Set(clients.map(({ name }) => name));
    const gone = this.#clients.map(({ name }) => name).filter((name) => !names.has(name));
    this.#clients = clients;
    this.metrics.clients.clientsAre(clients, gone);
    for (const name of gone) this.#collector.refusals.forget(name);
  }

  /** The data of the status page. */
  status(): Status {
    const shown = { issuers: this.#issuers(), tokens: this.metrics.namedTokens(), clients: this.#clients };
    return makeStatus(this.#collector, this.#token, this.#readiness, shown);
  }
}
