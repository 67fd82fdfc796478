// Makes src/policy/sentry/endpoints.ts: `node tools/endpoints.ts`. A test compares the two.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { limitByPlace } from '../src/policy/resource.ts';
import { LIMITS, type Limit } from '../src/policy/sentry/endpoint-table.ts';
import { byCost } from '../src/policy/sentry/scope-cost.ts';
import { SCOPES, scopesOf } from '../src/policy/sentry/scopes.ts';
import { canonicalSegments } from '../src/policy/sentry/synonyms.ts';
import { parseTarget } from '../src/policy/sentry/target.ts';

/** What is known of one endpoint and method of Sentry. */
export interface SourceRow {
  readonly method: string;
  readonly path: string;
  /** Any of these lets Sentry's own check pass. */
  readonly scopes: readonly string[];
  /** What the proxy asks for instead, where Sentry checks finer rights inside. */
  readonly proxyScopes?: readonly string[];
  /** How a client that is limited to projects is kept to them. */
  readonly limit: string;
  readonly limitBasis?: string;
  readonly bodyKey?: string;
  /** Why it is limited so, where Sentry's schema says otherwise. */
  readonly note?: string;
  /** The secret that the answer holds. */
  readonly secret?: string;
  /** Why the answer holds none, where a GET of the same path holds one. */
  readonly noSecret?: string;
  readonly source: string;
  readonly verified?: boolean;
}

/** The checked-in data. */
export interface Source {
  readonly source: { readonly endpoints: string; readonly schema: string };
  /** Whatever is at or below these paths is given by no scope, and by an `allow` rule only if that names it. */
  readonly guarded: readonly { readonly path: string; readonly why: string }[];
  /** Names of endpoints that are not enforced: those beside a parameter, and those that are nearly another name of the table. */
  readonly siblings: readonly string[];
  readonly rows: readonly SourceRow[];
}

const METHOD_LETTERS: Readonly<Record<string, string>> = {
  GET: 'G',
  HEAD: 'H',
  POST: 'P',
  PUT: 'U',
  PATCH: 'A',
  DELETE: 'D',
};

/** Reads the checked-in data. */
export const readSource = (): Source =>
  JSON.parse(readFileSync(new URL('endpoints.source.json', import.meta.url), 'utf8')) as Source;

/**
 * The text of src/policy/sentry/endpoints.ts.
 * @throws if a row was neither in Sentry's schema nor checked by hand, or says what the table cannot hold
 */
export function generate({ source, guarded, siblings, rows }: Source): string {
  checkWrites(rows);
  const lines = new Map<string, string[]>();
  const parameters = new Map<string, string>();
  for (const row of rows) {
    check(row);
    checkParameters(row.path, parameters);
    const path = canonicalPath(row.path);
    const entries = lines.get(path) ?? [];
    const letter = METHOD_LETTERS[row.method]!;
    if (entries.some((entry) => entry.startsWith(letter))) throw new Error(`${row.method} ${row.path} is there twice`);
    const scopes = leastScopes(row).map((scope) => SCOPES.indexOf(scope).toString(36));
    entries.push(`${letter}${scopes.join('')}${ownLimit(row)}${row.secret === undefined ? '' : '!'}`);
    lines.set(path, entries);
  }
  for (const sibling of siblings) lines.set(canonicalPath(sibling), []);
  for (const { path } of guarded) lines.set(guardedPath(path), ['!']);
  const table = [...lines]
    .map(([path, entries]) => `${path} ${entries.join('').replace(/^G(?=[0-9a-m])/, '')}`.trimEnd())
    .sort();
  const outline = table.map((line, index) => outlined(line, table[index - 1]));
  return `// Made by tools/endpoints.ts from tools/endpoints.source.json; edit those.
// ${source.endpoints}
// ${source.schema}

/**
 * One path a line, below /api/0/, a blank for each segment that it has from the line before. Then for each method: its
 * letter (PUT is U, PATCH is A; GET may go without), the scopes of which any one will do, by their place among Sentry's in
 * base 36, the letter of its limit if the path alone does not say it, and \`!\` if the answer holds a secret. A path without
 * methods is only a name that is taken; with \`!\` alone, all that is at or below it is guarded.
 */
export const ENDPOINTS = \`
${outline.join('\n')}
\`;
`;
}

/** The scopes that a row asks for, first the one that opens least. A client that has a scope has those that it implies. */
export function leastScopes({ proxyScopes, scopes }: SourceRow): string[] {
  const all = proxyScopes ?? scopes;
  const isNeedless = (scope: string) => all.some((other) => other !== scope && scopesOf(scope)?.includes(other));
  return all.filter((scope) => !isNeedless(scope)).sort(byCost);
}

