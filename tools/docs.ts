// Writes the tables of the documentation that follow from the code: `node tools/docs.ts`. A test runs it as well, and
// names the page and the line that is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { SETTINGS } from '../adapters/node/config/settings.ts';
import { CLIENT_KEYS } from '../src/clients/read-client.ts';
import { CORE_SETTINGS } from '../src/config/core-settings.ts';
import { LISTENER_OPTIONS, OPTIONS } from '../src/config/options.ts';
import { ERRORS } from '../src/http/errors.ts';
import {
  COMMON_REQUEST_FIELDS,
  COMMON_RESPONSE_FIELDS,
  CONDITIONS,
  COUNTS,
  GATEWAY_RESPONSE_FIELDS,
  HOP_BY_HOP,
  KEPT_WITH_FILTERED_LIST,
  OF_THE_BYTES,
  OWN_RESPONSE_FIELDS,
  PROXY_REQUEST_FIELDS,
  PROXY_RESPONSE_FIELDS,
  REQUEST_FIELD_PREFIXES,
} from '../src/http/header-tables.ts';
import { missingRows, programNames, recipeBlock, rightRows } from './recipes.ts';
import { RIGHTS_HEADINGS, rightsRows } from './rights-table.ts';

/** A table of a page: below which heading it stands, and its rows. */
interface DocTable {
  readonly page: string;
  readonly heading: string;
  /**
   * The cells of each row.
   * @param written the rows as the page has them now, by their first cell: what people wrote stays
   */
  rows(written: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[];
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

const settings: DocTable = {
  page: 'docs/configuration.md',
  heading: '## Flags and variables',
  rows: () =>
    SETTINGS.map(({ flag, variable, default: fallback, help }) => [
      code(`--${flag}`),
      code(variable),
      code(fallback),
      help.replaceAll('|', '\\|'),
    ]),
};

const options: DocTable = {
  page: 'docs/library.md',
  heading: '## Options',
  rows(written) {
    const ofListener: readonly string[] = LISTENER_OPTIONS;
    return inOrder(written, [...Object.keys(OPTIONS), ...ofListener]).map(([name, cells = []]) => {
      const help = Object.entries(CORE_SETTINGS)
        .find(([other]) => other === name)?.[1]
        .help.replaceAll('|', '\\|');
      const of = ofListener.includes(name) ? code('createListener') : 'both';
      return [code(name), of, cells.at(-1) ?? help ?? '(say what it does)'];
    });
  },
};

/** Names in the order of the page's rows, each with the cells that it has there; new ones at the end. */
const inOrder = (written: ReadonlyMap<string, readonly string[]>, names: readonly string[]) =>
  [...new Set([...written.keys(), ...names.map(code)])]
    .map((cell) => [cell.replaceAll('`', ''), written.get(cell)] as const)
    .filter(([name]) => names.includes(name));

const errors: DocTable = {
  page: 'docs/troubleshoot.md',
  heading: '## Errors',
  rows: (written) =>
    Object.entries(ERRORS).map(([name, { status, proxyError }]) => {
      const [cause = '(say when)', remedy = '(say what to do)'] = written.get(code(name))?.slice(-2) ?? [];
      return [code(name), String(status), code(proxyError), cause, remedy];
    }),
};

/** The tables of header names, by their headings. The reason of each name is the comment after it. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '## Hop-by-hop: removed in both directions': { HOP_BY_HOP },
  '## Removed from every request': { COMMON_REQUEST_FIELDS },
  '## Removed from every request, by the beginning of the name': { REQUEST_FIELD_PREFIXES },
  '## Removed from a request if the token is injected': { PROXY_REQUEST_FIELDS },
  '## Removed from every response': { COMMON_RESPONSE_FIELDS },
  '## Removed from a response if the token was injected': { PROXY_RESPONSE_FIELDS },
  '## Removed from every response if there are upstream headers': { GATEWAY_RESPONSE_FIELDS },
  '## Removed from a request whose response is edited': { CONDITIONS },
  '## Removed from a response that was edited': { OF_THE_BYTES },
  '## Removed from a response from which something was taken out': { COUNTS },
  '## Kept with a list from which entries were taken out': { KEPT_WITH_FILTERED_LIST },
};

const headers = Object.entries(HEADERS).map(
  ([heading, named]): DocTable => ({
    page: 'docs/headers.md',
    heading,
    rows: () =>
      Object.entries(named).flatMap(([table, names]) => {
        const reasons = reasonsOf(table);
        return names.map((name) => [code(name), reasons.get(name) ?? SAY_WHY]);
      }),
  }),
);

const ownHeaders: DocTable = {
  page: 'docs/headers.md',
  heading: '## Set on a response if the token was injected',
  rows() {
    const source = read('src/http/header-tables.ts');
    return OWN_RESPONSE_FIELDS.map(([name, value]) => {
      const [, reason = SAY_WHY] = source.split(`  ['${name}', '${value}'], // `)[1]?.match(/^(.*)$/m) ?? [];
      return [code(name), code(value), reason];
    });
  },
};

const SAY_WHY = '(say why)';

function reasonsOf(table: string): ReadonlyMap<string, string> {
  const source = read('src/http/header-tables.ts');
  const [, lines = ''] = new RegExp(`^export const ${table}: FieldTable = \\[\n([^\\]]*)\\];$`, 'm').exec(source) ?? [];
  return new Map([...lines.matchAll(/^ {2}'([^']+)', \/\/ (.+)$/gm)].map(([, name, reason]) => [name!, reason!]));
}

const rights = Object.keys(RIGHTS_HEADINGS).map(
  (heading): DocTable => ({ page: 'docs/rights.md', heading, rows: () => rightsRows(heading) }),
);

const recipes = programNames().map(
  (name): DocTable => ({ page: 'docs/clients.md', heading: `### ${name}`, rows: () => rightRows(name) }),
);

const clientKeys: DocTable = {
  page: 'docs/clients-reference.md',
  heading: '## The file',
  rows: (written) =>
    inOrder(written, CLIENT_KEYS).map(([name, cells]) => [code(name), cells?.at(-1) ?? '(say what its rule is)']),
};

const missing: DocTable = {
  page: 'docs/works-with.md',
  heading: '## What the recipes leave out',
  rows: missingRows,
};

const TABLES: readonly DocTable[] = [
  ...[settings, options, errors, ...headers, ownHeaders],
  ...[clientKeys, ...rights, ...recipes, missing],
];

/** The first fenced block of JSON below a heading. */
interface DocBlock {
  readonly page: string;
  readonly heading: string;
  readonly json: string;
}

const BLOCKS: readonly DocBlock[] = programNames().map((name) => ({
  page: 'docs/clients.md',
  heading: `### ${name}`,
  json: recipeBlock(name),
}));

const urlOf = (file: string): URL => new URL(`../${file}`, import.meta.url);
const read = (file: string): string => readFileSync(urlOf(file), 'utf8');

/** The pages with their tables, as the code has them now. */
export function generatedPages(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  for (const table of TABLES) pages.set(table.page, withTable(pages.get(table.page) ?? read(table.page), table));
  for (const block of BLOCKS) pages.set(block.page, withBlock(pages.get(block.page) ?? read(block.page), block));
  return pages;
}

/** @throws Error if the page has no such block */
function withBlock(text: string, { page, heading, json }: DocBlock): string {
  const start = text.indexOf(`\n${heading}\n`);
  const open = text.indexOf('\n```json\n', start);
  if (start === -1 || open === -1) throw new Error(`${page} has no block of JSON below "${heading}"`);
  const first = open + '\n```json\n'.length;
  return `${text.slice(0, first)}${json}${text.slice(text.indexOf('\n```\n', first))}`;
}

/** @throws Error if the page has no such table */
function withTable(text: string, { page, heading, rows }: DocTable): string {
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  const head = lines.findIndex((line, index) => index > start && line.startsWith('|'));
  if (start === -1 || head === -1) throw new Error(`${page} has no table below "${heading}"`);
  const first = head + 2;
  const length = lines.slice(first).findIndex((line) => !line.startsWith('|'));
  const end = length === -1 ? lines.length : first + length;
  const written = new Map(lines.slice(first, end).map((line) => [cellsOf(line)[0]!, cellsOf(line)] as const));
  const table = rows(written).map((cells) => `| ${cells.join(' | ')} |`);
  return [...lines.slice(0, first), ...table, ...lines.slice(end)].join('\n');
}

const cellsOf = (row: string): string[] =>
  row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [page, text] of generatedPages()) writeFileSync(urlOf(page), text);
}
