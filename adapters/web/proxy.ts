import { AliasTokens } from '../../src/clients.ts';
import type { Problem } from '../../src/config.ts';
import { errorMessage } from '../../src/error-response.ts';
import { asProxyError, ERRORS, type ErrorName, ProxyError } from '../../src/errors.ts';
import { handle } from '../../src/handle.ts';
import { requestIdOf } from '../../src/request-id.ts';
import { makeUpstream } from '../../src/target-url.ts';
import { staticToken } from '../../src/token.ts';
import { type Env, type Fields, type IncomingRequest, newTrace } from '../../src/types.ts';
import { readEdgeConfig, type Settings } from './config.ts';
import { refuseAmbiguous } from './strict.ts';

/** The two ends of the handler, as a runtime has them. */
export interface Ends extends Pick<Env<Response>, 'fetch' | 'respond'> {
  /** What the handler reads of a request. */
  receive(request: Request): IncomingRequest;
}

/** Bytes; the Node adapter's default. */
const REPLAY_LIMIT = 1024 * 1024;

/**
 * The proxy as a `fetch` handler: with a static token, and closed until it is configured.
 * @param endsFor makes the ends for Sentry's origin
 */
export function makeProxy(
  settings: Settings,
  endsFor: (origin: string) => Ends,
): (request: Request) => Promise<Response> {
  const problems: Problem[] = [];
  const config = readEdgeConfig(settings, problems);
  const upstream = makeUpstream(config.sentryUri);
  const ends = endsFor(upstream.origin);
  const refuse = ({ headers }: { headers: Fields }, error: ProxyError): Response => {
    const { body, init } = errorMessage(error, headers.get('accept'), requestIdOf(headers));
    return ends.respond(body, init);
  };

  if (problems.length > 0) {
    const explanation = problems.map(({ variable, text }) => `${variable} ${text}`).join('; ');
    const error = new ProxyError('not_configured', explanation);
    log(error.name, explanation, undefined);
    return async (request) => refuse(request, error);
  }

  const env: Env<Response> = {
    upstream,
    token: staticToken(config.token),
    aliases: new AliasTokens(config.aliasTokens),
    allowedHosts: new Set(config.allowedHosts),
    replayLimit: REPLAY_LIMIT,
    // workerd drops a request whose client has left without running any more of it, so what it kept is never counted off.
    replayLimitOfAll: Number.POSITIVE_INFINITY,
    fetch: ends.fetch,
    respond: ends.respond,
  };
  return async (request) => {
    const received = ends.receive(request);
    try {
      refuseAmbiguous(received);
    } catch (thrown) {
      return refuse(received, asProxyError(thrown));
    }
    const trace = newTrace();
    const response = await handle(received, env, trace);
    if (trace.error !== undefined) log(trace.error as ErrorName, trace.cause, trace.id);
    return response;
  };
}

/** What is not the client's fault; its own faults a client is told. */
function log(error: ErrorName, cause: string | undefined, id: string | undefined): void {
  if (ERRORS[error].status >= 500) console.error(JSON.stringify({ level: 'warn', event: 'error', error, cause, id }));
}
