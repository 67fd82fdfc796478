import { readClients } from '../../../src/clients/clients-file.ts';
import type { Client } from '../../../src/policy/client.ts';
import { decide } from '../../../src/policy/decide.ts';
import type { Decision } from '../../../src/policy/decision.ts';
import { allows } from '../../../src/policy/rules.ts';
import { endpointOf, matchRoute } from '../../../src/policy/sentry/endpoint-table.ts';
import { parseTarget } from '../../../src/policy/sentry/target.ts';
import type { KnownClient } from './known-clients.ts';
import { leastScopes } from './least-scopes.ts';
import type { Sample } from './needs.ts';

/** The boundary of a client; empty `orgs` are for the operator to fill in. */
type ProposedReach = { readonly orgs: readonly string[] } | { readonly projects: readonly string[] };

/** The rights that are proposed for one client, and how they fit its requests. */
export interface Proposal {
  readonly scopes: readonly string[];
  readonly allow: readonly string[];
  /** Whether some of the requests need an allow rule. */
  readonly needsRules: boolean;
  readonly reach: ProposedReach;
  /** Requests that keep the client from being limited to projects; empty if it is limited, or if no project is known. */
  readonly unlimitable: readonly Sample[];
  /** The others, where some are unlimitable. */
  readonly limitable: readonly Sample[];
  /** Requests that the proposal does not cover, each with the reason. */
  readonly uncovered: readonly { readonly sample: Sample; readonly why: string }[];
}

/**
 * Proposes the least rights for the requests of one client. A rule is a path of the table, or one that the operator
 * wrote before: nothing that the client wrote into a path becomes a rule.
 */
export function propose(samples: readonly Sample[], known: KnownClient | undefined): Proposal {
  const scopes = leastScopes(samples.map(scopesFor).filter((anyOf) => anyOf.length > 0));
  const allow = [...new Set(samples.flatMap((sample) => ruleFor(sample, known?.client) ?? []))].sort();
  const rights: Rights = { scopes, allow: scopes.length + allow.length === 0 ? [INDEX] : allow };
  const needsRules = allow.length > 0;

  const orgs = [...new Set(samples.flatMap(({ organization }) => organization ?? []))].sort();
  const withinOrgs = clientOf({ ...rights, orgs: orgs.length === 0 ? ['not-known-yet'] : orgs })!;
  const uncovered = samples.flatMap((sample) => {
    const decision = decisionOf(withinOrgs, sample);
    return decision.kind === 'refuse' ? [{ sample, why: whyNot(sample, decision.detail, withinOrgs) }] : [];
  });
  const covered = samples.filter((sample) => decisionOf(withinOrgs, sample).kind !== 'refuse');

  const projects = [...new Set(covered.flatMap((sample) => [...(sample.projects ?? [])]))].sort();
  const withinProjects = projects.length === 0 ? undefined : clientOf({ ...rights, projects });
  const unlimitable = covered.filter((sample) => !isLimitable(sample, withinProjects));
  if (unlimitable.length === 0 && withinProjects !== undefined) {
    return { ...rights, needsRules, reach: { projects }, unlimitable, limitable: [], uncovered };
  }
  const held = heldProjects(known, rights, covered);
  if (held !== undefined)
    return { ...rights, needsRules, reach: { projects: held }, unlimitable: [], limitable: [], uncovered };
  if (withinProjects === undefined)
    return { ...rights, needsRules, reach: { orgs }, unlimitable: [], limitable: [], uncovered };
  const limitable = covered.filter((sample) => !unlimitable.includes(sample));
  return { ...rights, needsRules, reach: { orgs }, unlimitable, limitable, uncovered };
}

/** Every client has this already; an entry has to have some right. */
const INDEX = 'GET /api/0/';

interface Rights {
  readonly scopes: readonly string[];
  readonly allow: readonly string[];
}

