import { getFromSentry } from '../../../src/enforce/lookups/sentry-api.ts';
import type { UpstreamRequest, UpstreamResponse } from '../../../src/http/types.ts';
import type { Transport } from '../../http1/client/transport.ts';

/** Refusals in a row after which the proxy itself tries the token on Sentry. */
const SUSPICIOUS = 5;
/** The least number of milliseconds between two such requests. */
const ASK_EVERY = 10_000;

interface TokenHealthOptions {
  /** The URL that the proxy itself requests: Sentry's `/api/0/`, which answers 200 to every valid token. */
  readonly url: string;
  readonly send: Transport;
  /** The token in use; undefined while there is none. */
  token(): string | undefined;
}

/**
 * Whether Sentry accepts the token, as far as its responses show.
 *
 * A client can cause refusals although the token is good. So refusals only raise a suspicion, and the proxy itself asks
 * Sentry to confirm it. While the token counts as refused, the proxy keeps asking: a proxy that is not ready gets no
 * requests, so nothing else would show that Sentry accepts the token again.
 */
export class TokenHealth {
  readonly #options: TokenHealthOptions;
  #refusals = 0;
  #isRefused = false;
  #isAsking = false;
  #lastAsked = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TokenHealthOptions) {
    this.#options = options;
  }

  /** Whether Sentry refused the token when the proxy itself asked with it. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** A transport that shows this object the responses to requests with the token. */
  observe(send: Transport): Transport {
    return (url, request) =>
      send(url, request).then((response) => {
        this.#learn(request, response);
        return response;
      });
  }

  /** Forgets earlier results, because there is another token. */
  reset(): void {
    this.#settle(false);
  }

  #learn(request: UpstreamRequest, response: UpstreamResponse): void {
    const isRefusal = isChallenge(response);
    const isAcceptance = response.status < 300;
    const isNews = isRefusal || (isAcceptance && (this.#isRefused || this.#refusals > 0));
    if (!isNews || !this.#carriesToken(request)) return;
    if (isAcceptance) this.#settle(false);
    else if (++this.#refusals >= SUSPICIOUS) void this.#ask();
  }

  #carriesToken({ headers }: UpstreamRequest): boolean {
    const credentials = `Bearer ${this.#options.token()}`;
    return headers.added.some(([name, value]) => name === 'Authorization' && value === credentials);
  }

  async #ask(): Promise<void> {
    const isTooEarly = performance.now() - this.#lastAsked < ASK_EVERY;
    const token = this.#options.token();
    if (this.#isAsking || isTooEarly || token === undefined) return;
    this.#isAsking = true;
    this.#lastAsked = performance.now();
    const response = await this.#request(token).catch(() => undefined);
    this.#isAsking = false;
    if (token !== this.#options.token()) return;
    // A Sentry that can't be reached says nothing about the token.
    if (response !== undefined) this.#settle(isChallenge(response));
    else if (this.#isRefused) this.#askLater();
  }

  async #request(token: string): Promise<UpstreamResponse> {
    const response = await getFromSentry(this.#options.send, this.#options.url, token);
    await response.body?.cancel();
    return response;
  }

  #settle(isRefused: boolean): void {
    clearTimeout(this.#timer);
    this.#refusals = 0;
    this.#isRefused = isRefused;
    if (isRefused) this.#askLater();
  }

  #askLater(): void {
    this.#timer = setTimeout(() => void this.#ask(), ASK_EVERY);
    this.#timer.unref();
  }
}

/** Some of Sentry's views answer 401 to any token, but without the challenge that a bad token gets. */
export const isChallenge = ({ status, headers }: UpstreamResponse): boolean =>
  status === 401 && headers.get('www-authenticate') !== null;