/** A line with a blank for each segment that the line before has as well. */
function outlined(line: string, before: string | undefined): string {
  const segments = line.split('/');
  const known = before?.split('/') ?? [];
  let shared = 0;
  while (shared < segments.length - 1 && segments[shared] === known[shared]) shared++;
  return ' '.repeat(shared) + segments.slice(shared).join('/');
}

function check(row: SourceRow): void {
  const name = `${row.method} ${row.path}`;
  if (row.source !== 'openapi' && row.verified !== true) throw new Error(`${name} is neither openapi nor verified`);
  if (METHOD_LETTERS[row.method] === undefined) throw new Error(`${name} has a method that the table cannot hold`);
  if (!row.path.startsWith('/api/0/') || /[`\\$ ]/.test(row.path)) throw new Error(`${name} has a strange path`);
  // Sentry checks finer rights inside, and the token of the proxy passes them all.
  const isMutation = row.method !== 'GET' && row.method !== 'HEAD';
  const givesReaders = (row.proxyScopes ?? row.scopes).some((scope) => scope.endsWith(':read'));
  if (isMutation && givesReaders) throw new Error(`${name} would let a read scope write; give it proxyScopes`);
  limitOf(row);
}

/** What a GET gives away, a write may answer with as well, and it may be the write that shows all of it. */
function checkWrites(rows: readonly SourceRow[]): void {
  const secretPaths = new Set(rows.filter(isSecretRead).map(({ path }) => path));
  for (const { method, path, secret, noSecret } of rows) {
    const isWrite = method === 'POST' || method === 'PUT' || method === 'PATCH';
    const list = path.replace(/\{\w+\}\/$/, '');
    const isKnown = secret !== undefined || noSecret !== undefined;
    if (isWrite && !isKnown && (secretPaths.has(path) || secretPaths.has(list)))
      throw new Error(`${method} ${path} may answer with the secret of its GET; give it secret or noSecret`);
  }
}

const isSecretRead = ({ method, secret }: SourceRow): boolean => method === 'GET' && secret !== undefined;

/** The matcher holds one parameter for each place, under one name. */
function checkParameters(path: string, known: Map<string, string>): void {
  const segments = path.split('/');
  segments.forEach((segment, index) => {
    if (!segment.includes('{')) return;
    const before = segments.slice(0, index).join('/');
    if ((known.get(before) ?? segment) !== segment)
      throw new Error(`${path} gives the parameter ${segment} a second name`);
    known.set(before, segment);
  });
}

/** What the policy calls the limits of the data. */
const POLICY_LIMITS: Readonly<Record<string, Limit>> = {
  path: 'path',
  lookup: 'lookup',
  'query code-read': 'query',
  // What the proxy does is the same, whether Sentry's code or its schema says that the query limits.
  'query openapi-param': 'query',
  'query inferred': 'inferred',
  'body projects': 'body-projects',
  'body project': 'body-project',
  'filter-response': 'filter',
  'filter-projects': 'filter-projects',
  'none-needed': 'none',
  refuse: 'refuse',
};

function limitOf({ method, path, limit, limitBasis, bodyKey }: SourceRow): Limit {
  const name = [limit, limitBasis ?? bodyKey].filter((part) => part !== undefined).join(' ');
  const known = POLICY_LIMITS[name];
  if (known === undefined) throw new Error(`${method} ${path} has a limit that is not known`);
  return known;
}

/** The letter of a limit, unless it is what the policy would do anyhow in that place. */
function ownLimit(row: SourceRow): string {
  const limit = limitOf(row);
  // A path without an organization is refused to clients limited to projects, or known by itself.
  if (!row.path.includes('{org}')) return '';
  const target = parseTarget(row.path.replaceAll(/\{\w+\}/g, '1'));
  if (typeof target === 'string') throw new Error(`${row.method} ${row.path} cannot be asked for`);
  if (limit === limitByPlace(target)) return '';
  return Object.entries(LIMITS).find(([, word]) => word === limit)![0];
}

/** With what is below it. The bare list of projects alone is guarded: what is below that is known. */
const guardedPath = (path: string): string =>
  path === '/api/0/projects/' ? canonicalPath(path) : canonicalPath(path).replace(/\/$/, '');

const canonicalPath = (path: string): string => canonicalSegments(path.split('/').slice(3)).join('/') || '/';

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../src/policy/sentry/endpoints.ts', import.meta.url), generate(readSource()));
}
