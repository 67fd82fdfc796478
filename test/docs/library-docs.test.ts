// The examples of docs/library.md, run as a user runs them: with the package installed as it is built.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createListener } from '../../adapters/node-http.ts';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { builtWorker, startWorkerd } from '../contract/edge-workerd.ts';
import { startChild } from '../support/child-process.ts';
import { fieldValue } from '../support/message.ts';
import { answer, type Connection, OK, Upstream } from '../support/upstream.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
const ALIAS = 'alias-of-the-documentation';
const TOKEN = 'token-of-the-documentation';
const SYSTEM_TOKEN = '3'.repeat(64);
const BODY = JSON.stringify({ name: 'x'.repeat(1000) });

/** The examples by their file's name, each with what runs it. */
const EXAMPLES = new Map(
  [...PAGE.matchAll(/<!-- (?:run: )?(\w+):? (\S+) -->\n```js\n(.*?)```/gs)].map(([, by, file, code]) => [
    file!,
    { by: by!, code: code! },
  ]),
);

let folder: string;
let upstream: Upstream;
let postgres: Postgres;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-library-'));
  upstream = await Upstream.start();
  const installed = join(folder, 'node_modules/sentry-api-proxy');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  execFileSync(process.execPath, ['build-library.ts', join(installed, 'dist')], { cwd: ROOT, stdio: 'inherit' });
  for (const name of ['express', 'fastify', 'hono']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [file, { code }] of EXAMPLES) writeFileSync(join(folder, file), code);
  postgres = await startPostgres();
  await postgres.query("INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', $1)", [
    JSON.stringify(SYSTEM_TOKEN),
  ]);
});

after(async () => {
  await upstream?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const settings = () => ({ SENTRY_URI: upstream.uri, SENTRY_TOKEN: TOKEN, ALIAS_TOKEN: ALIAS });

/** Runs an example as a program, for as long as the test does. */
async function run(t: TestContext, file: string): Promise<{ url: string; ended: Promise<unknown>; end: () => void }> {
  const { by } = EXAMPLES.get(file)!;
  const port = await freePort();
  const program = by === 'node' ? process.execPath : join(ROOT, 'node_modules/.bin', by);
  const child = startChild(program, [file], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port), PGX_CONN: postgres.connectionString, ...settings() },
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece));
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 30_000;
  for (;;) {
    const isThere = await fetch(`${url}/hello`).then(
      () => true,
      () => false,
    );
    if (isThere) return { url, ended: once(child, 'exit'), end: () => child.kill('SIGTERM') };
    assert.ok(child.exitCode === null && performance.now() < deadline, `it does not listen:\n${output}`);
  }
}

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

/** A GET and a POST reach Sentry below the mount, with the token and byte for byte. */
async function proxies(fetch: Fetch, mount: string, token = TOKEN): Promise<void> {
  const connections: Connection[] = upstream.play(answer(OK));
  const headers = { Authorization: `Bearer ${ALIAS}`, 'Content-Type': 'application/json' };
  const path = '/api/0/organizations/?query=a%20b&a=1&a=2';
  for (const init of [{}, { method: 'POST', body: BODY }]) {
    const response = await fetch(mount + path, { ...init, headers });
    assert.equal(await response.text(), 'ok');
  }
  const [get, post] = connections.map(({ request }) => request!);
  for (const request of [get!, post!]) {
    assert.equal(request.target, path);
    assert.equal(fieldValue(request, 'Authorization'), `Bearer ${token}`);
  }
  assert.equal(post!.content.toString(), BODY);
}

describe('the examples of the library', () => {
  it('for node:http reads the system token, and ends by itself after SIGTERM', async (t) => {
    const { url, ended, end } = await run(t, 'node-http.js');
    await proxies((path, init) => fetch(url + path, init), '', SYSTEM_TOKEN);
    end();
    assert.deepEqual(await ended, [0, null]);
  });

  for (const file of ['express.js', 'fastify.js', 'hono.js']) {
    it(`${file} proxies below its path, beside a route of its own`, async (t) => {
      const { url } = await run(t, file);
      await proxies((path, init) => fetch(url + path, init), '/sentry');
      assert.equal(await fetch(`${url}/hello`).then((response) => response.text()), 'hello');
    });
  }

  it('for Next.js is a route handler for each method', async () => {
    const before = { ...process.env };
    Object.assign(process.env, settings());
    try {
      const route = await import(pathToFileURL(join(folder, 'route.js')).href);
      const call: Fetch = (path, init) => {
        const request = new Request(`http://next.example${path}`, init);
        return route[request.method](request);
      };
      await proxies(call, '/sentry');
    } finally {
      process.env = before;
    }
  });

  it('for Workers proxies below its path, beside a route of its own', async (t) => {
    const entryPoints = [join(folder, 'worker.js')];
    const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', write: false });
    const { compatibilityDate, compatibilityFlags } = await builtWorker();
    const worker = { script: outputFiles[0]!.text, compatibilityDate, compatibilityFlags };
    const running = await startWorkerd(worker, settings());
    t.after(() => running.stop());
    const url = `http://127.0.0.1:${running.port}`;
    await proxies((path, init) => fetch(url + path, init), '/sentry');
    assert.equal(await fetch(`${url}/hello`).then((response) => response.text()), 'hello');
  });

  it('are all of them run', () => {
    const all = ['node-http.js', 'express.js', 'fastify.js', 'hono.js', 'route.js', 'worker.js'];
    assert.deepEqual([...EXAMPLES.keys()], all);
    assert.equal(PAGE.match(/```js/g)?.length, all.length);
  });
});

describe('the page about the library', () => {
  it('names everything that the package exports', async () => {
    for (const entry of ['../../src/index.ts', '../../adapters/node-http.ts']) {
      for (const name of Object.keys(await import(entry))) {
        assert.match(PAGE, new RegExp(`\`${name}\\b`), `${name} of ${entry}`);
      }
    }
  });
});

describe('the table of options', () => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` \| (both|`createListener`) \|/gm)];

  it('names every option of createProxy', () => {
    const both = rows.filter(([, , of]) => of === 'both').map(([, name]) => name);
    assert.deepEqual(both.sort(), Object.keys(OPTIONS).sort());
  });

  it('names no option that createListener does not know', () => {
    const wrong = Object.fromEntries(rows.map(([, name]) => [name, Symbol('wrong')]));
    assert.throws(
      () => createListener(wrong as never),
      ({ message }: Error) => !message.includes('is not an option'),
    );
  });
});
