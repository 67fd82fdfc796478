import type { LookedUp } from '../../../src/enforce/lookups/sentry-api.ts';
import { pathOf, queryOf } from '../../../src/http/grammar.ts';
import type { KeysFetched } from '../../../src/identity/keys/issuer-keys.ts';
import type { Finished } from '../../http1/server/owner.ts';
import { isHealthcheck } from '../ops/healthcheck-request.ts';
import type { Log } from './log.ts';

/** Writes the line of a request that is over. */
export function logRequest(log: Log, request: Finished): void {
  const { method, target, status, duration, trace } = request;
  const level = trace.warning !== undefined ? 'warn' : isHealthcheck(request) ? 'debug' : 'info';
  log(level, 'request', {
    method,
    path: loggedTarget(target),
    route: trace.route,
    client: trace.client ?? trace.revoked,
    client_token: trace.clientToken,
    credential: trace.credential,
    issuer: trace.issuer,
    subject: trace.subject,
    token: trace.token,
    remote: request.remote,
    status,
    attempts: trace.attempts,
    duration_ms: Math.round(duration * 10) / 10,
    id: trace.id,
    trace_id: trace.traceId,
    error: trace.error,
    cause: trace.cause,
    warning: trace.warning,
    revoked: trace.revoked === undefined ? undefined : true,
    refusal: trace.refusal,
    observed: trace.observed,
    projects: trace.projects && listed([...trace.projects]),
  });
}

/** Projects that one line names; `suggest` takes a longer list for none. */
const MAX_PROJECTS = 20;

function listed(projects: readonly string[]): string {
  const more = projects.length - MAX_PROJECTS;
  return projects.slice(0, MAX_PROJECTS).join(',') + (more > 0 ? ` and ${more} more` : '');
}

/** Writes the line of a question that the proxy itself asked Sentry, to decide on a client's request. */
export function logLookup(log: Log, { path, status, result, duration, id }: LookedUp): void {
  log(result === 'failed' ? 'warn' : 'info', 'look_up', {
    path,
    status,
    result,
    duration_ms: Math.round(duration * 10) / 10,
    id,
  });
}

/** Writes a line for a fetch of an issuer's keys that changed something, or that failed. */
export function logKeys(log: Log, { issuer, result, keys, fault, warnings }: KeysFetched): void {
  if (result === 'same') return;
  const isDoubtful = result === 'failed' || warnings.length > 0;
  log(isDoubtful ? 'warn' : 'info', 'keys', {
    issuer,
    result,
    keys,
    error: fault,
    warning: warnings.length === 0 ? undefined : warnings.join('; '),
  });
}

/** A request target for the log: the keys of its query are kept, the values are not. */
function loggedTarget(target: string): string {
  const query = queryOf(target);
  if (query === undefined) return target;
  const keys = query
    .split('&')
    // A key without a value may be a secret: a token pasted after the question mark.
    .map((pair) => (pair.includes('=') ? pair.slice(0, pair.indexOf('=')) : pair && '-'));
  return `${pathOf(target)}?${keys.join('&')}`;
}
