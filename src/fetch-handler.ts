import { Deadline } from './deadline.ts';
import { asProxyError, ProxyError } from './errors.ts';
import { answerError, handle } from './handle.ts';
import { refuseAmbiguous } from './strict.ts';
import type { Body, Env, IncomingRequest, RequestRecord, ResponseInit, Trace } from './types.ts';
import { newTrace } from './types.ts';

/** What a proxy needs that is a function from `Request` to `Response`. */
export interface FetchEnv extends Env<Response> {
  /**
   * What the handler reads of a request.
   * @throws ProxyError if the request can't be read
   */
  receive(request: Request): IncomingRequest;
  /** Milliseconds from a request's arrival to the end of its response; 0: no limit. */
  readonly writeTimeout: number;
  /** The path at which the proxy is mounted, without a slash at its end; it is taken off. */
  readonly basePath: string;
  /** Called when a response has ended. */
  readonly onRequest: ((record: RequestRecord) => void) | undefined;
}

/**
 * The proxy as a `fetch` handler; it never rejects.
 * @param answered called as soon as there is a response, whose body may still be under way
 */
export function makeFetchHandler(
  env: FetchEnv,
  answered: (trace: Trace) => void = () => {},
): (request: Request) => Promise<Response> {
  return async (request) => {
    const begun = performance.now();
    const trace = newTrace();
    const recorded = watching(env, request, trace, begun);
    let received: IncomingRequest;
    try {
      received = withoutBasePath(env.receive(request), env.basePath);
      refuseAmbiguous(received);
    } catch (thrown) {
      return answerError(asProxyError(thrown), request.headers, recorded, trace);
    }
    const signal = new Deadline(received.signal, env.writeTimeout);
    const response = await handle({ ...received, signal }, recorded, trace);
    answered(trace);
    return response;
  };
}

function withoutBasePath(request: IncomingRequest, basePath: string): IncomingRequest {
  if (basePath === '') return request;
  const { url } = request;
  const pathStart = url.indexOf('/', url.indexOf('://') + 3);
  const rest = url.slice(pathStart + basePath.length);
  const isBelow = url.startsWith(basePath, pathStart) && /^(?:[/?]|$)/.test(rest);
  if (!isBelow) throw new ProxyError('not_found');
  return { ...request, url: url.slice(0, pathStart) + (rest.startsWith('/') ? rest : `/${rest}`) };
}

/** Makes responses whose end is noticed: by `onRequest`, and by the limits of the client. */
function watching(env: FetchEnv, { method, url }: Request, trace: Trace, begun: number): FetchEnv {
  const { onRequest } = env;
  return {
    ...env,
    respond(body: Body | string | null, init: ResponseInit) {
      const isWatched = onRequest !== undefined || trace.release !== undefined;
      if (!isWatched) return env.respond(body, init);
      const ended = () => {
        trace.release?.();
        if (onRequest !== undefined) report(onRequest, recordOf(trace, method, url, init.status, begun));
      };
      if (body !== null && typeof body !== 'string') return env.respond(new WatchedBody(body, trace, ended), init);
      ended();
      return env.respond(body, init);
    },
  };
}

const recordOf = (trace: Trace, method: string, url: string, status: number, begun: number): RequestRecord => ({
  id: trace.id,
  method,
  path: new URL(url).pathname,
  route: trace.route,
  status,
  attempts: trace.attempts,
  duration: performance.now() - begun,
  ...(trace.client !== undefined && { client: trace.client }),
  ...(trace.refusal !== undefined && { refusal: trace.refusal }),
  ...(trace.observed !== undefined && { observed: trace.observed }),
  ...(trace.error !== undefined && { error: trace.error }),
  ...(trace.cause !== undefined && { cause: trace.cause }),
  ...(trace.warning !== undefined && { warning: trace.warning }),
});

/** What the callback throws is its own affair, and no reason to break a response. */
function report(onRequest: (record: RequestRecord) => void, record: RequestRecord): void {
  try {
    onRequest(record);
  } catch (error) {
    console.error('sentry-api-proxy: onRequest threw', error);
  }
}

/** A body that says when it has ended, in whatever way. */
class WatchedBody implements Body {
  readonly #body: Body;
  readonly #trace: Trace;
  #ended: (() => void) | undefined;

  constructor(body: Body, trace: Trace, ended: () => void) {
    this.#body = body;
    this.#trace = trace;
    this.#ended = ended;
  }

  getReader() {
    const reader = this.#body.getReader();
    return {
      read: async () => {
        try {
          const result = await reader.read();
          if (result.done) this.#end();
          return result;
        } catch (thrown) {
          this.#end(asProxyError(thrown));
          throw thrown;
        }
      },
      releaseLock: () => reader.releaseLock(),
    };
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#end(new ProxyError('client_gone'));
    await this.#body.cancel(reason);
  }

  #end(error?: ProxyError): void {
    if (error !== undefined) {
      this.#trace.error ??= error.name;
      if (error.message !== '') this.#trace.cause ??= error.message;
    }
    this.#ended?.();
    this.#ended = undefined;
  }
}
