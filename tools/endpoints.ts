// Makes src/policy/sentry/endpoints.ts of tools/endpoints/*.json: `node tools/endpoints.ts`. A test compares the two.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  type Endpoint,
  type FieldRule,
  type Fields,
  METHODS,
  type Need,
  type ProjectLimit,
} from '../src/policy/sentry/endpoint.ts';
import { costOf } from '../src/policy/sentry/scope-cost.ts';
import { SCOPES, type Scope, scopesOf } from '../src/policy/sentry/scopes.ts';
import { canonicalSegments } from '../src/policy/sentry/synonyms.ts';
import { withoutOrganization } from '../src/policy/sentry/twins.ts';
import { formatRows, readSource, type Source, type SourceRow, unprovenOf } from './source-row.ts';

/** Everything that a `projects` column may say; a test of the policy shows that each is held. */
const LIMITS =
  /^(?:path|query|none|refuse|filter(?::(?:\[\]\.)?\w+)?|body:\w+|lookup:(?:issue|release|monitor|rule|alert-rule|detector|replay|snapshot|notification-action))$/;

const NEEDS: readonly Need[] = ['rule', 'never with projects', 'never', 'projects', 'release', 'ok'];

/**
 * The text of src/policy/sentry/endpoints.ts.
 * @throws Error if a row says what the table cannot hold
 */
export function generate({ source, guarded, siblings, withoutEnd, rows }: Source): string {
  checkWrites(rows);
  const paths = new Map<string, Map<string, Endpoint>>();
  const parameters = new Map<string, string>();
  for (const row of rows) {
    check(row);
    checkParameters(row.path, parameters);
    const path = canonicalPath(row.path);
    const methods = paths.get(path) ?? new Map<string, Endpoint>();
    if (methods.has(row.method)) throw new Error(`${row.method} ${row.path} is there twice`);
    paths.set(path, methods.set(row.method, endpointFrom(row)));
  }
  const derived = new Set([...paths.keys()].map(withoutOrganization));
  const sorted = [...paths].filter(([path]) => !derived.has(path)).sort(([one], [other]) => (one < other ? -1 : 1));
  return `// Made by tools/endpoints.ts from tools/endpoints/*.json, where the evidence for each row stands; edit those.
// ${source.endpoints}
// ${source.schema}
import type { Endpoint } from './endpoint.ts';

/** By path and method. */
export type Endpoints = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>;

/** Makes a new copy of everything that Sentry's API lets a client do and that a scope or a rule may grant. */
export const makeRows = (): Endpoints => ({
${sorted.map(([path, methods]) => pathText(path, methods)).join('\n')}
});

/** Everything at or below these is granted by an \`allow\` rule alone, and only if that names it. */
export const GUARDED: readonly string[] = [
${guarded.map(({ path, why }) => `  ${text(guardedPath(path))}, // ${why}`).join('\n')}
];

/** Names of Sentry's that stand next to a parameter or are nearly another name, so that they are not taken for it. */
export const OTHER_NAMES: readonly string[] = [
${siblings.map((path) => `  ${text(canonicalPath(path))},`).join('\n')}
];

