import { reservationUntilEnd } from '../bodies/free-at-end.ts';
import { DROPPED_FROM_REQUESTS } from '../http/headers.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { IncomingRequest } from '../http/types.ts';
import type { Client } from '../policy/client.ts';
import { decideInFull } from '../policy/decide.ts';
import type { Condition, Decision, Refused } from '../policy/decision.ts';
import { parseQuery, projectsOf } from '../policy/query.ts';
import { organizationIn } from '../policy/resource.ts';
import { nameOfRequest } from '../policy/sentry/endpoint-table.ts';
import { isProjectValue } from '../policy/sentry/parameters.ts';
import { parseTarget } from '../policy/sentry/target.ts';
import { CheckedBody } from './checked-body.ts';
import { type ReadBody, resolveConditions, type Seen } from './conditions.ts';
import type { Lookups } from './lookups/types.ts';
import { acquirePlace, overLimitText } from './place.ts';
import { fieldRefusal } from './request-fields.ts';
import type { Authorized, AuthorizerMeans } from './types.ts';
import { MAX_WAITING } from './waiting-lines.ts';

/** Records every reason against a request at once, so that a client's rights can be corrected in one step. */
export async function observe(
  client: Client,
  request: IncomingRequest,
  target: string,
  trace: RequestContext,
  means: AuthorizerMeans,
): Promise<Authorized> {
  const body = new CheckedBody(request, () => reservationUntilEnd(means.budget, request, trace));
  const { refusals, decision } = decideInFull(client, request.method, target, Date.now());
  const field = fieldRefusal(client, request, decision);
  const objections: Objection[] = field === undefined ? [...refusals] : [...refusals, field];
  let isWithinLimits = true;
  if (objections.length === 0) {
    // It waits for nothing, but is not refused either while there is room to wait.
    const { name, rate, concurrency } = client;
    const withLine = concurrency === undefined ? undefined : concurrency + MAX_WAITING;
    const over = await acquirePlace(
      client,
      request,
      trace,
      means.limits.acquire(name, { rate, concurrency: withLine }),
    );
    isWithinLimits = over === undefined;
    if (over !== undefined) objections.push({ reason: over.reason, detail: overLimitText(client, over) });
  }
  // A client that is over its limits does not cause lookups either.
  if (isWithinLimits) objections.push(...(await found(client, request, target, decision, { body, trace, means })));
  if (objections[0] !== undefined) {
    trace.observed = objections[0].reason;
    trace.cause = textOf(client, objections);
    trace.asked = nameOfRequest(request.method, target);
  }
  return { target, dropped: DROPPED_FROM_REQUESTS.inject, body: body.rest() };
}

/** A reason against a request. */
type Objection = Pick<Refused, 'detail'> & { readonly reason: string };

/** Problems of an observed request that only lookups and the body show. */
async function found(
  client: Client,
  { method, signal }: IncomingRequest,
  target: string,
  decision: Decision,
  { body, trace, means }: { body: CheckedBody; trace: RequestContext; means: AuthorizerMeans },
): Promise<readonly Refused[]> {
  const lookups = means.lookupsOf(client.name, signal);
  const seen = noteProjects(trace);
  const refusals: Refused[] = [];
  if (decision.kind === 'conditional') {
    for (const condition of decision.conditions) {
      const settled = await resolveConditions({ ...decision, conditions: [condition] }, lookups, body.read, seen);
      // Without room for the body nothing is known of it.
      if (settled.kind === 'refuse' && !body.isOverBudget) refusals.push(settled);
    }
  } else if (decision.kind === 'allow' && decision.query !== undefined) noteNarrowed(target, decision.query, trace);
  if (client.boundary.kind !== 'projects') await survey(client, method, target, { lookups, readBody: body.read, seen });
  return refusals;
}

/** The client is named once. */
function textOf({ name }: Client, objections: readonly Objection[]): string {
  const [first, ...others] = [...new Set(objections.map(({ detail }) => detail))];
  return [first, ...others.map((detail) => detail.replace(`client ${name} `, ''))].join('; ');
}

/** Notes the projects that a request turns out to be about. */
export const noteProjects =
  (trace: RequestContext): Seen =>
  (org, { slug, id }) => {
    trace.projects ??= new Set();
    trace.projects.add(`${org}/${slug ?? id}`);
  };

/** Notes the projects of a query that was narrowed without a lookup. */
export function noteNarrowed(target: string, query: string, trace: RequestContext): void {
  const parsed = parseTarget(target);
  const org = typeof parsed === 'string' ? undefined : organizationIn(parsed);
  const pairs = parseQuery(query);
  if (org === undefined || typeof pairs === 'string') return;
  for (const { kind, value } of projectsOf(pairs)) noteProjects(trace)(org, { [kind]: value });
}

/**
 * Finds out which projects a request of an observed client is about, although the client is not limited to projects:
 * then the log shows which ones would do. What cannot be found out is left open.
 * @param target path and query, byte for byte
 */
async function survey(
  client: Client,
  method: string,
  target: string,
  { lookups, readBody, seen }: { readonly lookups: Lookups; readonly readBody: ReadBody; readonly seen: Seen },
): Promise<void> {
  const parsed = parseTarget(target);
  const org = typeof parsed === 'string' ? undefined : organizationIn(parsed);
  if (typeof parsed === 'string' || org === undefined) return;
  const pairs = parseQuery(parsed.query);
  const selected = typeof pairs === 'string' ? [] : projectsOf(pairs);
  for (const { kind, value } of selected) if (isProjectValue(value)) seen(org, { [kind]: value });

  // With no project to match, every thing that it names has to be looked up.
  const held: Client = { ...client, boundary: { kind: 'projects', projects: new Map([[org, []]]) } };
  // Whether the client has the right to it does not matter.
  const { decision } = decideInFull(held, method, target, 0);
  if (decision.kind !== 'conditional') return;
  const conditions = decision.conditions.flatMap((condition): Condition[] => {
    if (condition.kind === 'lookup') return [condition];
    if (condition.kind !== 'body') return [];
    const namesProjects = [...condition.limits.keys.values()].some(({ kind }) => kind === 'projects');
    const isWorthReading = condition.required !== undefined || namesProjects;
    // Here only fields that name projects matter.
    return isWorthReading ? [{ ...condition, limits: { ...condition.limits, only: undefined } }] : [];
  });
  await resolveConditions({ ...decision, conditions }, lookups, readBody, seen);
}
