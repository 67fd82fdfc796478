// What the `allow` and `deny` rules of a client give and take.
import type { Client } from '../clients.ts';
import type { Row } from '../rows.ts';
import type { Understood } from '../start.ts';
import { hasOneOf, needsRule } from './scopes.ts';

const CANONICAL: Record<string, string> = {
  groups: 'issues',
  comments: 'notes',
  'user-reports': 'user-feedback',
  plugin: 'plugins',
};
const canonical = (segment: string): string => CANONICAL[segment] ?? segment;

/** Whether a rule covers a request; `isBroad` as `deny` is read. */
function isCovered(
  rule: string,
  { template, method, kwargs }: Understood,
  isNamed: boolean,
  isBroad: boolean,
): boolean {
  const [ruleMethod, rulePath] = rule.split(' ') as [string, string];
  if (ruleMethod !== '*' && ruleMethod !== (method === 'HEAD' ? 'GET' : method)) return false;
  const wanted = rulePath.split('/');
  const actual = template.split('/');
  for (const [index, segment] of wanted.entries()) {
    if (segment === '**') return true;
    const there = actual[index];
    if (there === undefined) return false;
    const isParameter = segment.startsWith('{');
    if (isParameter || segment === '*') {
      const isLiteral = !there.includes('{') && there !== '';
      // `allow` never takes a name for a parameter, and a secret has to be named.
      if (there === '' || (!isBroad && isLiteral && (isParameter || isNamed))) return false;
    } else {
      const value = kwargs[there.slice(1, -1)];
      const isSame = canonical(segment) === canonical(value ?? there);
      if (!isSame && !(isBroad && value !== undefined && mayBeOne(segment, value))) return false;
    }
  }
  return wanted.length === actual.length;
}

const isId = (name: string): boolean => /^(?:\d+|[0-9a-f-]{32,36})$/i.test(name);

/** How Sentry reads an id: numbers with int(), UUIDs without dashes, and the end of a short id in Crockford's base 32. */
function meaning(name: string): string {
  if (/^\d+$/.test(name)) return String(BigInt(name));
  if (isId(name)) return name.replaceAll('-', '').toLowerCase();
  const [, slug, number] = /^(.+)[-_ ](\w+)$/.exec(name.toLowerCase()) ?? [];
  const digits = number
    ?.replaceAll('o', '0')
    .replaceAll(/[il]/g, '1')
    .replace(/^0+(?=.)/, '');
  return digits === undefined ? name.toLowerCase() : `${slug}-${digits}`;
}

/** Whether two names may be of one thing: by what they mean, or because one is a number or a UUID and the other is not. */
const mayBeOne = (one: string, other: string): boolean => meaning(one) === meaning(other) || isId(one) !== isId(other);

/** The same thing at another path of Sentry's: a `deny` rule covers it there as well. */
const TWINS: readonly (readonly [string, string])[] = [
  ['/api/0/issues/{issue_id}/', '/api/0/organizations/{org}/issues/{issue_id}/'],
  ...['releases/{version}/', 'monitors/{monitor_id_or_slug}/', 'alert-rules/{alert_rule_id}/'].map(
    (rest) => [`/api/0/organizations/{org}/${rest}`, `/api/0/projects/{org}/{project}/${rest}`] as const,
  ),
  ['/api/0/organizations/{org}/replays/{replay_id}/', '/api/0/projects/{org}/{project}/replays/{replay_id}/'],
  [
    '/api/0/organizations/{org}/issues/{issue_id}/events/{event_id}/',
    '/api/0/projects/{org}/{project}/events/{event_id}/',
  ],
  ...['/api/0/organizations/{org}/issues/{issue_id}', '/api/0/projects/{org}/{project}'].map(
    (place) => ['/api/0/projects/{org}/{project}/events/{event_id}/json/', `${place}/events/{event_id}/`] as const,
  ),
];

function twinsOf(understood: Understood): Understood[] {
  const { template } = understood;
  return TWINS.flatMap((paths) =>
    [paths, paths.toReversed()].flatMap(([from, to]) =>
      template.startsWith(from!) ? [{ ...understood, template: to! + template.slice(from!.length) }] : [],
    ),
  );
}

/** Whether a rule covers requests such as a row's, with any values of its parameters, or the same at another path. */
export function isAbout(rule: string, row: Row): boolean {
  const request: Understood = { template: row.path, method: row.method, kwargs: {} };
  const pattern = rule.replaceAll(/(?<=\/(?:organizations|projects)\/)[^/]+/g, '*').replaceAll(/\{\w+\}/g, '*');
  return [request, ...twinsOf(request)].some((one) => isCovered(pattern, one, false, true));
}

/** How a request is granted, before organizations and projects limit it. */
export interface Grant {
  /** A rule spells the path out, or ends in `**`: it gives what keys and parameters need. */
  isByRule: boolean;
  /** A rule spells method and path out: it gives the whole of what cannot be narrowed. */
  isDecided: boolean;
  /** A rule that ends in `**` gives what is else removed from answers. */
  showsRemoved: boolean;
}

const isSpelledOut = (rule: string): boolean => !rule.split(' ')[1]!.includes('*');

/** What scopes and rules make of a request. @returns why it is not granted */
export function grantOf(client: Client, understood: Understood, row: Row | undefined): Grant | string {
  const { template, method } = understood;
  const isNamed = row !== undefined && needsRule(row);
  const isByScope = row !== undefined && (template === '/api/0/' || (!isNamed && hasOneOf(client, row.scopes)));
  const rules = (client.allow ?? []).filter((rule) => isCovered(rule, understood, isNamed, false));
  if (!isByScope && rules.length === 0) return `${method} ${template} is not granted`;
  const isDenied = client.deny?.some((rule) =>
    [understood, ...twinsOf(understood)].some((one) => isCovered(rule, one, false, true)),
  );
  if (isDenied) return `${method} ${template} is denied`;
  return {
    isByRule: rules.some((rule) => isSpelledOut(rule) || rule.endsWith('/**')),
    isDecided: rules.some((rule) => isSpelledOut(rule) && !rule.startsWith('*')),
    showsRemoved: rules.some((rule) => rule.endsWith('/**')),
  };
}
