import { isDeepStrictEqual } from 'node:util';
import type { TokenSource } from '../../../src/tokens/token-source.ts';
import { isRenewable, staticToken } from '../../../src/tokens/token-source.ts';
import { fingerprint } from '../../system-token/fingerprint.ts';
import { type Renewal, SystemToken } from '../../system-token/renewal.ts';
import type { TokenConfig } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import { originOf, type TokenOrigin } from './token-origin.ts';

/** The token of a running proxy. A changed file may replace its source. */
export class TokenHolder implements TokenSource {
  /** Called after every renewal, for the metrics. */
  onRenewal: ((renewal: Renewal) => void) | undefined;
  /** Called if the token has changed. */
  onChange: (() => void) | undefined;

  readonly #log: Log;
  #config: TokenConfig;
  #origin: TokenOrigin;
  #source: TokenSource;
  #system: SystemToken | undefined;
  #token: string | undefined;
  #heldSince: number | undefined;

  constructor(config: TokenConfig, log: Log) {
    this.#log = log;
    this.#config = config;
    this.#origin = originOf(config);
    this.#source = this.#makeSource();
  }

  get kind(): TokenConfig['kind'] {
    return this.#origin.kind;
  }

  get isRenewable(): boolean {
    return isRenewable(this.#source);
  }

  /** The token in use; undefined while there is none. */
  get current(): string | undefined {
    return this.#token;
  }

  /** Seconds for which the current token has been in use; undefined while there is none. */
  get age(): number | undefined {
    return this.#heldSince === undefined ? undefined : (performance.now() - this.#heldSince) / 1000;
  }

  /** Begins to use a static token, or to read the system token. */
  start(): void {
    const { token } = this.#origin;
    if (token === undefined) this.#system?.start();
    else this.#hold('start', token);
  }

  get(): string | undefined | Promise<string | undefined> {
    return this.#source.get();
  }

  renew(refused: string): Promise<string | undefined> {
    return this.#source.renew(refused);
  }

  /** Switches to a changed token or database. Requests in flight keep their token. */
  reconfigure(config: TokenConfig): void {
    if (isDeepStrictEqual(config, this.#config)) return;
    this.#config = config;
    const { kind } = this.#origin;
    this.#origin = originOf(config);
    if (kind === this.#origin.kind && this.#system !== undefined) {
      this.#system.restart();
      return;
    }
    this.#system?.stop();
    this.#source = this.#makeSource();
    this.start();
  }

  #makeSource(): TokenSource {
    const { token } = this.#origin;
    this.#system = undefined;
    if (token !== undefined) return staticToken(token);
    this.#token = undefined;
    this.#heldSince = undefined;
    const system = new SystemToken({
      read: (signal) => this.#origin.read(signal),
      renewed: (renewal) => {
        const isReplaced = this.#system !== system;
        if (!isReplaced) this.#renewed(renewal);
      },
    });
    this.#system = system;
    return system;
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
    this.#token = token;
    this.#heldSince = performance.now();
    this.#log('info', 'token', { state: 'held', cause, result: 'changed', fingerprint: fingerprint(token) });
    this.onChange?.();
  }
}
