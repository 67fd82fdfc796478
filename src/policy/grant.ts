import type { Client } from './client.ts';
import { type Allowed, type Refused, type ResponseFilter, refuse } from './decision.ts';
import { isIndex, isRegions } from './known-paths.ts';
import { allows, coversMethod, denies, endsInRest, isSpelledOut, type Rule, ruleTextFor } from './rules.ts';
import type { Endpoint, RuleReason } from './sentry/endpoint.ts';
import { askedText, endpointOf, matchRoute, type RouteMatch } from './sentry/endpoint-table.ts';
import type { Target } from './sentry/target.ts';

/** The grant of a client, before its organizations and projects are considered. */
export interface Granted {
  readonly kind: 'granted';
  readonly allowed: Allowed;
  /** Whether an `allow` rule spells the path out, or ends in `**`. */
  readonly isByRule: boolean;
  /** Whether an `allow` rule spells out path and method: the operator decided on this very request. */
  readonly isDecided: boolean;
  /** The rule that would grant the request. */
  readonly rule: string;
}

/** Everything that a client's scopes and `allow` grant, minus `deny`. */
export function grant(client: Client, method: string, target: Target, route: RouteMatch): Granted | Refused {
  const asked = askedText(method, route);
  const denial = client.deny.findIndex((rule) => denies(rule, method, target, route));
  if (denial !== -1) {
    return { ...refuse(client, 'deny_rule', `has a deny rule for ${asked}`), deniedBy: `deny[${denial}]` };
  }

  const endpoint = endpointOf(route, method);
  const rules = client.allow.filter((rule) => allows(rule, method, target, route));
  const scope = endpoint && scopeFor(client, endpoint);
  const mustBeNamed = endpoint !== undefined && (endpoint.needsRule !== undefined || route.needsExplicitAllow);

  let grantedBy: string | undefined;
  if (isIndex(method, route) || isRegions(method, target)) grantedBy = 'any client';
  else if (scope !== undefined && !mustBeNamed) grantedBy = scope;
  else if (rules[0] !== undefined) grantedBy = `allow[${client.allow.indexOf(rules[0])}]`;

  const rule = ruleTextFor(method, target, route);
  if (grantedBy === undefined) return lacking(client, method, target, route, rule);
  const response = filterOf(endpoint, rules);
  return {
    kind: 'granted',
    allowed: { kind: 'allow', grantedBy, template: route.template, ...(response && { response }) },
    isByRule: rules.some((one) => isSpelledOut(one) || endsInRest(one)),
    isDecided: rules.some((one) => isSpelledOut(one) && one.method !== '*' && coversMethod(one, method)),
    rule,
  };
}

function lacking(client: Client, method: string, target: Target, route: RouteMatch, rule: string): Refused {
  const { needsExplicitAllow } = route;
  const endpoint = endpointOf(route, method);
  const needed = `needs an allow rule: "${rule}"`;
  const withSlash = endpoint === undefined ? templateWithSlash(method, target) : undefined;
  if (withSlash !== undefined)
    return refuse(client, 'no_rule', `must end the path with a slash: "${method} ${withSlash}"`);
  if (endpoint === undefined) return refuse(client, 'no_rule', needed);
  const why = endpoint.needsRule ?? (needsExplicitAllow ? 'secret' : undefined);
  if (why !== undefined)
    return refuse(client, why === 'secret' ? 'secret' : 'no_rule', `${needed}; no scope grants it, ${WHY[why]}`);
  const { scopes } = endpoint;
  if (scopes.length === 0) return refuse(client, 'scope', `${needed}; no scope grants it`);
  const needs = `needs ${scopes.length === 1 ? 'the scope' : 'one of the scopes'} ${scopes.join(', ')}`;
  return { ...refuse(client, 'scope', `${needs} for ${askedText(method, route)}`), scope: scopes[0]! };
}

/** The path that Sentry has, if the request lacks only its last slash. */
function templateWithSlash(method: string, target: Target): string | undefined {
  if (target.segments.at(-1)?.text === '') return undefined;
  const segments = [...target.segments, { raw: '', text: '', isPlain: true }];
  const route = matchRoute({ ...target, segments });
  return endpointOf(route, method) === undefined ? undefined : route.template;
}

const WHY: Readonly<Record<RuleReason, string>> = {
  secret: 'because its response contains secrets',
  unproven: "because its effects have not been checked in Sentry's source",
  'beyond scopes': 'because it does more than a scope implies',
};

function scopeFor(client: Client, { scopes }: Endpoint): string | undefined {
  const held = scopes.find((scope) => client.scopes.has(scope));
  return held ?? (client.hasAllScopes ? '*' : undefined);
}

/**
 * A rule that ends in `**` grants the removed keys too: a rule that names the path alone is for the rest of the
 * response.
 */
function filterOf(endpoint: Endpoint | undefined, rules: readonly Rule[]): ResponseFilter | undefined {
  const removeKeys = endpoint?.removed;
  return removeKeys === undefined || rules.some(endsInRest) ? undefined : { removeKeys };
}