/** Paths whose pattern in Sentry has no end: whatever continues one goes to the same view. */
export const WITHOUT_END: readonly string[] = [
${withoutEnd.map((path) => `  ${text(canonicalPath(path))},`).join('\n')}
];
`;
}

/** The row as the policy gets it: rights without evidence are not granted. */
export function endpointFrom(row: SourceRow): Endpoint {
  const { refusesProjects, needsRule } = unprovenOf(row);
  const isHeldAnyway = row.projects === 'none' || row.projects === 'refuse';
  const { query, body, removed, removedWithProjects } = row;
  const reason =
    row.secret !== undefined ? 'secret' : row.rule !== undefined ? 'beyond scopes' : needsRule && 'unproven';
  return {
    scopes: leastScopes(row),
    projects: refusesProjects && !isHeldAnyway ? 'refuse' : row.projects,
    ...(query && { query }),
    ...(body && { body }),
    ...(removed && { removed }),
    ...(removedWithProjects && { removedWithProjects }),
    ...(reason && { needsRule: reason }),
  };
}

/** Sorts scopes from the one that opens least; by name if they cost the same. */
const byCost = (one: string, other: string): number => costOf(one) - costOf(other) || (one < other ? -1 : 1);

/** The scopes that a row wants, the one that opens least first. A client that has a scope has those that it implies. */
export function leastScopes({ proxyScopes, scopes }: SourceRow): Scope[] {
  const all = proxyScopes ?? scopes;
  const isNeedless = (scope: string) => all.some((other) => other !== scope && scopesOf(scope)?.includes(other));
  return all.filter((scope) => !isNeedless(scope)).sort(byCost);
}

function pathText(path: string, methods: ReadonlyMap<string, Endpoint>): string {
  const lines = METHODS.filter((method) => methods.has(method)).map((method) =>
    valueText(`    ${method}: `, methods.get(method)),
  );
  return `  ${text(path)}: {\n${lines.join('\n')}\n  },`;
}

const LINE = 120;

/** A value on one line if it fits, or a member a line. */
function valueText(start: string, value: unknown): string {
  const line = `${start}${inline(value)},`;
  const isShort = line.length <= LINE || typeof value !== 'object' || value === null;
  if (isShort) return line;
  const indent = /^ */.exec(start)![0];
  const members = Array.isArray(value)
    ? value.map((member) => valueText(`${indent}  `, member))
    : Object.entries(value).map(([key, member]) => valueText(`${indent}  ${keyText(key)}: `, member));
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${start}${open}\n${members.join('\n')}\n${indent}${close},`;
}

function inline(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${keyText(key)}: ${inline(member)}`)
    .join(', ')} }`;
}

const text = (value: string): string => `'${value}'`;
const keyText = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? key : text(key));

function check(row: SourceRow): void {
  const name = `${row.method} ${row.path}`;
  const fail = (problem: string): never => {
    throw new Error(`${name} ${problem}`);
  };
  if (!METHODS.includes(row.method)) fail('has a method that the table cannot hold');
  if (!row.path.startsWith('/api/0/') || /[`'\\$ ]/.test(row.path)) fail('has a strange path');
  for (const scope of [...row.scopes, ...(row.proxyScopes ?? [])])
    if (!SCOPES.includes(scope)) fail(`has an unknown scope: ${scope}`);
  // Sentry checks finer rights inside, and the token of the proxy passes them all.
  const isMutation = row.method !== 'GET' && row.method !== 'HEAD';
  const givesReaders = (row.proxyScopes ?? row.scopes).some((scope) => scope.endsWith(':read'));
  if (isMutation && givesReaders) fail('would let a read scope write; give it proxyScopes');
  for (const limit of limitsOf(row)) if (!LIMITS.test(limit)) fail(`has a limit that is not known: ${limit}`);
  for (const fields of [row.query, row.body]) checkFields(fields, fail);
  const names = [...(row.removed ?? []), ...(row.removedWithProjects ?? [])];
  if (names.some((key) => !/^\w+$/.test(key))) fail('removes a key that is not a plain name');
}

const limitsOf = ({ projects }: SourceRow): readonly ProjectLimit[] => [projects].flat();

function checkFields(fields: Fields | undefined, fail: (problem: string) => never): void {
  for (const [key, rule] of Object.entries(fields?.keys ?? {})) {
    if (!/^[\w.:-]+$/.test(key)) fail(`has a strange key: ${key}`);
    const need = needOf(rule);
    if (!NEEDS.includes(need) && !SCOPES.includes(need)) fail(`has a need that is not known: ${need}`);
  }
  for (const key of fields?.only ?? []) if (!/^[\w.:-]+$/.test(key)) fail(`has a strange key: ${key}`);
}

const needOf = (rule: FieldRule): Need => (typeof rule === 'string' ? rule : rule.needs);

/** A write may answer with the secrets of its GET, and may even be the only request that shows them all. */
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

/** With everything below it. */
const guardedPath = (path: string): string => canonicalPath(path).replace(/\/$/, '');

const canonicalPath = (path: string): string => `/api/0/${canonicalSegments(path.split('/').slice(3)).join('/')}`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  formatRows();
  writeFileSync(new URL('../src/policy/sentry/endpoints.ts', import.meta.url), generate(readSource()));
}
