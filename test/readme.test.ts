import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SETTINGS } from '../adapters/node/config/settings.ts';
import { ERRORS } from '../src/errors.ts';
import {
  COMMON_REQUEST_FIELDS,
  COMMON_RESPONSE_FIELDS,
  type FieldTable,
  GATEWAY_RESPONSE_FIELDS,
  HOP_BY_HOP,
  PROXY_REQUEST_FIELDS,
  PROXY_RESPONSE_FIELDS,
} from '../src/field-tables.ts';
import { CONDITIONS, OF_THE_BYTES } from '../src/keep-inside.ts';

const text = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

/** The rows of the table under a heading of a file, without its two head rows, cells trimmed. */
function tableUnder(file: string, heading: string): string[][] {
  const page = `\n${text(file)}`;
  const start = page.indexOf(`\n${heading}\n`);
  assert.notEqual(start, -1, `${file} has no heading "${heading}"`);
  const lines = page.slice(start + heading.length + 2).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = lines.slice(first, first + lines.slice(first).findIndex((line) => !line.startsWith('|')));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const docs = readdirSync(new URL('../docs', import.meta.url))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

const rowsOf = (table: FieldTable) => Object.entries(table).map(([name, reason]) => [`\`${name}\``, reason]);

describe('the documentation', () => {
  const tables: [string, FieldTable][] = [
    ['## Hop-by-hop: removed in both directions', HOP_BY_HOP],
    ['## Removed from every request', COMMON_REQUEST_FIELDS],
    ['## Removed from a request if the token is injected', PROXY_REQUEST_FIELDS],
    ['## Removed from every response', COMMON_RESPONSE_FIELDS],
    ['## Removed from a response if the token was injected', PROXY_RESPONSE_FIELDS],
    ['## Removed from every response if there are upstream headers', GATEWAY_RESPONSE_FIELDS],
    ['## Removed from a request whose response is edited', CONDITIONS],
    ['## Removed from a response that was edited', OF_THE_BYTES],
  ];
  for (const [heading, table] of tables) {
    it(`shows the header table as it is: ${heading.slice(3)}`, () => {
      assert.deepEqual(tableUnder('docs/headers.md', heading), rowsOf(table));
    });
  }

  it('shows every flag with its variable and default', () => {
    const expected = SETTINGS.map(({ flag, variable, default: fallback, help }) => [
      `\`--${flag}\``,
      `\`${variable}\``,
      fallback === '' ? '' : `\`${fallback}\``,
      help.replaceAll('|', '\\|'),
    ]);
    assert.deepEqual(tableUnder('docs/configuration.md', '## Flags and variables'), expected);
  });

  it('shows the error table as it is', () => {
    const expected = Object.entries(ERRORS).map(([name, { status, proxyError }]) => [
      `\`${name}\``,
      String(status),
      `\`${proxyError}\``,
    ]);
    const shown = tableUnder('docs/errors.md', '# Errors').map(([name, status, proxyError]) => [
      name,
      status,
      proxyError,
    ]);
    assert.deepEqual(shown, expected);
  });

  for (const file of ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...docs]) {
    it(`links to files that exist: ${file}`, () => {
      const folder = new URL(`../${file}`, import.meta.url);
      const links = [...text(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1]!);
      for (const link of links) assert.ok(existsSync(new URL(link, folder)), `${file} links to ${link}`);
    });
  }

  it('describes every setting that the README names as one of the program', () => {
    const named = [...text('README.md').matchAll(/`--([a-z-]+)/g)].map((match) => match[1]!);
    assert.ok(named.length > 10);
    const flags = new Set(SETTINGS.map(({ flag }) => flag));
    const commands = new Set(['probe', 'version', 'help']);
    for (const flag of named) assert.ok(flags.has(flag) || commands.has(flag), `README names --${flag}`);
  });
});
