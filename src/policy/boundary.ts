import { type Client, projectRef } from './client.ts';
import { type Allowed, type Decision, refuse } from './decision.ts';
import { isIndex, isOrganizationList } from './known-paths.ts';
import { withFilter, withinProjects } from './project-limits.ts';
import { limitByPlace, organizationIn } from './resource.ts';
import { askedText, endpointOf, type Walk } from './sentry/endpoint-table.ts';
import { isNumber } from './sentry/parameters.ts';
import type { Target } from './sentry/target.ts';

/** Holds what was granted within the client's organizations, then within its projects. */
export function withinReach(client: Client, method: string, target: Target, route: Walk, allowed: Allowed): Decision {
  const { reach } = client;
  if (reach.kind === 'all' || isIndex(method, route)) return allowed;
  const asked = askedText(method, route);

  if (isOrganizationList(method, route)) {
    const names = reach.kind === 'organizations' ? reach.organizations : reach.projects.keys();
    return withFilter(allowed, [...names].map(projectRef));
  }

  const org = organizationIn(target);
  if (org === undefined) {
    return refuse(client, 'organization', legacyIssues(target) ?? `is limited, and ${asked} names no organization`);
  }
  if (reach.kind === 'organizations') {
    return reach.organizations.has(org)
      ? allowed
      : refuse(client, 'organization', outOfReach(org, [...reach.organizations]));
  }
  const projects = reach.projects.get(org);
  if (projects === undefined) return refuse(client, 'organization', outOfReach(org, [...reach.projects.keys()]));
  const endpoint = endpointOf(route, method);
  const question = { client, asked, org, projects, target, endpoint };
  return withinProjects(question, endpoint?.projects ?? limitByPlace(target), allowed);
}

function outOfReach(org: string, known: readonly string[]): string {
  const isOtherSpelling = known.some((name) => isNumber(name) !== isNumber(org));
  const hint = isOtherSpelling ? '; it has to be written as the clients file has it, by slug or by id' : '';
  return `may not reach this organization${hint}`;
}

const legacyIssues = (target: Target): string | undefined =>
  target.names[0] === 'issues'
    ? 'is limited, and this path names no organization: use /api/0/organizations/{org}/issues/ instead of /api/0/issues/'
    : undefined;
