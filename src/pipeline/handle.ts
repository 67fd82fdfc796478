import type { Authentication, Principal } from '../auth/types.ts';
import { reservationUntilEnd } from '../bodies/free-at-end.ts';
import { type Delivery, NO_BODY, outgoingBody } from '../bodies/request-body.ts';
import type { Authorized } from '../enforce/types.ts';
import { asProxyError, ProxyError } from '../http/errors.ts';
import { GATEWAY_RESPONSE_FIELDS } from '../http/header-tables.ts';
import { cleanRequest, cleanResponse, DROPPED_FROM_REQUESTS, withEdits } from '../http/headers.ts';
import { newContext, type RequestContext } from '../http/request-context.ts';
import { REQUEST_ID, requestIdOf, traceIdOf, viaOf } from '../http/request-id.ts';
import { isForRelays, targetOf, upstreamUrl } from '../http/target-url.ts';
import type { Fields, IncomingRequest, Reply, ResponseStage } from '../http/types.ts';
import { type Replay, renewOnce } from '../tokens/renew-once.ts';
import type { TokenChoice } from '../tokens/token-choice.ts';
import { isRenewable, type TokenSource } from '../tokens/token-source.ts';
import type { Env } from './env.ts';
import { errorMessage, ownMessage } from './error-response.ts';
import { refuseForeignPages } from './guards.ts';
import { askForAll, rewritingOf, urlRewriting } from './rewrite-urls.ts';

/** They would show the injected token (RFC 9110 section 9.3.8) or leave HTTP (section 9.3.6). */
const METHODS_NOT_FORWARDED = /^(?:TRACE|TRACK|CONNECT)$/i;

/**
 * The proxy: takes a request, sends it to Sentry with or without the token, and returns the client's response.
 * Never rejects: a failure becomes a response of the error table.
 *
 * @param trace filled in on the way
 */
