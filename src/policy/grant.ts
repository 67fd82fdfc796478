import type { Client } from './client.ts';
import { type Allowed, type Refused, type ResponseRule, refuse } from './decision.ts';
import { isIndex } from './known-paths.ts';
import { allows, denies, endsInRest, type Rule } from './rules.ts';
import type { Endpoint, RuleReason } from './sentry/endpoint.ts';
import { askedText, endpointOf, type Walk } from './sentry/endpoint-table.ts';
import type { Target } from './sentry/target.ts';

/** What a client's scopes and `allow` give, less `deny`; no limit is looked at. */
export function grant(client: Client, method: string, target: Target, route: Walk): Allowed | Refused {
  const asked = askedText(method, route);
  const denial = client.deny.findIndex((rule) => denies(rule, method, target, route));
  if (denial !== -1) {
    return { ...refuse(client, 'deny_rule', `has a deny rule for ${asked}`), by: `deny[${denial}]` };
  }

  const endpoint = endpointOf(route, method);
  const allowRule = client.allow.find((rule) => allows(rule, method, target, route));
  const scope = endpoint && scopeFor(client, endpoint);
  const mustBeNamed = endpoint !== undefined && needsNaming(endpoint, route);

  let by: string | undefined;
  if (isIndex(method, route)) by = 'any client';
  else if (scope !== undefined && !mustBeNamed) by = scope;
  else if (allowRule !== undefined) by = `allow[${client.allow.indexOf(allowRule)}]`;

  if (by === undefined) {
    if (endpoint === undefined) {
      return refuse(client, 'no_rule', `needs an allow rule for ${asked}: no scope gives it`);
    }
    if (mustBeNamed) {
      const why = route.isGuarded ? 'secret' : endpoint.needsRule!;
      const reason = why === 'secret' ? 'secret' : 'no_rule';
      return refuse(client, reason, `needs an allow rule that names ${asked}: no scope grants it, ${WHY[why]}`);
    }
    return refuse(client, 'scope', lacking(endpoint, asked));
  }
  const response = filterOf(endpoint, allowRule);
  return { kind: 'allow', by, template: route.template, ...(response && { response }) };
}

const lacking = ({ scopes }: Endpoint, asked: string): string =>
  scopes.length === 0
    ? `needs an allow rule for ${asked}: no scope gives it`
    : `needs ${scopes.length === 1 ? 'the scope' : 'one of the scopes'} ${scopes.join(', ')} for ${asked}`;

function scopeFor(client: Client, { scopes }: Endpoint): string | undefined {
  const held = scopes.find((scope) => client.scopes.has(scope));
  return held ?? (client.hasAllScopes ? '*' : undefined);
}

const needsNaming = ({ needsRule }: Endpoint, route: Walk): boolean => needsRule !== undefined || route.isGuarded;

const WHY: Readonly<Record<RuleReason, string>> = {
  secret: 'because its response contains secrets',
  unproven: "because what it grants has not been read in Sentry's source",
  'beyond scopes': 'because it does more than a scope says',
};

/** A rule that ends in `**` grants the removed keys too: a rule that names the path alone is for the rest of the response. */
function filterOf(endpoint: Endpoint | undefined, rule: Rule | undefined): ResponseRule | undefined {
  const without = endpoint?.removed;
  const isGivenAll = rule !== undefined && endsInRest(rule);
  return without !== undefined && !isGivenAll ? { without } : undefined;
}
