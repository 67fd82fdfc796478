import type { Transport, UpstreamRequest, UpstreamResponse } from '../../../src/http/types.ts';
import { isChallenge } from './token-health.ts';

/** Refusals in a row after which a token counts as refused: a client can cause one although the token is good. */
const SUSPICIOUS = 3;

/** The tokens of the tokens file that Sentry refuses, as far as its responses show. */
export class TokenRefusals {
  /** Called if a token counts as refused, and if it does not any more. */
  onChange: ((token: string, isRefused: boolean) => void) | undefined;

  readonly #nameOf: (value: string) => string | undefined;
  readonly #inARow = new Map<string, number>();

  /** @param nameOf the name of the token with this value; undefined if it has none */
  constructor(nameOf: (value: string) => string | undefined) {
    this.#nameOf = nameOf;
  }

  isRefused(name: string): boolean {
    return (this.#inARow.get(name) ?? 0) >= SUSPICIOUS;
  }

  /** A transport that shows this object the responses to requests with a token. */
  observe(send: Transport): Transport {
    return (url, request) =>
      send(url, request).then((response) => {
        this.#learn(request, response);
        return response;
      });
  }

  #learn({ headers }: UpstreamRequest, response: UpstreamResponse): void {
    const isAcceptance = response.status < 300;
    if (isAcceptance && this.#inARow.size === 0) return;
    const credentials = headers.added.find(([name]) => name === 'Authorization')?.[1];
    const token = credentials === undefined ? undefined : this.#nameOf(credentials.slice('Bearer '.length));
    if (token === undefined) return;
    if (!isAcceptance && !isChallenge(response)) return;
    const wasRefused = this.isRefused(token);
    if (isAcceptance) this.#inARow.delete(token);
    else this.#inARow.set(token, (this.#inARow.get(token) ?? 0) + 1);
    if (this.isRefused(token) !== wasRefused) this.onChange?.(token, !wasRefused);
  }
}