export async function handle<R>(
  request: IncomingRequest,
  env: Env<R>,
  trace: RequestContext = newContext(),
): Promise<R> {
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
export function answerError<R>(
  error: ProxyError,
  fields: Fields,
  env: Pick<Env<R>, 'respond'>,
  trace: RequestContext,
): R {
  if (trace.id === '') trace.id = requestIdOf(fields);
  trace.error = error.name;
  // The reasons against an observed request stay true if the request fails.
  const noted = trace.observed === undefined ? undefined : trace.cause;
  if (error.message !== '') trace.cause = noted === undefined ? error.message : `${noted}; ${error.message}`;
  const { body, init } = errorMessage(error, fields.get('accept'), trace.id);
  return env.respond(body, init);
}

async function forward<R>(request: IncomingRequest, env: Env<R>, trace: RequestContext): Promise<R> {
  const via = viaOf(request.headers);
  if (METHODS_NOT_FORWARDED.test(request.method)) throw new ProxyError('method_not_allowed');

  // Most answers are there at once, and a turn of the queue costs more than the question.
  const found = env.authenticator.authenticate(request.headers);
  const authentication = found instanceof Promise ? await found : found;
  admit(authentication, request.headers, env, trace);
  const { kind } = authentication;
  const principal = authentication.kind === 'inject' ? authentication.principal : undefined;
  const decided =
    principal?.client === undefined ? everything(request, kind) : env.authorize(principal.client, request, trace);
  const authorized = decided instanceof Promise ? await decided : decided;
  if (authorized.ownJson !== undefined) return respondWith(authorized.ownJson, request, env, trace);
  const { destination } = env;
  const url = upstreamUrl(authorized.target, destination.upstream);

  const isInjected = principal !== undefined;
  if (!isInjected && isForRelays(url, destination.upstream)) throw new ProxyError('relay_refused');
  const source = principal && chooseToken(principal, request.method, authorized.target, destination.tokens, trace);
  const held = source?.get();
  const token = typeof held === 'string' ? held : await held;
  if (isInjected && token === undefined) throw new ProxyError('no_token');

  const rewriting = isInjected && destination.urls ? rewritingOf(request, destination.urls) : undefined;

  const delivery: Delivery = {
    isInjected,
    ...framingOf(request.headers),
    mayReplay: source !== undefined && isRenewable(source),
    signal: request.signal,
  };
  const outgoing = authorized.body === null ? NO_BODY : await outgoingBody(authorized.body, delivery, env.bodies);

  const send = (bearer: string | undefined, to: string) => {
    const added: [string, string][] = [via, [REQUEST_ID, trace.id]];
    // Sentry trusts addresses of its own network, such as this proxy's, and no client may borrow that trust.
    if (!isInjected && request.peer !== undefined) added.push(['X-Forwarded-For', request.peer]);
    if (bearer !== undefined) added.push(['Authorization', `Bearer ${bearer}`]);
    if (outgoing.length !== undefined) added.push(['Content-Length', String(outgoing.length)]);
    let headers = cleanRequest(request.headers, authorized.dropped, added);
    if (rewriting !== undefined) headers = askForAll(headers, rewriting);
    trace.attempts++;
    return destination.fetch(to, { method: request.method, headers, body: outgoing.body, signal: request.signal });
  };

  const replay: Replay = {
    isPossible: () => outgoing.canReplay && !request.signal.aborted,
    failed: (error) => {
      trace.warning = `the token source did not renew the token (${error instanceof Error ? error.name : 'unknown'})`;
    },
  };
  const sendTo = (to: string, bearer: string | undefined) =>
    source !== undefined && bearer !== undefined && delivery.mayReplay
      ? renewOnce((current) => send(current, to), source, bearer, replay)
      : send(bearer, to);

  const stages: ResponseStage[] = [];
  if (destination.hasUpstreamHeaders) stages.push(withoutGatewaySession);
  const { filter } = authorized;
  if (filter !== undefined) {
    // The token may have been renewed for the first page.
    const nextPage = async (target: string) => sendTo(upstreamUrl(target, destination.upstream), await source?.get());
    stages.push((reply) => filter(reply, nextPage));
  }
  if (rewriting !== undefined) {
    // A filter has already counted what it read.
    const isCounted = filter !== undefined;
    const openReservation = isCounted ? undefined : () => reservationUntilEnd(env.bodies.budget, request, trace);
    stages.push(urlRewriting(rewriting, trace, request.signal, openReservation));
  }

  try {
    const response = await sendTo(url, token);
    let reply: Reply = { response, headers: cleanResponse(response.headers, kind, [[REQUEST_ID, trace.id]]) };
    for (const stage of stages) reply = await stage(reply);
    const { status, statusText, body } = reply.response;
    return env.respond(body, { status, statusText, headers: reply.headers });
  } finally {
    outgoing.release();
  }
}

/** Responds with JSON of the proxy's own. */
async function respondWith<R>(json: string, request: IncomingRequest, env: Env<R>, trace: RequestContext): Promise<R> {
  await request.body?.cancel();
  const { body, init } = ownMessage(json, trace.id);
  return env.respond(body, init);
}

/** A gateway's session is the operator's, not the client's. */
const withoutGatewaySession: ResponseStage = ({ response, headers }) => ({
  response,
  headers: withEdits(headers, GATEWAY_RESPONSE_FIELDS, []),
});

/**
 * Lets a request pass, or refuses its sender.
 * @throws ProxyError `client_unknown`, `identity_refused`, `keys_unavailable`, `host_refused` or `browser_refused`
 */
function admit<R>(
  authentication: Authentication,
  headers: Fields,
  env: Env<R>,
  trace: RequestContext,
): asserts authentication is Exclude<Authentication, { kind: 'reject' | 'refuse' }> {
  noteSender(authentication, trace);
  refuseForeignPages(headers, authentication, env.allowedHosts);
  if (authentication.kind === 'reject') {
    trace.refusal = 'unknown';
    throw new ProxyError('client_unknown');
  }
  if (authentication.kind === 'refuse') throw authentication.error;
  trace.route = authentication.kind;
  if (authentication.kind === 'inject') trace.client = authentication.principal.name;
}

/** Notes which token was sent, also one that counts for nothing any more. */
function noteSender(authentication: Authentication, trace: RequestContext): void {
  if (authentication.kind === 'inject') {
    const { fingerprint, credential, issuer, subject } = authentication.principal;
    if (fingerprint !== undefined) trace.clientToken = fingerprint;
    if (credential !== undefined) trace.credential = credential;
    if (issuer !== undefined) trace.issuer = issuer;
    if (subject !== undefined) trace.subject = subject;
  } else if (authentication.kind === 'refuse') {
    const { issuer, refusal, cause } = authentication;
    trace.issuer = issuer;
    if (refusal !== undefined) trace.refusal = refusal;
    if (cause !== undefined) trace.cause = cause;
  } else if (authentication.revoked !== undefined) {
    trace.revoked = authentication.revoked.client;
    trace.clientToken = authentication.revoked.fingerprint;
  }
}

/** The source of the token for a request. The replay after a 401 has the same one. */
function chooseToken(
  { client }: Principal,
  method: string,
  target: string,
  tokens: TokenChoice,
  trace: RequestContext,
): TokenSource {
  const { name, source } = tokens.choose(method, target, client?.sentryToken);
  if (name !== undefined) trace.token = name;
  return source;
}

function framingOf(fields: Fields): Pick<Delivery, 'length' | 'isChunked'> {
  const length = fields.get('content-length');
  return length === null
    ? { length: undefined, isChunked: fields.get('transfer-encoding') !== null }
    : { length: Number(length), isChunked: false };
}

/** For requests without a named client: no limits and no edits. */
const everything = ({ url, body }: IncomingRequest, kind: 'inject' | 'bypass'): Authorized => ({
  target: targetOf(url),
  dropped: DROPPED_FROM_REQUESTS[kind],
  body,
});
