import { reservationUntilEnd } from '../bodies/free-at-end.ts';
import type { Reservation } from '../bodies/types.ts';
import { ProxyError } from '../http/errors.ts';
import { pathOf } from '../http/grammar.ts';
import { CONDITIONS } from '../http/header-tables.ts';
import { DROPPED_FROM_REQUESTS } from '../http/headers.ts';
import type { RequestContext } from '../http/request-context.ts';
import { targetOf } from '../http/target-url.ts';
import type { IncomingRequest } from '../http/types.ts';
import { type Client, isExpired } from '../policy/client.ts';
import { decide } from '../policy/decide.ts';
import type { Allowed, Conditional, Refused } from '../policy/decision.ts';
import type { Reason } from '../policy/reasons.ts';
import { nameOfRequest } from '../policy/sentry/endpoint-table.ts';
import { CheckedBody } from './checked-body.ts';
import { resolveConditions } from './conditions.ts';
import { withoutPaging } from './list-pages.ts';
import { noteNarrowed, noteProjects, observe } from './observe.ts';
import { acquirePlace, type OverLimit, overLimitText } from './place.ts';
import { droppedFields, fieldRefusal, hasBody } from './request-fields.ts';
import { filterStage, isFilteredList } from './response-filter.ts';
import type { Authorized, AuthorizerMeans } from './types.ts';

/**
 * Decides whether a named client may send a request, and counts it against the client's limits until `trace.release`.
 * A client in observe mode gets everything; the trace notes what would have been refused.
 * @returns a promise only if there is something to wait for
 * @throws ProxyError if the request is refused
 */
export function authorize(
  client: Client,
  request: IncomingRequest,
  trace: RequestContext,
  means: AuthorizerMeans,
): Authorized | Promise<Authorized> {
  const target = targetOf(request.url);
  if (client.mode === 'observe' && !isExpired(client, Date.now()))
    return observe(client, request, target, trace, means);

  const decision = decide(client, request.method, target, Date.now());
  if (decision.kind === 'refuse') throw refusal(decision, request, trace);
  const field = fieldRefusal(client, request, decision);
  if (field !== undefined) throw refusal(field, request, trace);
  const asked: Asked = { client, request, target, trace, means };
  const isUnlimited = client.rate === undefined && client.concurrency === undefined;
  return isUnlimited ? carriedOut(decision, asked) : withinLimits(decision, asked);
}

/** A request of a named client. */
interface Asked {
  readonly client: Client;
  readonly request: IncomingRequest;
  /** Path and query, as they came. */
  readonly target: string;
  readonly trace: RequestContext;
  readonly means: AuthorizerMeans;
}

async function withinLimits(decision: Allowed | Conditional, asked: Asked): Promise<Authorized> {
  const { client, request, trace, means } = asked;
  const inLine = means.lines.acquire(client.name, client, request.signal);
  const over = await acquirePlace(client, request, trace, inLine);
  if (over !== undefined) throw limited(client, over, request, trace);
  return carriedOut(decision, asked);
}

function carriedOut(decision: Allowed | Conditional, asked: Asked): Authorized | Promise<Authorized> {
  const { request, target, trace, means } = asked;
  const openReservation = () => reservationUntilEnd(means.budget, request, trace);
  if (decision.kind === 'conditional') return settled(decision, asked, openReservation);
  if (decision.query !== undefined) noteNarrowed(target, decision.query, trace);
  return authorizedBy(decision, request, target, request.body, openReservation);
}

/** Finds out what the decision depends on. */
async function settled(
  decision: Conditional,
  { client, request, target, trace, means }: Asked,
  openReservation: () => Reservation,
): Promise<Authorized> {
  const body = new CheckedBody(request, openReservation);
  const lookups = means.lookupsOf(client.name, request.signal);
  const outcome = await resolveConditions(decision, lookups, body.read, noteProjects(trace));
  if (body.isOverBudget) throw new ProxyError('uploads_full');
  if (outcome.kind === 'refuse') throw refusal(outcome, request, trace);
  return authorizedBy(outcome, request, target, outcome.body ?? request.body, openReservation);
}

/** The refusal of a client that is over its rate or concurrency. */
function limited(client: Client, over: OverLimit, request: IncomingRequest, trace: RequestContext): ProxyError {
  trace.refusal = over.reason;
  trace.asked = nameOfRequest(request.method, targetOf(request.url));
  return new ProxyError('client_limited', overLimitText(client, over), [
    ['Retry-After', String(over.retryAfterSeconds)],
  ]);
}

function refusal(
  { error, reason, detail, scope }: Refused,
  request: IncomingRequest,
  trace: RequestContext,
): ProxyError {
  trace.refusal = reason satisfies Reason;
  trace.asked = nameOfRequest(request.method, targetOf(request.url));
  // RFC 6750 section 3.1.
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
  return new ProxyError(error, detail, scope === undefined ? [] : [['WWW-Authenticate', challenge]]);
}

function authorizedBy(
  { query, response, ownJson }: Allowed,
  request: IncomingRequest,
  target: string,
  body: Authorized['body'],
  openReservation: () => Reservation,
): Authorized {
  const dropped = hasBody(request) ? DROPPED.withBody : DROPPED.withoutBody;
  const allowed = query === undefined ? target : `${pathOf(target)}?${query}`;
  const own = ownJson === undefined ? {} : { ownJson };
  if (response === undefined) return { target: allowed, dropped: dropped.always, body, ...own };
  const sent = isFilteredList(response) ? withoutPaging(allowed) : allowed;
  const filter = filterStage(response, sent, request.signal, openReservation);
  return { target: sent, dropped: dropped.beforeEditing, body, filter };
}

const DROPPED = { withBody: droppedSets(true), withoutBody: droppedSets(false) };

function droppedSets(hasBody: boolean) {
  const always = new Set([...DROPPED_FROM_REQUESTS.inject, ...droppedFields(hasBody)]);
  return { always, beforeEditing: new Set([...always, ...CONDITIONS]) };
}
