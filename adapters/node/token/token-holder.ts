import { isDeepStrictEqual } from 'node:util';
import type { TokenSource } from '../../../src/tokens/token-source.ts';
import { isRenewable, staticToken } from '../../../src/tokens/token-source.ts';
import { fingerprint } from '../../system-token/fingerprint.ts';
import { type Renewal, SystemToken, TokenUnavailable } from '../../system-token/renewal.ts';
import type { TokenConfig } from '../config/config.ts';
import type { Log } from '../log/log.ts';

/** The token of a running proxy. A changed file may replace its source. */
export class TokenHolder implements TokenSource {
  /** Called after every renewal, for the metrics. */
  onRenewal: ((renewal: Renewal) => void) | undefined;
  /** Called if the token has changed. */
  onChange: (() => void) | undefined;

  readonly #log: Log;
  #origin: TokenConfig;
  #source: TokenSource;
  #system: SystemToken | undefined;
  #token: string | undefined;
  #heldSince: number | undefined;

  constructor(origin: TokenConfig, log: Log) {
    this.#log = log;
    this.#origin = origin;
    this.#source = this.#makeSource(origin);
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
    if (this.#origin.kind === 'static') this.#hold('start', this.#origin.token);
    else this.#system?.start();
  }

  get(): string | undefined | Promise<string | undefined> {
    return this.#source.get();
  }

  renew(refused: string): Promise<string | undefined> {
    return this.#source.renew(refused);
  }

  /** Switches to a changed token or database. Requests in flight keep their token. */
  reconfigure(origin: TokenConfig): void {
    const before = this.#origin;
    this.#origin = origin;
    if (isDeepStrictEqual(before, origin)) return;
    if (before.kind === 'system' && origin.kind === 'system') {
      this.#system?.restart();
      return;
    }
    this.#system?.stop();
    this.#source = this.#makeSource(origin);
    this.start();
  }

  #makeSource(origin: TokenConfig): TokenSource {
    if (origin.kind === 'static') {
      this.#system = undefined;
      return staticToken(origin.token);
    }
    this.#token = undefined;
    this.#heldSince = undefined;
    const system = new SystemToken({
      read: (signal) => this.#readSystemToken(signal),
      renewed: (renewal) => {
        const isReplaced = this.#system !== system;
        if (!isReplaced) this.#renewed(renewal);
      },
    });
    this.#system = system;
    return system;
  }

  async #readSystemToken(signal: AbortSignal): Promise<string> {
    const origin = this.#origin;
    const { readSystemToken } = await import('../../system-token/read.ts');
    if (origin.kind === 'static') throw new TokenUnavailable('the token is static now');
    return readSystemToken(origin.connInfo, signal);
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
