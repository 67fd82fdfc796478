import { shareUntilEnd } from '../bodies/free-at-end.ts';
import { type Delivery, type OutgoingBody, outgoingBody } from '../bodies/request-body.ts';
import { asProxyError, ProxyError } from '../http/errors.ts';
import { GATEWAY_RESPONSE_FIELDS } from '../http/header-tables.ts';
import { cleanRequest, cleanResponse, DROPPED_FROM_REQUESTS, withEdits } from '../http/headers.ts';
import { REQUEST_ID, requestIdOf } from '../http/request-id.ts';
import { targetOf, upstreamUrl } from '../http/target-url.ts';
import { traceIdOf } from '../http/trace-context.ts';
import type {
  Admission,
  Env,
  Fields,
  IncomingRequest,
  Route,
  Signal,
  TokenSource,
  Trace,
  UpstreamResponse,
} from '../http/types.ts';
import { newTrace } from '../http/types.ts';
import { refuseLoop, VIA } from '../http/via.ts';
import { errorMessage } from './error-response.ts';
import { refuseForeignPages } from './guards.ts';
import { askForAll, keepInside, visitOf } from './rewrite-urls.ts';

/** They would show the injected token (RFC 9110 section 9.3.8) or leave HTTP (section 9.3.6). */
const METHODS_NOT_FORWARDED = /^(?:TRACE|TRACK|CONNECT)$/i;

/**
 * The proxy: takes a request, sends it to Sentry with or without the token, and returns the client's response.
 * Never rejects: a failure becomes a response of the error table.
 *
 * @param trace filled in on the way
 */
export async function handle<R>(request: IncomingRequest, env: Env<R>, trace: Trace = newTrace()): Promise<R> {
  trace.id = requestIdOf(request.headers);
  const traceId = traceIdOf(request.headers);
  if (traceId !== undefined) trace.traceId = traceId;
  try {
    return await forward(request, env, trace);
  } catch (thrown) {
    return answerError(asProxyError(thrown), request.headers, env, trace);
  }
}

/** Answers a request with an error. A request that never reached the handler gets its id here. */
export function answerError<R>(error: ProxyError, fields: Fields, env: Pick<Env<R>, 'respond'>, trace: Trace): R {
  if (trace.id === '') trace.id = requestIdOf(fields);
  trace.error = error.name;
  if (error.message !== '') trace.cause = error.message;
  const { body, init } = errorMessage(error, fields.get('accept'), trace.id);
  return env.respond(body, init);
}

async function forward<R>(request: IncomingRequest, env: Env<R>, trace: Trace): Promise<R> {
  refuseLoop(request.headers);
  if (METHODS_NOT_FORWARDED.test(request.method)) throw new ProxyError('method_not_allowed');

  const route = await identify(request, env, trace);
  const principal = route.kind === 'inject' ? route.principal : undefined;
  const admission =
    principal?.admit === undefined ? everything(request, route.kind) : await principal.admit(request, trace);
  const url = upstreamUrl(admission.target, env.upstream);

  const isInjected = principal !== undefined;
  const token = isInjected ? await env.token.get() : undefined;
  if (isInjected && token === undefined) throw new ProxyError('no_token');

  const visit = isInjected && env.inside ? visitOf(request.method, request.url, env.inside) : undefined;

  const delivery: Delivery = {
    isInjected,
    framing: framingOf(request.headers),
    mayReplay: isInjected && env.token.isRenewable,
    signal: request.signal,
  };
  const outgoing = await outgoingBody(admission.body, delivery, env.bodies);

  const send = (bearer: string | undefined) => {
    const added: [string, string][] = [VIA, [REQUEST_ID, trace.id]];
    if (bearer !== undefined) added.push(['Authorization', `Bearer ${bearer}`]);
    if (outgoing.length !== undefined) added.push(['Content-Length', String(outgoing.length)]);
    let headers = cleanRequest(request.headers, admission.dropped, added);
    if (visit !== undefined) headers = askForAll(headers, visit);
    trace.attempts++;
    return env.fetch(url, { method: request.method, headers, body: outgoing.body, signal: request.signal });
  };

  try {
    let response = await sendAndRenew(send, token, outgoing, request.signal, env.token);
    let headers = cleanResponse(response.headers, route.kind, [[REQUEST_ID, trace.id]]);
    if (env.hasGateway) headers = withEdits(headers, GATEWAY_RESPONSE_FIELDS, []);
    if (admission.edit !== undefined) ({ response, headers } = await admission.edit(response, headers));
    const { status, statusText, body } = response;
    if (visit === undefined) return env.respond(body, { status, statusText, headers });
    const openShare = () => shareUntilEnd(env.bodies.budget, request, trace);
    const kept = await keepInside(response, headers, visit, admission.edit === undefined ? openShare : undefined);
    if (kept.warning !== undefined) trace.warning = kept.warning;
    return env.respond(kept.body, { status, statusText, headers: kept.headers });
  } finally {
    outgoing.release();
  }
}

/**
 * Finds out who sent a request.
 * @throws ProxyError `client_unknown`, `host_refused` or `browser_refused`
 */
async function identify<R>(
  { headers }: IncomingRequest,
  env: Env<R>,
  trace: Trace,
): Promise<Exclude<Route, { kind: 'reject' }>> {
  const route = await env.principals.identify(headers);
  refuseForeignPages(headers, route, env.allowedHosts);
  if (route.kind === 'reject') {
    trace.refusal = 'unknown';
    throw new ProxyError('client_unknown');
  }
  trace.route = route.kind;
  if (route.kind === 'inject') trace.client = route.principal.name;
  return route;
}

/** Sends a request with the token; if Sentry refuses that, once more with a renewed one, as long as the body is kept. */
async function sendAndRenew(
  send: (bearer: string | undefined) => Promise<UpstreamResponse>,
  token: string | undefined,
  outgoing: OutgoingBody,
  signal: Signal,
  source: TokenSource,
): Promise<UpstreamResponse> {
  const response = await send(token);
  const isTokenRefused = response.status === 401 && source.isRenewable && token !== undefined;
  if (!isTokenRefused) return response;
  const renewed = await source.renew(token);
  const isWorthAnotherTry = renewed !== undefined && outgoing.canReplay() && !signal.aborted;
  if (!isWorthAnotherTry) return response;
  await response.body?.cancel();
  return send(renewed);
}

function framingOf(fields: Fields): Delivery['framing'] {
  if (fields.get('content-length') !== null) return 'length';
  return fields.get('transfer-encoding') === null ? 'unknown' : 'chunked';
}

/** For requests without a named client: no limits and no edits. */
const everything = ({ url, body }: IncomingRequest, kind: 'inject' | 'bypass'): Admission => ({
  target: targetOf(url),
  dropped: DROPPED_FROM_REQUESTS[kind],
  body,
});
