import { freeAtEnd, shareUntilEnd } from '../bodies/free-at-end.ts';
import { readBounded } from '../bodies/read-bounded.ts';
import type { Budget, Share } from '../bodies/types.ts';
import { ProxyError } from '../http/errors.ts';
import { CONDITIONS } from '../http/header-tables.ts';
import { DROPPED_FROM_REQUESTS } from '../http/headers.ts';
import type { RequestContext } from '../http/request-context.ts';
import { targetOf } from '../http/target-url.ts';
import type { Body, IncomingRequest, Signal } from '../http/types.ts';
import { type Client, isExpired } from '../policy/client.ts';
import { decide } from '../policy/decide.ts';
import type { Allowed, Decision, Refused } from '../policy/decision.ts';
import type { Reason } from '../policy/reasons.ts';
import { resolveConditions } from './conditions.ts';
import { withoutPaging } from './list-pages.ts';
import type { LimitStore } from './local-limits.ts';
import type { LookUps } from './lookups.ts';
import { checkFields, droppedFields } from './request-fields.ts';
import { filterStage, isFilteredList } from './response-filter.ts';
import type { Authorized } from './types.ts';

/** What a decision about a named client's request needs. Each proxy has its own. */
export interface AuthorizerMeans {
  readonly limits: LimitStore;
  /** The look-ups that a request of a client may cause, by the client's name. Those that wait end with the request. */
  lookUpsOf(name: string, signal: Signal): LookUps;
  /** For bodies that are read for a check or an edit. */
  readonly budget: Budget;
}

/**
 * Decides whether a named client may send a request, and counts it against the client's limits until `trace.release`.
 * A client in observe mode gets everything; the trace notes what would have been refused.
 * @throws ProxyError if the request is refused
 */
export async function authorize(
  client: Client,
  request: IncomingRequest,
  trace: RequestContext,
  means: AuthorizerMeans,
): Promise<Authorized> {
  const target = targetOf(request.url);
  if (client.mode === 'observe' && !isExpired(client, Date.now()))
    return observe(client, request, target, trace, means);

  const decision = check(client, request, target);
  if (decision.kind === 'refuse') throw refusal(decision, trace);
  await takePlace(client, request, trace, means.limits);
  const openShare = () => shareUntilEnd(means.budget, request, trace);
  if (decision.kind === 'allow') return authorizedBy(decision, request, target, request.body, openShare);

  const body = new CheckedBody(request, openShare);
  const settled = await resolveConditions(decision, means.lookUpsOf(client.name, request.signal), body.read);
  if (body.isOverBudget) throw new ProxyError('uploads_full');
  if (settled.kind === 'refuse') throw refusal(settled, trace);
  return authorizedBy(settled, request, target, settled.body ?? request.body, openShare);
}

/** The part of the decision that needs no look-ups: by target and by fields. */
function check(client: Client, request: IncomingRequest, target: string): Decision {
  const decision = decide(client, request.method, target, Date.now());
  // Fields say how a body is read: where there is none, there is nothing to check.
  if (decision.kind === 'refuse' || !hasBody(request)) return decision;
  const isBodyChecked = decision.kind === 'conditional' && decision.conditions.some(({ kind }) => kind === 'body');
  const { method } = request;
  const described = {
    method,
    contentTypes: linesNamed('content-type', request),
    contentEncoding: linesNamed('content-encoding', request)[0] ?? null,
    isBodyChecked,
  };
  return checkFields(client, described) ?? decision;
}

async function observe(
  client: Client,
  request: IncomingRequest,
  target: string,
  trace: RequestContext,
  means: AuthorizerMeans,
): Promise<Authorized> {
  const body = new CheckedBody(request, () => shareUntilEnd(means.budget, request, trace));
  const decision = check(client, request, target);
  if (decision.kind === 'refuse') trace.observed = decision.reason;
  else {
    const taken = await means.limits.take(client.name, client);
    if (taken.ok) hold(client, request, trace, taken.release);
    else trace.observed = taken.over;
    // A client that is over its limits does not make the proxy ask Sentry either.
    if (taken.ok && decision.kind === 'conditional') {
      const settled = await resolveConditions(decision, means.lookUpsOf(client.name, request.signal), body.read);
      // Without room for the body nothing is known of it.
      if (settled.kind === 'refuse' && !body.isOverBudget) trace.observed = settled.reason;
    }
  }
  return { target, dropped: DROPPED_FROM_REQUESTS.inject, body: body.rest() };
}

