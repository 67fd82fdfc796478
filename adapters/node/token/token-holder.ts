import { isDeepStrictEqual } from 'node:util';
import { SYSTEM } from '../../../src/config.ts';
import { staticToken } from '../../../src/token.ts';
import type { TokenSource } from '../../../src/types.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../ops/log.ts';
import { fingerprint } from './fingerprint.ts';
import { type Renewal, SystemToken } from './system-token.ts';

/** The token of a running proxy. A changed file may replace the source that it comes from. */
export class TokenHolder implements TokenSource {
  /** Called after every renewal, for the metrics. */
  onRenewal: ((renewal: Renewal) => void) | undefined;
  /** Called when there is another token. */
  onChange: (() => void) | undefined;

  readonly #log: Log;
  #config: Config;
  #source: TokenSource;
  #system: SystemToken | undefined;
  #token: string | undefined;
  #heldSince: number | undefined;

  constructor(config: Config, log: Log) {
    this.#log = log;
    this.#config = config;
    this.#source = this.#makeSource();
  }

  get isRenewable(): boolean {
    return this.#source.isRenewable;
  }

  /** The token in use; undefined while there is none. */
  get current(): string | undefined {
    return this.#token;
  }

  /** Seconds for which the current token has been in use; undefined while there is none. */
  get age(): number | undefined {
    return this.#heldSince === undefined ? undefined : (performance.now() - this.#heldSince) / 1000;
  }

  /** Takes a static token into use, or begins to read the system token. */
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

  /** Takes over a token or a way to the database that has changed. Requests in flight keep the token that they have. */
  reconfigure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    const isStillSystem = before.token === SYSTEM && config.token === SYSTEM;
    if (isStillSystem) {
      if (!isDeepStrictEqual(before.connInfo, config.connInfo)) this.#system?.restart();
    } else if (before.token !== config.token) {
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
    const { connInfo } = this.#config;
    const { readSystemToken } = await import('../postgres/read-system-token.ts');
    return readSystemToken(connInfo!, signal);
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
