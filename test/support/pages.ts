// The documentation as its tests read it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** The text of a file, by its path from the root of the repository. */
export const text = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** The rows of the table under a heading of a file, without its two head rows, cells trimmed. */
export function tableUnder(file: string, heading: string): string[][] {
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
