import { SYSTEM } from '../../src/config.ts';
import { staticToken, type TokenSource } from '../../src/token.ts';
import type { Config } from './config.ts';
import type { Finished } from './connection.ts';
import { fingerprint } from './fingerprint.ts';
import type { Log } from './log.ts';
import { type Renewal, SystemToken } from './system-token.ts';

/** Refusals in a row after which the token counts as bad: some views of Sentry answer 401 whatever the token. */
const REFUSALS_OF_A_BAD_TOKEN = 5;

/** The token of a running proxy: its source, which a changed file may replace, and what is known of its worth. */
export class TokenHolder implements TokenSource {
  /** Told of every renewal, for the metrics. */
  onRenewal: ((renewal: Renewal) => void) | undefined;

  readonly #log: Log;
  #config: Config;
  #source: TokenSource;
  #system: SystemToken | undefined;
  #heldSince: number | undefined;
  #refusals = 0;

  constructor(config: Config, log: Log) {
    this.#log = log;
    this.#config = config;
    this.#source = this.#makeSource();
  }

  get isRenewable(): boolean {
    return this.#source.isRenewable;
  }

  /** Seconds for which the present token has been held; undefined while there is none. */
  get age(): number | undefined {
    return this.#heldSince === undefined ? undefined : (performance.now() - this.#heldSince) / 1000;
  }

  /** Why no request can be served well now, in a word or two; undefined if nothing is known against it. */
  get fault(): 'no token' | 'token refused' | undefined {
    if (this.#heldSince === undefined) return 'no token';
    return this.#refusals >= REFUSALS_OF_A_BAD_TOKEN ? 'token refused' : undefined;
  }

  start(): void {
    if (this.#system === undefined) this.#hold('start', this.#config.token);
    else this.#system.start();
  }

  get(): string | undefined | Promise<string | undefined> {
    return this.#source.get();
  }

  renew(refused: string): Promise<string | undefined> {
    return this.#source.renew(refused);
  }

  /** Learns from the status of a request whether Sentry still takes the token. */
  observe({ trace, status }: Finished): void {
    if (trace.route !== 'inject' || trace.error !== undefined || status >= 500) return;
    this.#refusals = status === 401 ? this.#refusals + 1 : 0;
  }

  /** Takes over a token or a way to the database that has changed; what is in flight keeps what it has. */
  reconfigure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    const isStillSystem = before.token === SYSTEM && config.token === SYSTEM;
    if (isStillSystem) this.#system?.refresh();
    else if (before.token !== config.token) {
      this.#system?.stop();
      this.#source = this.#makeSource();
      this.start();
    }
  }

  #makeSource(): TokenSource {
    const { token } = this.#config;
    if (token !== SYSTEM) {
      this.#system = undefined;
      return staticToken(token);
    }
    this.#heldSince = undefined;
    this.#system = new SystemToken({
      read: async () => {
        const { readSystemToken } = await import('./read-system-token.ts');
        return readSystemToken(this.#config.connInfo!);
      },
      renewed: (renewal) => this.#renewed(renewal),
    });
    return this.#system;
  }

  #renewed(renewal: Renewal): void {
    const { cause, result, token, reason, isNews } = renewal;
    this.onRenewal?.(renewal);
    if (result === 'changed' && token !== undefined) this.#hold(cause, token);
    else if (isNews || result === 'unchanged') {
      const state = token === undefined ? 'missing' : 'held';
      this.#log(result === 'failed' ? 'warn' : isNews ? 'info' : 'debug', 'token', { state, cause, result, reason });
    }
  }

  #hold(cause: string, token: string): void {
    this.#heldSince = performance.now();
    this.#refusals = 0;
    this.#log('info', 'token', { state: 'held', cause, result: 'changed', fingerprint: fingerprint(token) });
  }
}
