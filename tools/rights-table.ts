// The rows of docs/rights.md: what each row of the table of rights grants, to whom, and how it is narrowed.
import type { Endpoint, FieldRule, Fields, ProjectLimit } from '../src/policy/sentry/endpoint.ts';
import { endpointFrom } from './endpoints.ts';
import { readSource, type SourceRow } from './source-row.ts';

/** The headings of the page, by what their rows' paths begin with below /api/0/. The first that fits counts. */
export const RIGHTS_HEADINGS: Readonly<Record<string, RegExp>> = {
  '## Issues and events':
    /^(?:issues|organizations\/{org}\/(?:issues|shortids|events|eventids|trace|replay|tags|stats|sessions|profiling|explore|discover|ai-|agents|metrics|group|external-users|relay|related))|^projects\/{org}\/{project}\/(?:issues|events|tags|user-feedback|replays|trace)/,
  '## Releases, uploads and builds':
    /\/(?:releases?|release-|chunk-upload|artifactbundle|files|preprod|repos?|code-mappings|reprocessing|commits|deploys|artifact|debug|symbol|proguard)/,
  '## Alerts, monitors and dashboards':
    /\/(?:alert|rules|combined-rules|monitors|detectors|workflows|uptime|dashboards|notifications|available-actions|data-conditions|incidents)/,
  '## Organizations, projects, teams and members': /^/,
};

/** The cells of the rows below a heading. */
export function rightsRows(heading: string): string[][] {
  const rows = readSource().rows.filter(({ path }) => headingOf(path) === heading);
  return rows.map((row) => {
    const endpoint = endpointFrom(row);
    const { method, path, gives = '' } = row;
    return [
      `\`${method} ${path.slice('/api/0'.length)}\``,
      gives,
      scopesText(row, endpoint),
      limitsText(endpoint),
      moreText(endpoint),
    ];
  });
}

const headingOf = (path: string): string =>
  Object.entries(RIGHTS_HEADINGS).find(([, begins]) => begins.test(path.slice('/api/0/'.length)))![0];

const code = (text: string): string => `\`${text}\``;

function scopesText({ secret, rule, path }: SourceRow, { scopes, needsRule }: Endpoint): string {
  if (path === '/api/0/') return 'any client';
  if (needsRule === 'secret') return `a rule: ${secret}`;
  if (needsRule === 'beyond scopes') return `a rule: ${rule}`;
  if (needsRule === 'unproven') return 'a rule: not read in full';
  return scopes.length === 0 ? '`*` or a rule' : scopes.map(code).join(', ');
}

const LIMIT_TEXTS: Readonly<Record<string, string>> = {
  path: 'the project of the path',
  query: '`project` is written into the query',
  none: 'holds nothing of a project',
  refuse: 'refused',
};

const limitsText = ({ projects }: Endpoint): string => [projects].flat().map(limitText).join('; ');

function limitText(limit: ProjectLimit): string {
  const [kind = '', detail = ''] = limit.split(/:(.*)/);
  if (kind === 'lookup') return `the ${detail.replaceAll('-', ' ')} is looked up`;
  if (kind === 'body') return `${code(detail)} of the body`;
  if (kind === 'filter')
    return detail === '' ? 'the list is filtered' : `${code(detail.replace('[].', ''))} is filtered`;
  return LIMIT_TEXTS[kind]!;
}

function moreText({ query, body, removed, removedWithProjects }: Endpoint): string {
  return [
    ...fieldTexts(query, 'query'),
    ...fieldTexts(body, 'body'),
    ...(removed === undefined ? [] : [`removed: ${removed.map(code).join(', ')}`]),
    ...(removedWithProjects === undefined
      ? []
      : [`removed with \`projects\`: ${removedWithProjects.map(code).join(', ')}`]),
  ].join('; ');
}

function fieldTexts(fields: Fields | undefined, part: string): string[] {
  if (fields === undefined) return [];
  const byNeed = new Map<string, string[]>();
  for (const [name, rule] of Object.entries(fields.keys ?? {})) {
    const need = needText(rule);
    if (need !== undefined) byNeed.set(need, [...(byNeed.get(need) ?? []), code(name)]);
  }
  const texts = [...byNeed].map(([need, names]) => `${part} ${names.join(', ')}: ${need}`);
  return fields.only === undefined ? texts : [...texts, `${part}: listed keys alone with \`projects\``];
}

function needText(rule: FieldRule): string | undefined {
  const need = typeof rule === 'string' ? rule : rule.needs;
  if (need === 'ok') return undefined;
  const unless =
    typeof rule === 'string'
      ? ''
      : ` unless ${rule.unless === 'number' ? 'a number' : rule.unless.map((value) => code(String(value))).join(', ')}`;
  const words = {
    rule: 'a rule',
    projects: "the client's projects",
    release: "a release of the client's, or a new one",
  };
  return `${(words as Record<string, string>)[need] ?? (need.includes(':') ? code(need) : need)}${unless}`;
}
