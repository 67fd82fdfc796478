import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SETTINGS } from '../adapters/node/config/settings.ts';
import { ERRORS } from '../src/errors.ts';
import {
  COMMON_REQUEST_FIELDS,
  COMMON_RESPONSE_FIELDS,
  type FieldTable,
  HOP_BY_HOP,
  PROXY_REQUEST_FIELDS,
  PROXY_RESPONSE_FIELDS,
} from '../src/field-tables.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The rows of the table under a heading, without its two head rows, cells trimmed. */
function tableUnder(heading: string): string[][] {
  const start = readme.indexOf(`\n${heading}\n`);
  assert.notEqual(start, -1, `README has no heading "${heading}"`);
  const lines = readme.slice(start + heading.length + 2).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = lines.slice(first, first + lines.slice(first).findIndex((line) => !line.startsWith('|')));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const rowsOf = (table: FieldTable) => Object.entries(table).map(([name, reason]) => [`\`${name}\``, reason]);

describe('README', () => {
  const tables: [string, FieldTable][] = [
    ['#### Dropped on both ways, always: hop-by-hop', HOP_BY_HOP],
    ['#### Dropped from every request', COMMON_REQUEST_FIELDS],
    ['#### Dropped from a request when the token is injected', PROXY_REQUEST_FIELDS],
    ['#### Dropped from every response', COMMON_RESPONSE_FIELDS],
    ['#### Dropped from a response when the token was injected', PROXY_RESPONSE_FIELDS],
  ];
  for (const [heading, table] of tables) {
    it(`shows the header table as it is: ${heading.slice(5)}`, () => {
      assert.deepEqual(tableUnder(heading), rowsOf(table));
    });
  }

  it('shows every flag with its variable and default', () => {
    const expected = SETTINGS.map(({ flag, variable, default: fallback, help }) => [
      `\`--${flag}\``,
      `\`${variable}\``,
      fallback === '' ? '' : `\`${fallback}\``,
      help.replaceAll('|', '\\|'),
    ]);
    assert.deepEqual(tableUnder('## Flags and variables'), expected);
  });

  it('shows the error table as it is', () => {
    const expected = Object.entries(ERRORS).map(([name, { status, proxyError }]) => [
      `\`${name}\``,
      String(status),
      `\`${proxyError}\``,
    ]);
    const shown = tableUnder('### Errors').map(([name, status, proxyError]) => [name, status, proxyError]);
    assert.deepEqual(shown, expected);
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1]!);
    assert.ok(links.length > 5);
    for (const link of links) assert.ok(existsSync(new URL(`../${link}`, import.meta.url)), `README links to ${link}`);
  });
});
