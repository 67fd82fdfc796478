// Imports run one way through the house: adapters use the core, and never the other way round.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const IMPORT = /(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)'/g;

/** The files that each file imports, all by their paths from the root. */
const IMPORTS = new Map(
  globSync(['src/**/*.ts', 'adapters/**/*.ts'], { cwd: ROOT }).map((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const imported = [...text.matchAll(IMPORT)].map(([, path]) => relative(ROOT, join(ROOT, dirname(file), path!)));
    return [file, imported];
  }),
);

for (const [from, never] of [
  ['src/', 'adapters/'],
  ['adapters/http1/', 'adapters/node/'],
  ['adapters/http1/', 'adapters/web/'],
  ['adapters/web/', 'adapters/node/'],
] as const) {
  test(`nothing in ${from} imports anything of ${never}`, () => {
    const files = [...IMPORTS].filter(([file]) => file.startsWith(from));
    assert.ok(files.length > 0);
    for (const [file, imported] of files) {
      for (const path of imported) assert.ok(!path.startsWith(never), `${file} imports ${path}`);
    }
  });
}
