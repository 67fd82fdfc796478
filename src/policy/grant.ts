import type { Client } from './client.ts';
import { type Allowed, type Refused, type ResponseRule, refuse } from './decision.ts';
import { isIndex, isRead, PROJECT_DETAILS } from './known-paths.ts';
import { allows, denies, endsInRest, type Rule } from './rules.ts';
import { askedText, type Endpoint, endpointOf, type Walk } from './sentry/endpoint-table.ts';
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
  const mustBeNamed = endpoint !== undefined && needsNaming(endpoint, method, route);

  let by: string | undefined;
  if (isIndex(method, route)) by = 'any client';
  else if (scope !== undefined && !mustBeNamed) by = scope;
  else if (allowRule !== undefined) by = `allow[${client.allow.indexOf(allowRule)}]`;

  if (by === undefined) {
    if (endpoint === undefined) {
      return refuse(client, 'no_rule', `needs an allow rule for ${asked}: no scope gives it`);
    }
    if (mustBeNamed) {
      return refuse(
        client,
        'secret',
        `needs an allow rule that names ${asked}: no scope gives it, since it gives secrets`,
      );
    }
    return refuse(client, 'scope', lacking(endpoint, asked));
  }
  const response = scrubbing(method, route, allowRule);
  return { kind: 'allow', by, template: route.template, ...(response && { response }) };
}

const lacking = ({ anyOf }: Endpoint, asked: string): string =>
  anyOf.length === 0
    ? `needs an allow rule for ${asked}: no scope gives it`
    : `needs ${anyOf.length === 1 ? 'the scope' : 'one of the scopes'} ${anyOf.join(', ')} for ${asked}`;

function scopeFor(client: Client, { anyOf }: Endpoint): string | undefined {
  const held = anyOf.find((scope) => client.scopes.has(scope));
  return held ?? (client.hasAllScopes ? '*' : undefined);
}

const needsNaming = ({ isSecret }: Endpoint, method: string, route: Walk): boolean =>
  (isSecret && !isProjectDetails(method, route)) || route.isGuarded;

const isProjectDetails = (method: string, { template }: Walk): boolean =>
  isRead(method) && template === PROJECT_DETAILS;

/** Answers with a project in them that may have its secrets: the methods, by path. */
const WITH_PROJECT_SECRETS: ReadonlyMap<string, readonly string[]> = new Map([
  [PROJECT_DETAILS, ['GET', 'PUT']],
  ['/api/0/projects/{org}/{project}/teams/{team}/', ['POST', 'DELETE']],
  ['/api/0/teams/{org}/{team}/projects/', ['POST']],
  ['/api/0/organizations/{org}/projects/', ['POST']],
]);

/** Let a caller fetch artifacts from the project's own servers. */
const PROJECT_SECRETS = ['securityToken', 'securityTokenHeader'] as const;

/** Only a rule ending in `**` gives these secrets too: whoever names the path alone wants to read a project. */
function scrubbing(method: string, { template }: Walk, rule: Rule | undefined): ResponseRule | undefined {
  const holdsSecrets = template !== undefined && WITH_PROJECT_SECRETS.get(template)?.includes(method) === true;
  const isGivenAll = rule !== undefined && endsInRest(rule);
  return holdsSecrets && !isGivenAll ? { without: PROJECT_SECRETS } : undefined;
}