async function takePlace(
  client: Client,
  request: IncomingRequest,
  trace: RequestContext,
  limits: LimitStore,
): Promise<void> {
  const taken = await limits.take(client.name, client);
  if (taken.ok) {
    hold(client, request, trace, taken.release);
    return;
  }
  trace.refusal = taken.over;
  const bound = taken.over === 'rate' ? 'has used up its rate' : 'has as many requests under way as it may';
  throw new ProxyError('client_limited', `client ${client.name} ${bound}`, [
    ['Retry-After', String(taken.retryAfterSeconds)],
  ]);
}

function hold(client: Client, request: IncomingRequest, trace: RequestContext, release: () => void): void {
  // A rate has nothing to free.
  if (client.concurrency !== undefined) freeAtEnd(request, trace, release);
}

function refusal({ error, reason, detail, scope }: Refused, trace: RequestContext): ProxyError {
  trace.refusal = reason satisfies Reason;
  // RFC 6750 section 3.1.
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
  return new ProxyError(error, detail, scope === undefined ? [] : [['WWW-Authenticate', challenge]]);
}

function authorizedBy(
  { query, response, ownJson }: Allowed,
  request: IncomingRequest,
  target: string,
  body: Authorized['body'],
  openShare: () => Share,
): Authorized {
  const queryStart = target.indexOf('?');
  const path = queryStart === -1 ? target : target.slice(0, queryStart);
  const dropped = hasBody(request) ? DROPPED.withBody : DROPPED.withoutBody;
  const allowed = query === undefined ? target : `${path}?${query}`;
  const own = ownJson === undefined ? {} : { ownJson };
  if (response === undefined) return { target: allowed, dropped: dropped.always, body, ...own };
  const sent = isFilteredList(response) ? withoutPaging(allowed) : allowed;
  const filter = filterStage(response, sent, request.signal, openShare);
  return { target: sent, dropped: dropped.beforeEditing, body, filter };
}

const DROPPED = { withBody: droppedSets(true), withoutBody: droppedSets(false) };

function droppedSets(hasBody: boolean) {
  const always = new Set([...DROPPED_FROM_REQUESTS.inject, ...droppedFields(hasBody)]);
  return { always, beforeEditing: new Set([...always, ...CONDITIONS]) };
}

/** The request's body, which a check may have read up to its limit. */
class CheckedBody {
  readonly #signal: Signal;
  readonly #openShare: () => Share;
  #body: Body | null;
  #share: Share | undefined;
  /** There was no room for it beside those of other requests. */
  isOverBudget = false;

  constructor({ body, signal }: IncomingRequest, openShare: () => Share) {
    this.#body = body;
    this.#signal = signal;
    this.#openShare = openShare;
  }

  readonly read = async (limit: number): Promise<Uint8Array | undefined> => {
    if (this.#body === null) return new Uint8Array(0);
    this.#share = this.#openShare();
    const reading = { share: this.#share, signal: this.#signal };
    const { bytes, body, isOverShare } = await readBounded(this.#body, limit, reading);
    this.#body = body;
    this.isOverBudget = isOverShare;
    return bytes;
  };

  /** The whole body, including what was already read, which whoever reads it counts. */
  rest(): Body | null {
    this.#share?.close();
    return this.#body;
  }
}

/** As in the field tables, an underscore counts as a dash: WSGI joins both spellings. */
function linesNamed(name: string, { headers }: IncomingRequest): string[] {
  const lines: string[] = [];
  for (const [own, value] of headers) if (own.toLowerCase().replaceAll('_', '-') === name) lines.push(value);
  return lines;
}

function hasBody({ headers, body }: IncomingRequest): boolean {
  const length = headers.get('content-length');
  return length === null ? body !== null || headers.get('transfer-encoding') !== null : length !== '0';
}
