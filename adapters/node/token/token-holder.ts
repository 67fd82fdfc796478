import { isDeepStrictEqual } from 'node:util';
import { SYSTEM } from '../../../src/config.ts';
import { staticToken } from '../../../src/token.ts';
import type { TokenSource, UpstreamRequest, UpstreamResponse } from '../../../src/types.ts';
import type { Transport } from '../../http1/client.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../ops/log.ts';
import { fingerprint } from './fingerprint.ts';
import { type Renewal, SystemToken } from './system-token.ts';

/** Refusals in a row after which the token counts as bad. */
const REFUSALS_OF_A_BAD_TOKEN = 5;
/**
 * Milliseconds after the last refusal for which it does. A proxy that is not ready is sent no requests, so nothing would
 * ever tell it that Sentry takes the token again.
 */
const BAD_FOR = 60_000;

/** The token of a running proxy: its source, which a changed file may replace, and what is known of its worth. */
export class TokenHolder implements TokenSource {
  /** Told of every renewal, for the metrics. */
  onRenewal: ((renewal: Renewal) => void) | undefined;

  readonly #log: Log;
  #config: Config;
  #source: TokenSource;
  #system: SystemToken | undefined;
  #token: string | undefined;
  #heldSince: number | undefined;
  #refusals = 0;
  #refusedAt = 0;

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
    const isBad = this.#refusals >= REFUSALS_OF_A_BAD_TOKEN && performance.now() - this.#refusedAt < BAD_FOR;
    return isBad ? 'token refused' : undefined;
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

  /** A transport from whose responses it is learnt whether Sentry still takes the token. */
  judging(send: Transport): Transport {
    return async (url, request) => {
      const response = await send(url, request);
      this.#judge(request, response);
      return response;
    };
  }

  /** Some views of Sentry answer 401 whatever the token, but without the challenge that a bad token gets. */
  #judge(request: UpstreamRequest, { status, headers }: UpstreamResponse): void {
    const isRefused = status === 401 && headers.get('www-authenticate') !== null;
    const isNews = isRefused || (this.#refusals > 0 && status < 300);
    const carriesToken = ([name, value]: readonly [string, string]) =>
      name === 'Authorization' && value === `Bearer ${this.#token}`;
    if (!isNews || !request.headers.added.some(carriesToken)) return;
    this.#refusals = isRefused ? this.#refusals + 1 : 0;
    if (isRefused) this.#refusedAt = performance.now();
  }

  /** Takes over a token or a way to the database that has changed; what is in flight keeps what it has. */
  reconfigure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    const isStillSystem = before.token === SYSTEM && config.token === SYSTEM;
    if (isStillSystem) {
      if (!isDeepStrictEqual(before.connInfo, config.connInfo)) this.#system?.refresh();
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
    this.#heldSince = undefined;
    const system = new SystemToken({
      read: () => this.#readSystemToken(),
      renewed: (renewal) => {
        // What a source that has been replaced still reads is of no interest.
        if (this.#system === system) this.#renewed(renewal);
      },
    });
    this.#system = system;
    return system;
  }

  async #readSystemToken(): Promise<string> {
    const { readSystemToken } = await import('../postgres/read-system-token.ts');
    for (;;) {
      const { connInfo } = this.#config;
      const token = await readSystemToken(connInfo!);
      // A way to the database that changed meanwhile is another database for all that is known.
      if (this.#config.connInfo === connInfo || this.#config.token !== SYSTEM) return token;
    }
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
    this.#refusals = 0;
    this.#log('info', 'token', { state: 'held', cause, result: 'changed', fingerprint: fingerprint(token) });
  }
}
