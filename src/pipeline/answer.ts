import { ReportingBody } from '../bodies/reporting-body.ts';
import { callBack } from '../call-back.ts';
import { Deadline } from '../http/deadline.ts';
import { asProxyError, type ErrorName, ProxyError } from '../http/errors.ts';
import type { RequestContext, RequestRecord } from '../http/request-context.ts';
import { newContext } from '../http/request-context.ts';
import type { Body, IncomingRequest, ResponseInit, Signal } from '../http/types.ts';
import { refuseAmbiguous } from '../web/strict.ts';
import type { Env } from './env.ts';
import { answerError, handle } from './handle.ts';

/** A proxy that is served below a path and within a time limit, and that reports its requests. */
export interface ServedEnv<R> extends Env<R> {
  /** Milliseconds from a request's arrival to the end of its response; 0: no limit. */
  readonly writeTimeout: number;
  /** The path at which the proxy is mounted, without a trailing slash. It is removed from each path. */
  readonly basePath: string;
  /** Called when a response has ended. */
  readonly onRequest: ((record: RequestRecord) => void) | undefined;
  /** Ends the requests that are running, and refuses later ones. Undefined: the proxy is never closed. */
  readonly closing?: Signal | undefined;
}

/** A proxy from `Request` to `Response`. */
export interface FetchEnv extends ServedEnv<Response> {
  /**
   * Reads a request for the handler.
   * @throws ProxyError if the request can't be read
   */
  receive(request: Request): IncomingRequest;
}

/** Answers a `Request`. Never rejects. */
export function answerFetch(request: Request, env: FetchEnv, trace: RequestContext = newContext()): Promise<Response> {
  const receive = () => {
    const received = env.receive(request);
    refuseAmbiguous(received);
    return received;
  };
  return answer(env, request, receive, trace);
}

/**
 * Answers one request: below the base path, within the time limit, and with a record at its end. Never rejects.
 * @param shown what an error response and the record need even if the request can't be received
 * @param receive reads the request, and throws a ProxyError if that fails
 */
export async function answer<R>(
  env: ServedEnv<R>,
  shown: Shown,
  receive: () => IncomingRequest,
  trace: RequestContext = newContext(),
): Promise<R> {
  const begun = performance.now();
  let received: IncomingRequest;
  try {
    if (env.closing?.aborted) throw env.closing.reason;
    received = withoutBasePath(receive(), env.basePath);
  } catch (thrown) {
    return answerError(asProxyError(thrown), shown.headers, watching(env, shown, trace, begun), trace);
  }
  const signals = env.closing === undefined ? [received.signal] : [received.signal, env.closing];
  const signal = new Deadline(signals, env.writeTimeout);
  return handle({ ...received, signal }, watching(env, shown, trace, begun, signal), trace);
}

type Shown = Pick<IncomingRequest, 'method' | 'url' | 'headers'>;

function withoutBasePath(request: IncomingRequest, basePath: string): IncomingRequest {
  if (basePath === '') return request;
  const { url } = request;
  const pathStart = url.indexOf('/', url.indexOf('://') + 3);
  const rest = url.slice(pathStart + basePath.length);
  const isBelow = url.startsWith(basePath, pathStart) && /^(?:[/?]|$)/.test(rest);
  if (!isBelow) throw new ProxyError('not_found');
  return { ...request, url: url.slice(0, pathStart) + (rest.startsWith('/') ? rest : `/${rest}`) };
}

/**
 * Makes responses that report their end to `onRequest` and to the client's limits.
 * @param signal ends a response that is neither read nor cancelled; undefined where the proxy itself answers
 */
function watching<R>(
  env: ServedEnv<R>,
  { method, url }: Shown,
  trace: RequestContext,
  begun: number,
  signal?: Signal,
): ServedEnv<R> {
  const { onRequest } = env;
  // A response that the runtime refuses is followed by another, and the request still ends once.
  let hasEnded = false;
  return {
    ...env,
    respond(body: Body | string | null, init: ResponseInit) {
      const isWatched = onRequest !== undefined || trace.release !== undefined;
      if (!isWatched) return env.respond(body, init);
      const ended = (error?: ProxyError) => {
        if (hasEnded) return;
        hasEnded = true;
        if (error !== undefined) note(error, trace);
        trace.release?.();
        if (onRequest !== undefined) callBack('onRequest', onRequest, recordOf(trace, method, url, init.status, begun));
      };
      const isStreamed = body !== null && typeof body !== 'string' && signal !== undefined;
      if (isStreamed) return env.respond(new ReportingBody(body, signal, ended), init);
      ended();
      return env.respond(body, init);
    },
  };
}

/** Entries that the handler made itself take precedence. */
function note({ name, message }: ProxyError, trace: RequestContext): void {
  trace.error ??= name;
  if (message !== '') trace.cause ??= message;
}

const recordOf = (
  trace: RequestContext,
  method: string,
  url: string,
  status: number,
  begun: number,
): RequestRecord => ({
  id: trace.id,
  method,
  path: PATH.exec(url)?.[1] ?? '/',
  route: trace.route,
  status,
  attempts: trace.attempts,
  duration: performance.now() - begun,
  ...(trace.client !== undefined && { client: trace.client }),
  ...(trace.clientToken !== undefined && { clientToken: trace.clientToken }),
  ...(trace.credential !== undefined && { credential: trace.credential }),
  ...(trace.issuer !== undefined && { issuer: trace.issuer }),
  ...(trace.subject !== undefined && { subject: trace.subject }),
  ...(trace.token !== undefined && { token: trace.token }),
  ...(trace.refusal !== undefined && { refusal: trace.refusal }),
  ...(trace.observed !== undefined && { observed: trace.observed }),
  // Only the program's server also notes slow clients here, under a name that ErrorName lacks.
  ...(trace.error !== undefined && { error: trace.error as ErrorName }),
  ...(trace.cause !== undefined && { cause: trace.cause }),
  ...(trace.warning !== undefined && { warning: trace.warning }),
});

/** Without the query, which may hold private data. */
const PATH = /^[^:]*:\/\/[^/?#]*([^?#]+)/;
