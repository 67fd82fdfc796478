// The plan of the house: imports run one way through it, and two proxies in one process share nothing.
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

/** Asserts of each import from one place that it is allowed. */
function holds(from: string, isAllowed: (path: string) => boolean): void {
  const files = [...IMPORTS].filter(([file]) => file.startsWith(from));
  assert.ok(files.length > 0, `there is nothing in ${from}`);
  const wrong = files.flatMap(([file, imported]) =>
    imported.filter((path) => !isAllowed(path)).map((path) => `${file} imports ${path}`),
  );
  assert.deepEqual(wrong, []);
}

for (const [from, never] of [
  ['src/', 'adapters/'],
  ['adapters/http1/', 'adapters/node/'],
  ['adapters/http1/', 'adapters/web/'],
  ['adapters/web/', 'adapters/node/'],
] as const) {
  test(`nothing in ${from} imports anything of ${never}`, () => holds(from, (path) => !path.startsWith(never)));
}

test('adapters/node-http imports nothing of the program but the token and its database', () => {
  const rooms = ['src/', 'adapters/node-http/', 'adapters/http1/', 'adapters/system-token/', 'adapters/token-files/'];
  holds('adapters/node-http', (path) => rooms.some((room) => path.startsWith(room)));
});

test('no room imports an entry of the package', () => {
  const entries = [...IMPORTS.keys()].filter((file) => /^adapters\/[^/]+$/.test(file));
  assert.ok(entries.length > 0);
  holds('', (path) => !entries.includes(path));
});

test('no file imports itself, by whatever way around', () => {
  const finished = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' > '));
    if (way.includes(file) || finished.has(file)) return;
    for (const imported of IMPORTS.get(file) ?? []) visit(imported, [...way, file]);
    finished.add(file);
  };
  for (const file of IMPORTS.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

/** State of a module that changes, by file and name, with the reason why two proxies may share it. */
const SHARED: Readonly<Record<string, string>> = {
  'src/http/request-id.ts: drawn': 'random bytes, each of which is used once, whoever uses it',
  'src/policy/sentry/endpoint-table.ts: table': 'made once of data that never changes',
  'adapters/worker.ts: proxy': 'an entry: the one proxy of an isolate',
};

test('no module keeps state that two proxies would share', () => {
  const STATE =
    /^(?:export )?(?:let|var) (\w+)|^(?:export )?const (\w+)(?:: (?!Readonly)[^=]+)? = new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\);/gm;
  const found = [...IMPORTS.keys()].flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(STATE)].map(
      ([, variable, table]) => `${file}: ${variable ?? table}`,
    ),
  );
  assert.deepEqual(found.sort(), Object.keys(SHARED).sort());
});
