// The source data of the table of rights: tools/endpoints/*.json.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Fields, ProjectLimit } from '../src/policy/sentry/endpoint.ts';
import type { Scope } from '../src/policy/sentry/scopes.ts';
import { withoutOrganization } from '../src/policy/sentry/twins.ts';

/** The seven questions that were asked of Sentry's source for every row. */
export const QUESTIONS = {
  ids: 'Does Sentry look an id of the path or the query up within the project, or within the organization?',
  body: 'Does a key of the body refer to something beyond the project?',
  finer: 'Does a key or a value need more in Sentry than the scope of the method?',
  answer: 'Does the response hold a credential, a signed URL, or something that a user stored?',
  keeps: 'Does a write keep a stored secret and send it to a URL that the request names?',
  spellings: 'Does Sentry read another spelling or another path as the same thing?',
  lists: 'What does a filtered response still say about what was filtered out?',
} as const;

export type Question = keyof typeof QUESTIONS;

/** One endpoint and method of Sentry, with the evidence. */
export interface SourceRow {
  readonly method: string;
  readonly path: string;
  /** What it grants, for the docs, in a few words: `the issues of an organization`. */
  readonly gives?: string;
  /** Any of these lets Sentry's own check pass. */
  readonly scopes: readonly Scope[];
  /** The scopes that the proxy requires instead, where Sentry checks finer rights inside. */
  readonly proxyScopes?: readonly Scope[];
  /** How a client with `projects` is limited to them. */
  readonly projects: ProjectLimit | readonly ProjectLimit[];
  readonly query?: Fields;
  readonly body?: Fields;
  readonly removed?: readonly string[];
  readonly removedWithProjects?: readonly string[];
  /** The secret that the response holds. */
  readonly secret?: string;
  /** Why only a rule grants it, if not for a secret. */
  readonly rule?: string;
  /** Why the response holds none, where a GET of the same path holds one. */
  readonly noSecret?: string;
  /** Sentry's behaviour if the token has no user, like the system token. */
  readonly systemToken?: string;
  /** For reviewers. */
  readonly note?: string;
  /** Where the scopes were read. */
  readonly scopesBasis: string;
  /** Sentry's files, each with its commit, by question; `as ids` refers to another question. */
  readonly evidence: Readonly<Partial<Record<Question, string>>>;
  readonly confidence: 'read' | 'read in part' | 'inferred';
}

/** The checked-in data. */
export interface Source {
  readonly source: { readonly endpoints: string; readonly schema: string };
  /** Everything at or below these paths is granted by no scope, and by an `allow` rule only if that names it. */
  readonly guarded: readonly { readonly path: string; readonly why: string }[];
  /** Names of endpoints that are not enforced: those next to a parameter, and those that are nearly another name. */
  readonly siblings: readonly string[];
  /** Paths whose pattern in Sentry has no end. */
  readonly withoutEnd: readonly string[];
  readonly rows: readonly SourceRow[];
}

const FOLDER = new URL('endpoints/', import.meta.url);
const NAMES = 'names.json';

const rowFiles = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json') && name !== NAMES)
    .sort();

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));

/** Reads the checked-in data. A view with two paths has one row there, and two here. */
export const readSource = (): Source => ({
  ...(read(NAMES) as Omit<Source, 'rows'>),
  rows: rowFiles()
    .flatMap((name) => read(name) as SourceRow[])
    .flatMap((row) => {
      const path = withoutOrganization(row.path);
      return path === undefined ? [row] : [row, { ...row, path }];
    })
    .sort(order),
});

/** The consequence of missing evidence for a question. */
export interface Unproven {
  /** Clients with `projects` are refused. */
  readonly refusesProjects: boolean;
  /** No scope grants the row. */
  readonly needsRule: boolean;
}

/** The parts of a row without evidence in Sentry's source that they are harmless, so the row does not grant them. */
export function unprovenOf({ method, evidence, confidence, projects }: SourceRow): Unproven {
  const lacks = (question: Question) => confidence === 'inferred' || evidence[question] === undefined;
  const isWrite = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const isRead = method === 'GET' || method === 'HEAD';
  const isFiltered = [projects].flat().some((limit) => limit.startsWith('filter'));
  return {
    refusesProjects: lacks('ids') || (isWrite && lacks('body')) || (isFiltered && lacks('lists')),
    needsRule: (!isRead && lacks('finer')) || lacks('answer') || (isWrite && lacks('keeps')),
  };
}

/** Writes every file of rows in its one format: a column a line, by path and method. */
export function formatRows(): void {
  for (const name of rowFiles()) {
    const rows = (read(name) as SourceRow[]).sort((one, other) => order(one, other));
    writeFileSync(new URL(name, FOLDER), `[\n${rows.map(formatted).join(',\n')}\n]\n`);
  }
}

const METHOD_ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

function order(one: SourceRow, other: SourceRow): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1;
  return METHOD_ORDER.indexOf(one.method) - METHOD_ORDER.indexOf(other.method);
}

const COLUMNS = [
  'gives',
  'scopes',
  'proxyScopes',
  'projects',
  'query',
  'body',
  'removed',
  'removedWithProjects',
  'secret',
  'rule',
  'noSecret',
  'systemToken',
  'note',
  'scopesBasis',
  'evidence',
  'confidence',
] as const satisfies readonly (keyof SourceRow)[];

function formatted(row: SourceRow): string {
  const unknown = Object.keys(row).find((key) => !['method', 'path', ...COLUMNS].includes(key));
  if (unknown !== undefined) throw new Error(`${row.method} ${row.path} has an unknown column: ${unknown}`);
  const columns = COLUMNS.filter((column) => row[column] !== undefined).map((column) =>
    column === 'evidence' ? evidenceText(row.evidence) : `"${column}": ${inline(row[column])}`,
  );
  return ` {"method": "${row.method}", "path": "${row.path}",\n  ${columns.join(',\n  ')}}`;
}

function evidenceText(evidence: SourceRow['evidence']): string {
  const known = Object.keys(evidence).find((question) => !(question in QUESTIONS));
  if (known !== undefined) throw new Error(`evidence for an unknown question: ${known}`);
  const lines = (Object.keys(QUESTIONS) as Question[])
    .filter((question) => evidence[question] !== undefined)
    .map((question) => `   "${question}": ${JSON.stringify(evidence[question])}`);
  return lines.length === 0 ? '"evidence": {}' : `"evidence": {\n${lines.join(',\n')}}`;
}

/** JSON on one line, with a blank after each comma and colon. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${inline(member)}`)
    .join(', ')}}`;
}
