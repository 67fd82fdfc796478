// The documentation as its tests read it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** The text of a file, by its path from the root of the repository. */
export const text = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

interface Row {
  /** Of the page, from 1. */
  readonly line: number;
  /** Trimmed. */
  readonly cells: readonly string[];
}

/** The table under a heading of a file, without its two head rows. */
function rowsUnder(file: string, heading: string): { rows: readonly Row[]; end: number } {
  const lines = text(file).split('\n');
  const start = lines.indexOf(heading);
  assert.notEqual(start, -1, `${file} has no heading "${heading}"`);
  const first = lines.findIndex((line, index) => index > start && line.startsWith('|'));
  const end = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  const rows = lines.slice(first + 2, end).map((row, index) => ({
    line: first + 3 + index,
    cells: row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  }));
  return { rows, end };
}

/** The cells of the table under a heading of a file, without its two head rows. */
export function tableUnder(file: string, heading: string): (readonly string[])[] {
  return rowsUnder(file, heading).rows.map(({ cells }) => cells);
}

/**
 * Asserts that the first cells of each row are these. The message names the page and the line that is out of date.
 *
 * @param expected the cells of each row; those after them are written by hand.
 */
export function assertTable(file: string, heading: string, expected: readonly (readonly string[])[]): void {
  const { rows, end } = rowsUnder(file, heading);
  for (let index = 0; index < Math.max(rows.length, expected.length); index++) {
    const row = rows[index];
    const wanted = expected[index];
    const where = `${file}, line ${row?.line ?? end + 1}, is out of date`;
    assert.deepEqual(row?.cells.slice(0, wanted?.length ?? row.cells.length), wanted, where);
  }
}

/** The line, from 1, of what is found at this place of a text. */
export const lineOf = (page: string, index: number): number => page.slice(0, index).split('\n').length;
