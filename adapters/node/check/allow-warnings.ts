import type { Client } from '../../../src/policy/client.ts';
import { decide } from '../../../src/policy/decide.ts';
import type { Decision } from '../../../src/policy/decision.ts';
import { limitByPlace } from '../../../src/policy/resource.ts';
import { endsInRest, isSpelledOut, type Rule, slipIn } from '../../../src/policy/rules.ts';
import { METHODS } from '../../../src/policy/sentry/endpoint.ts';
import { endpointOf, matchRoute } from '../../../src/policy/sentry/endpoint-table.ts';
import { API_PREFIX, parseTarget, type Target } from '../../../src/policy/sentry/target.ts';

/** Warnings about `allow` rules that grant nothing, or more than the client's projects. */
export const allowWarnings = (clients: readonly Client[]): string[] =>
  clients.flatMap((client) =>
    client.allow.flatMap((rule, index) => {
      const warning = warningOf(client, rule);
      return warning === undefined ? [] : [`allow[${index}] of ${client.name} ${warning}`];
    }),
  );

function warningOf(client: Client, rule: Rule): string | undefined {
  const isOfTheApi = API_PREFIX.every((name, index) => {
    const piece = rule.pieces[index];
    return piece?.kind === 'literal' && piece.text === name;
  });
  if (!isOfTheApi) return undefined;
  const slip = slipIn(rule);
  if (slip !== undefined && slip !== '') return `grants nothing: it ${slip}`;
  if (lacksSlash(client, rule)) return 'grants nothing: its path lacks the last slash, which Sentry requires';
  if (slip === '') return 'has a path that the table of endpoints lacks; check its spelling';
  return isSpelledOut(rule) ? boundaryWarning(client, rule) : undefined;
}

function lacksSlash(client: Client, rule: Rule): boolean {
  const last = rule.pieces.at(-1);
  if (endsInRest(rule) || (last?.kind === 'literal' && last.text === '')) return false;
  const [org = ''] = organizationsOf(client);
  const path = pathFor(client, rule, org);
  return templateOf(path) === undefined && templateOf(`${path}/`) !== undefined;
}

/** A warning if the boundary refuses every request of the rule, or if the rule opens more than the client's own data. */
function boundaryWarning(client: Client, rule: Rule): string | undefined {
  const methods = rule.method === '*' ? METHODS : [rule.method];
  // The rule alone grants anything; the client's expiry does not matter here.
  const alone: Client = { ...client, allow: [rule], scopes: new Set(), hasAllScopes: false };
  const decisions = organizationsOf(client).flatMap((org) =>
    methods.map((method) => decide(alone, method, pathFor(client, rule, org), 0)),
  );
  const refusals = decisions.flatMap((decision) => (decision.kind === 'refuse' ? [decision] : []));
  if (refusals.length === decisions.length && refusals[0] !== undefined) {
    return `grants nothing: the client ${refusals[0].detail.replace(`client ${client.name} `, '')}`;
  }
  const opened = organizationsOf(client).filter((org) => isWhole(client, rule, org, decisions));
  return opened.length === 0 ? undefined : `grants data of all projects of ${opened.join(', ')}: nothing limits it`;
}

/** Whether the rule opens a row that nothing narrows to a client that is limited to projects. */
function isWhole(client: Client, rule: Rule, org: string, decisions: readonly Decision[]): boolean {
  if (client.boundary.kind !== 'projects' || !decisions.some(({ kind }) => kind !== 'refuse')) return false;
  const target = parseTarget(pathFor(client, rule, org));
  if (typeof target === 'string') return false;
  const endpoint = endpointOf(matchRoute(target), rule.method === '*' ? 'GET' : rule.method);
  return [endpoint?.projects ?? limitByPlace(target)].flat().includes('refuse');
}

const templateOf = (path: string): string | undefined => {
  const target: Target | string = parseTarget(path);
  return typeof target === 'string' ? undefined : matchRoute(target).template;
};

function organizationsOf({ boundary }: Client): readonly string[] {
  if (boundary.kind === 'all') return ['any'];
  return [...(boundary.kind === 'organizations' ? boundary.organizations : boundary.projects.keys())];
}

/** A path that the rule is for, in the client's own organization and project. */
function pathFor({ boundary }: Client, { pieces }: Rule, org: string): string {
  const project = (boundary.kind === 'projects' && boundary.projects.get(org)?.[0]?.value) || 'any';
  const first = pieces[API_PREFIX.length];
  const place = first?.kind === 'literal' ? first.text : '';
  const texts = pieces.map((piece, index) => {
    if (piece.kind === 'literal') return piece.text;
    // A rule may call its parameters as it likes.
    if (index === API_PREFIX.length + 1 && /^(?:organizations|projects|teams)$/.test(place)) return org;
    if (index === API_PREFIX.length + 2 && place === 'projects') return project;
    // A number is an id of every kind.
    return piece.kind === 'parameter' ? (EXAMPLES[piece.name]?.(project) ?? '1') : '1';
  });
  return `/${texts.join('/')}`;
}

/** Example values of parameters, by their names in the table. */
const EXAMPLES: Readonly<Record<string, (project: string) => string>> = {
  project: (project) => project,
  'project:event_id': (project) => `${project}:1`,
};