/** Its expiry does not matter here. */
const decisionOf = (client: Client, { method, target }: Sample): Decision => decide(client, method, target, 0);

/** Whether a client of these projects may make the request, and the log shows which projects it is about. */
function isLimitable(sample: Sample, withinProjects: Client | undefined): boolean {
  if (withinProjects === undefined) return false;
  const decision = decisionOf(withinProjects, sample);
  return decision.kind !== 'refuse' && (sample.projects !== undefined || !dependsOnProjects(decision));
}

/** Whether the query, a lookup or the body decides which projects the request is about. */
function dependsOnProjects(decision: Exclude<Decision, { kind: 'refuse' }>): boolean {
  if (decision.kind === 'allow') return decision.query !== undefined;
  return decision.conditions.some((condition) => condition.kind !== 'body' || condition.required !== undefined);
}

/** The projects that an enforced client is limited to so far, if they cover its requests: none exceeds them. */
function heldProjects(
  known: KnownClient | undefined,
  rights: Rights,
  samples: readonly Sample[],
): readonly string[] | undefined {
  const projects = known?.client.mode === 'enforce' ? known.json.projects : undefined;
  const client = projects && clientOf({ ...rights, projects });
  const areCovered = client && samples.every((sample) => decisionOf(client, sample).kind !== 'refuse');
  return areCovered ? projects : undefined;
}

/** The scopes of which any one grants the request; none if only a rule does. */
function scopesFor({ method, path, template }: Sample): readonly string[] {
  const target = parseTarget(path);
  if (typeof target === 'string' || template === undefined) return [];
  const decision = decide(EVERYTHING, method, path, 0);
  const isForAll = decision.kind !== 'refuse' && grantedBy(decision) === 'any client';
  return decision.kind === 'refuse' || isForAll ? [] : (endpointOf(matchRoute(target), method)?.scopes ?? []);
}

const grantedBy = (decision: Exclude<Decision, { kind: 'refuse' }>): string =>
  (decision.kind === 'conditional' ? decision.allowed : decision).grantedBy;

/** The rule that grants what no scope does: the operator's own, if it spells its path out, or a path of the table. */
function ruleFor(sample: Sample, known: Client | undefined): string | undefined {
  const { method, path, template, organization } = sample;
  const target = parseTarget(path);
  const isGivenAnyway = typeof target === 'string' || scopesFor(sample).length > 0 || template === '/api/0/';
  if (isGivenAnyway) return undefined;
  const route = matchRoute(target);
  const isRule = (text: string) => clientOf({ scopes: [], allow: [text], orgs: [organization ?? 'any'] }) !== undefined;
  const own = known?.allow.filter((rule) => allows(rule, method, target, route)).map(({ text }) => text) ?? [];
  const spelledOut = own.filter((text) => !text.includes('*'));
  const fromTable = template === undefined ? [] : [`${method} ${template}`];
  return [...spelledOut, ...fromTable, ...own].find(isRule);
}

/** A client with these rights, as the policy sees it; undefined if a clients file could not have them. */
function clientOf(rights: Rights & ProposedReach): Client | undefined {
  const entry = { name: 'proposed', token: `sha256:${'0'.repeat(64)}`, ...rights };
  const read = readClients(JSON.stringify({ clients: [entry] }));
  return 'clients' in read ? read.clients[0] : undefined;
}

/** A client with every scope: a request that it may not make takes a rule. */
const EVERYTHING = clientOf({ scopes: ['*'], allow: [], orgs: ['*'] })!;

function whyNot({ path }: Sample, detail: string, { name }: Client): string {
  const withSlash = path.endsWith('/') ? undefined : parseTarget(`${path}/`);
  const lacksSlash =
    withSlash !== undefined && typeof withSlash !== 'string' && matchRoute(withSlash).template !== undefined;
  return lacksSlash ? 'its path lacks the last slash' : detail.replace(`client ${name} `, '');
}
