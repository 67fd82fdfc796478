/// <reference lib="esnext.disposable" preserve="true" />

import { OptionsError, type ProxyConfig, type ProxyOptions } from './config/option-types.ts';
import { readOptions } from './config/options.ts';
import type { Problem } from './config/values.ts';
import { OwnSignal } from './http/deadline.ts';
import { ProxyError } from './http/errors.ts';
import type { Signal } from './http/types.ts';
import { endedInTime } from './http/until-aborted.ts';
import { answerFetch, type FetchEnv } from './pipeline/answer.ts';
import { fixedTokens } from './pipeline/fixed-tokens.ts';
import { makeEnv as composeEnv } from './pipeline/make-env.ts';
import { fetchTransport } from './web/fetch-transport.ts';
import { readRequest } from './web/request.ts';
import { makeResponse } from './web/response.ts';
import { dropsRequests } from './web/runtime.ts';

export { OptionsError, type ProxyOptions } from './config/option-types.ts';
export { ProxyError } from './http/errors.ts';
export { linesOf } from './http/headers.ts';
export type * from './public-types.ts';
export { fetchTransport } from './web/fetch-transport.ts';

/** A proxy made from options. */
export interface Proxy extends AsyncDisposable {
  /** Answers one request. It never rejects: a failure becomes a response. */
  fetch(request: Request): Promise<Response>;
  /**
   * Ends the requests that are running, their responses included, and the token source's work in the background, so that
   * the process can exit. Later requests get 503.
   */
  close(): Promise<void>;
}

/** A proxy as `handle` takes it. What is in it may change with any version. */
export type ProxyEnv = FetchEnv;

/**
 * Makes what `handle` needs. `createProxy` is the two together.
 *
 * @throws OptionsError that names every wrong option
 * @example
 * const { SENTRY_TOKEN = '', ALIAS_TOKEN = '' } = process.env;
 * const env = makeEnv({
 *   sentryUri: 'https://sentry.example.com',
 *   token: SENTRY_TOKEN,
 *   aliasTokens: [ALIAS_TOKEN],
 * });
 * export default { fetch: (request: Request) => handle(request, env) };
 */
export const makeEnv = (options: ProxyOptions): ProxyEnv => envOf(validOptions(options));

/**
 * Answers one request: refuses it, or forwards it to Sentry with or without the token. It never rejects: a failure
 * becomes a response.
 *
 * @param env as `makeEnv` makes it; one for all requests of a proxy
 * @example
 * const response = await handle(new Request('https://proxy.example.com/api/0/organizations/'), env);
 */
export function handle(request: Request, env: ProxyEnv): Promise<Response> {
  void env.authenticator.refresh?.();
  return answerFetch(request, env);
}

/**
 * Makes a proxy for any runtime that has `Request`, `Response` and `fetch`.
 *
 * @throws OptionsError that names every wrong option
 * @example
 * const { SENTRY_TOKEN = '', ALIAS_TOKEN = '' } = process.env;
 * const proxy = createProxy({
 *   sentryUri: 'https://sentry.example.com',
 *   token: SENTRY_TOKEN,
 *   aliasTokens: [ALIAS_TOKEN],
 * });
 * export const GET = proxy.fetch;
 */
export function createProxy(options: ProxyOptions): Proxy {
  const config = validOptions(options);
  const closing = new OwnSignal();
  const env = envOf(config, closing);
  const close = async (): Promise<void> => {
    closing.abort(new ProxyError('proxy_closed'));
    await env.destination.tokens.close();
  };
  return { fetch: (request) => handle(request, env), close, [Symbol.asyncDispose]: close };
}

function validOptions(options: ProxyOptions): ProxyConfig {
  const problems: Problem[] = [];
  const config = readOptions(options, problems);
  if (problems.length > 0) throw new OptionsError(problems);
  return config;
}

function envOf(config: ProxyConfig, closing?: Signal): ProxyEnv {
  const { token, transport, writeTimeout, basePath, onRequest } = config;
  // A body that heeds no signal must not keep a place forever. Without a time limit, no time is long enough.
  const lease = writeTimeout === 0 ? undefined : writeTimeout;
  const env = composeEnv(config, {
    tokens: fixedTokens(config, token),
    fetch: transport === undefined ? fetchTransport() : endedInTime(transport),
    respond: makeResponse,
    lease,
    closing,
    // A lookup ends with the request that caused it, and another request that waited for it would wait forever.
    sharesLookups: !dropsRequests,
  });
  return { ...env, writeTimeout, basePath, onRequest, closing, receive: readRequest };
}
