import type { Problem } from './config/configuration.ts';
import { OptionsError, type ProxyOptions, readOptions } from './config/options.ts';
import { type FetchEnv, makeFetchHandler } from './pipeline/answer.ts';
import { libraryEnv } from './pipeline/make-env.ts';
import { fetchTransport } from './web/fetch-transport.ts';
import { readRequest } from './web/request.ts';
import { makeResponse } from './web/response.ts';

export { OptionsError, type ProxyOptions } from './config/options.ts';
export { type ErrorName, ProxyError } from './http/errors.ts';
export { linesOf } from './http/headers.ts';
export type * from './public-types.ts';
export { fetchTransport } from './web/fetch-transport.ts';

/** A proxy made from options. */
export interface Proxy extends AsyncDisposable {
  /** Answers one request. It never rejects: a failure becomes a response. */
  fetch(request: Request): Promise<Response>;
  /** Ends the token source's work in the background, so that the process can exit. */
  close(): Promise<void>;
}

/**
 * Makes a proxy for any runtime that has `Request`, `Response` and `fetch`.
 *
 * @throws OptionsError that names every wrong option
 * @example
 * const proxy = createProxy({
 *   sentryUri: 'https://sentry.example.com',
 *   token: process.env.SENTRY_TOKEN,
 *   aliasTokens: [process.env.ALIAS_TOKEN],
 * });
 * export const GET = proxy.fetch;
 */
export function createProxy(options: ProxyOptions): Proxy {
  const problems: Problem[] = [];
  const config = readOptions(options, problems);
  if (problems.length > 0) throw new OptionsError(problems);
  const ends = { token: config.token, fetch: config.transport ?? fetchTransport(), respond: makeResponse };
  const shared = libraryEnv(config, ends);
  const env: FetchEnv = { ...shared, receive: readRequest };
  const close = async (): Promise<void> => config.token.close?.();
  return { fetch: makeFetchHandler(env), close, [Symbol.asyncDispose]: close };
}
