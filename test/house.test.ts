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

/** What each room of `src/` may import, besides itself. A room stands below those that import it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // the words of HTTP and the seams
  http: [],
  // tools on HTTP
  json: ['nearest-name'],
  bodies: ['http'],
  web: ['http'],
  // may they? a pure function: client and request to decision
  policy: ['nearest-name', 'http'],
  // who is it? tokens of issuers
  identity: ['http', 'json', 'bodies', 'policy', 'nearest-name'],
  // text to clients, with all problems
  clients: ['http', 'json', 'policy', 'identity', 'nearest-name'],
  // credentials to principal
  auth: ['clients', 'policy', 'identity', 'http'],
  // principal and endpoint to Sentry's token
  tokens: ['http', 'json', 'policy', 'nearest-name'],
  // decision to what is forwarded and what is filtered
  enforce: ['policy', 'auth', 'tokens', 'bodies', 'json', 'http'],
  // texts and options to configuration
  config: ['clients', 'auth', 'identity', 'tokens', 'http', 'nearest-name'],
  // the steps in order, and the composition
  pipeline: [
    'http',
    'json',
    'bodies',
    'web',
    'policy',
    'clients',
    'identity',
    'auth',
    'tokens',
    'enforce',
    'config',
    'call-back',
  ],
};

/** The room of a file of `src/`; for a file outside a room, its name. */
const roomOf = (file: string): string => file.split('/')[1]!.replace(/\.ts$/, '');

for (const [room, others] of Object.entries(MAY_IMPORT)) {
  test(`src/${room} imports nothing from above: ${['itself', ...others].join(', ')}`, () =>
    holds(`src/${room}/`, (path) => path.startsWith('src/') && [room, ...others].includes(roomOf(path))));
}

test('every room of src/ is in the table of imports', () => {
  const rooms = new Set([...IMPORTS.keys()].filter((file) => /^src\/.+\//.test(file)).map(roomOf));
  assert.deepEqual([...rooms].sort(), Object.keys(MAY_IMPORT).sort());
});

/** What each room of `adapters/http1/` may import of the others. */
const HTTP1_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // a message of either direction: its head, its framing, its body
  message: [],
  // a request to Sentry and its response
  client: ['message'],
  // how connections come in: the address, TLS, and the room for all of them
  listen: [],
  // a client's connection: its request and the answer
  server: ['message', 'listen'],
};

for (const [room, others] of Object.entries(HTTP1_MAY_IMPORT)) {
  const allowed = ['src/', ...[room, ...others].map((name) => `adapters/http1/${name}/`)];
  test(`adapters/http1/${room} imports only these: ${allowed.join(', ')}`, () =>
    holds(`adapters/http1/${room}/`, (path) => allowed.some((place) => path.startsWith(place))));
}

test('every room of adapters/http1/ is in the table of imports', () => {
  const rooms = new Set(
    [...IMPORTS.keys()].filter((file) => file.startsWith('adapters/http1/')).map((file) => file.split('/')[2]),
  );
  assert.deepEqual([...rooms].sort(), Object.keys(HTTP1_MAY_IMPORT).sort());
});

for (const [from, never] of [
  ['src/', 'adapters/'],
  ['adapters/http1/', 'adapters/node/'],
  ['adapters/http1/', 'adapters/web/'],
  ['adapters/system-token/', 'adapters/node/'],
  ['adapters/token-files/', 'adapters/node/'],
  ['adapters/web/', 'adapters/node/'],
] as const) {
  test(`nothing in ${from} imports anything of ${never}`, () => holds(from, (path) => !path.startsWith(never)));
}

test('a room has at most 12 files, and src/ at most 4 outside a room', () => {
  const counts = new Map<string, number>();
  for (const file of IMPORTS.keys()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  assert.ok(counts.get('src')! <= 4, 'src/');
  const full = [...counts].filter(([, count]) => count > 12).map(([room, count]) => `${room}: ${count}`);
  assert.deepEqual(full, []);
});

test('a file of code has at most 250 lines', () => {
  const long = [...IMPORTS.keys()].filter(
    (file) =>
      file !== 'src/policy/sentry/endpoints.ts' && readFileSync(join(ROOT, file), 'utf8').split('\n').length > 251,
  );
  assert.deepEqual(long, []);
});

test('adapters/node-http imports nothing of the program but the token and its database', () => {
  const rooms = ['src/', 'adapters/node-http/', 'adapters/http1/', 'adapters/system-token/', 'adapters/token-files/'];
  holds('adapters/node-http', (path) => rooms.some((room) => path.startsWith(room)));
});

test('no room imports an entry of the package', () => {
  const entries = [...IMPORTS.keys()].filter((file) => /^adapters\/[^/]+$/.test(file));
  assert.ok(entries.length > 0);
  holds('', (path) => !entries.includes(path));
});

test('no file imports itself, directly or through others', () => {
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
