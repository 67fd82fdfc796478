// CONTRIBUTING.md and .ci/run name files: those that are there, and all of them.
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lineOf, tableUnder, text } from '../support/pages.ts';

const ROOT = new URL('../../', import.meta.url);

describe('CONTRIBUTING.md', () => {
  it('names files that exist for each kind of change', () => {
    const page = text('CONTRIBUTING.md');
    const rows = tableUnder('CONTRIBUTING.md', '## What to change');
    assert.ok(rows.length > 5);
    for (const [change = '', ...cells] of rows) {
      const paths = cells.flatMap((cell) =>
        [...cell.matchAll(/`(?:node )?([\w-]+[/.][\w./-]+)`/g)].map(([, path]) => path!),
      );
      assert.ok(paths.length > 1, change);
      const line = lineOf(page, page.indexOf(`| ${change} |`));
      for (const path of paths)
        assert.ok(existsSync(new URL(path, ROOT)), `CONTRIBUTING.md, line ${line}, names ${path}`);
    }
  });

  it('shows how to run a test file that exists', () => {
    const [, file] = /npx node --test (\S+)/.exec(text('CONTRIBUTING.md'))!;
    assert.ok(existsSync(new URL(file!, ROOT)), `CONTRIBUTING.md names ${file}`);
  });
});

describe('.ci/run', () => {
  const steps = text('.ci/run');
  const files = globSync('test/**/*.ci.ts', { cwd: ROOT, exclude: ['**/node_modules/**'] });

  for (const file of files) {
    it(`runs ${file}`, () => assert.ok(steps.split(/\s+/).includes(file)));
  }
});
