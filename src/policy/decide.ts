import { withinBoundary } from './boundary.ts';
import { type Client, isExpired } from './client.ts';
import { type Decision, type Refused, refuse } from './decision.ts';
import { grant } from './grant.ts';
import type { Reason } from './reasons.ts';
import type { Rule } from './rules.ts';
import { METHODS } from './sentry/endpoint.ts';
import { matchRoute } from './sentry/endpoint-table.ts';
import { parseTarget } from './sentry/target.ts';

/**
 * Decides on a named client's request: the scopes and `allow` grant it, except for `deny`; then the organization and
 * the projects limit it. Pure: it sends no request.
 *
 * @param method as the request has it
 * @param target the raw path and query, byte for byte
 * @param now milliseconds since 1970
 * @example
 * let decision = decide(client, 'GET', '/api/0/organizations/acme/issues/', Date.now());
 * if (decision.kind === 'conditional') decision = await resolveConditions(decision, lookups, readBody);
 */
export function decide(client: Client, method: string, target: string, now: number): Decision {
  if (isExpired(client, now)) return refuse(client, 'expired', 'has expired');
  if (!METHODS.includes(method)) return refuse(client, 'method', `may only use ${METHODS.join(', ')}, in capitals`);
  const parsed = parseTarget(target);
  if (typeof parsed === 'string') return refuse(client, 'target', `sent a target that is not accepted: ${parsed}`);
  const route = matchRoute(parsed);
  if (route.hasEncodedLiteral) return refuse(client, 'target', 'must not percent-encode API names in the path');
  if (route.hasInvalidId) return refuse(client, 'target', INVALID_ID);

  const granted = grant(client, method, parsed, route);
  return granted.kind === 'refuse' ? granted : withinBoundary(client, method, parsed, route, granted);
}

const INVALID_ID =
  'named an invalid organization, project, team, issue or id, or added something to a path whose rest Sentry ignores';

/**
 * All reasons against a request at once: what `decide` refuses it for, what it would refuse it for if the client had
 * that right, and so on.
 * @returns with it the decision once no rights are lacking any more
 */
export function decideInFull(
  client: Client,
  method: string,
  target: string,
  now: number,
): { readonly refusals: readonly Refused[]; readonly decision: Decision } {
  const refusals: Refused[] = [];
  const mended = new Set<Reason>();
  let asked = client;
  for (;;) {
    const decision = decide(asked, method, target, now);
    if (decision.kind !== 'refuse') return { refusals, decision };
    const { reason } = decision;
    const mend = MENDS[reason];
    if (!mended.has(reason)) refusals.push(decision);
    if (mend === undefined || mended.has(reason)) return { refusals, decision };
    mended.add(reason);
    asked = mend(asked);
  }
}

const ALL: Rule = { text: '* /**', method: '*', pieces: [{ kind: 'rest' }] };

/** For each right that may be lacking: the client with that right. */
const MENDS: Partial<Record<Reason, (client: Client) => Client>> = {
  deny_rule: (client) => ({ ...client, deny: [] }),
  scope: (client) => ({ ...client, hasAllScopes: true, allow: [...client.allow, ALL] }),
  no_rule: (client) => ({ ...client, allow: [...client.allow, ALL] }),
  secret: (client) => ({ ...client, allow: [...client.allow, ALL] }),
};
