// The recipes of docs/edge-recipes.md, run as far as they can be without the platforms.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { makeLibrary } from '../support/builds.ts';
import { startChild } from '../support/child-process.ts';
import { fieldNames, fieldValue } from '../support/message.ts';
import { answer, type Connection, response, Upstream } from '../support/upstream.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/edge-recipes.md'), 'utf8');
const ALIAS = 'alias-of-the-recipes';
const TOKEN = 'token-of-the-recipes';
const GATEWAY_KEY = 'key-of-a-gateway';
const BODY = JSON.stringify({ name: 'x'.repeat(1000) });

/** The code of the page by platform and file. */
const RECIPES = new Map(
  [...PAGE.matchAll(/<!-- (\w+): (\S+) -->\n```\w+\n(.*?)```/gs)].map(([, by, file, code]) => [`${by}/${file}`, code!]),
);

let folder: string;
let upstream: Upstream;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-recipes-'));
  upstream = await Upstream.start();
  const installed = join(folder, 'node_modules/sentry-api-proxy');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  await makeLibrary(join(installed, 'dist'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [path, code] of RECIPES) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
});

after(async () => {
  await upstream?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const settings = () => ({
  SENTRY_URI: upstream.uri,
  SENTRY_TOKEN: TOKEN,
  ALIAS_TOKEN: ALIAS,
  UPSTREAM_HEADERS: `X-Gateway-Key: ${GATEWAY_KEY}`,
});

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** A GET and a POST reach Sentry byte for byte, with the token and the gateway's key. */
async function proxies(fetch: Fetch, origin: string, extra: Record<string, string> = {}): Promise<void> {
  const connections: Connection[] = upstream.play(answer(response('200 OK', ['Connection: close'], 'ok')));
  const headers = { Authorization: `Bearer ${ALIAS}`, 'Content-Type': 'application/json', ...extra };
  const path = '/api/0/organizations/?query=a%20b&a=1&a=2';
  for (const init of [{}, { method: 'POST', body: BODY }]) {
    const answered = await fetch(origin + path, { ...init, headers });
    assert.equal(await answered.text(), 'ok');
  }
  const [get, post] = connections.map(({ request }) => request!);
  for (const request of [get!, post!]) {
    assert.equal(request.target, path);
    assert.equal(fieldValue(request, 'Authorization'), `Bearer ${TOKEN}`);
    assert.equal(fieldValue(request, 'X-Gateway-Key'), GATEWAY_KEY);
    for (const name of Object.keys(extra)) assert.ok(!fieldNames(request).includes(name), name);
  }
  assert.equal(post!.content.toString(), BODY);
  const refused = await fetch(`${origin}/api/0/`, { headers: { Authorization: 'Bearer another' } });
  assert.equal(refused.status, 200);
  assert.equal(fieldValue(connections[2]!.request!, 'Authorization'), 'Bearer another');
}

/** The default export of a module that reads its settings from the environment when it is loaded. */
async function loaded(path: string): Promise<unknown> {
  const before = { ...process.env };
  Object.assign(process.env, settings());
  try {
    return (await import(pathToFileURL(join(folder, path)).href)).default;
  } finally {
    process.env = before;
  }
}

/** Starts a server, for as long as the test runs. @returns its origin */
async function served(t: TestContext, program: string, args: readonly string[]): Promise<string> {
  const child = startChild(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', DENO_SERVE_ADDRESS: 'tcp:127.0.0.1:0', ...settings() },
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece));
  const deadline = performance.now() + 30_000;
  for (;;) {
    const port = /http:\/\/[\w.]+:(\d+)\/?\s/.exec(output)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
    assert.ok(child.exitCode === null && performance.now() < deadline, `it does not listen:\n${output}`);
    await sleep(20);
  }
}

describe('the recipes', () => {
  it('for Vercel is a function on Node that takes a Request', async () => {
    const recipe = (await loaded('vercel/sentry.js')) as { fetch(request: Request): Promise<Response> };
    const call: Fetch = (url, init) => recipe.fetch(new Request(url, init));
    await proxies(call, 'https://proxy.vercel.example', { 'x-vercel-oidc-token': 'secret' });
  });

  it('for Vercel runs on its Edge runtime', async (t) => {
    await build({
      entryPoints: [join(folder, 'vercel/sentry.js')],
      bundle: true,
      format: 'iife',
      globalName: 'recipe',
      footer: { js: "addEventListener('fetch', (event) => event.respondWith(recipe.default.fetch(event.request)));" },
      outfile: join(folder, 'vercel/edge.js'),
    });
    const server = join(import.meta.dirname, '../support/edge-runtime-server.ts');
    const origin = await served(t, process.execPath, [server, 'vercel/edge.js']);
    await proxies(fetch, origin, { 'x-vercel-oidc-token': 'secret' });
  });

  it('for Vercel sends every path to the function', () => {
    const { rewrites } = JSON.parse(RECIPES.get('vercel/vercel.json')!);
    assert.deepEqual(rewrites, [{ source: '/(.*)', destination: '/api/sentry' }]);
  });

  it('for Netlify is a function that takes a Request', async () => {
    const recipe = (await loaded('netlify/sentry.mjs')) as (request: Request) => Promise<Response>;
    const call: Fetch = (url, init) => recipe(new Request(url, init));
    await proxies(call, 'https://proxy.netlify.example', { 'x-nf-client-connection-ip': '203.0.113.7' });
  });

  it('for Deno Deploy serves on Deno, with access to network and environment only', async (t) => {
    const deno = join(ROOT, 'node_modules/.bin/deno');
    await proxies(fetch, await served(t, deno, ['run', '--allow-net', '--allow-env', 'deno/main.js']));
  });

  for (const path of ['vercel/sentry.js', 'netlify/sentry.mjs']) {
    it(`fails when it is loaded without its variables, and names the options: ${path}`, () => {
      const { href } = pathToFileURL(join(folder, path));
      const load = () =>
        execFileSync(process.execPath, ['--input-type=module', '-e', `await import('${href}')`], {
          env: { PATH: process.env.PATH },
          stdio: ['ignore', 'pipe', 'pipe'],
          encoding: 'utf8',
        });
      assert.throws(load, /sentryUri is not a URL.*token is empty/s);
    });
  }

  it('are all of them run', () => {
    const all = ['vercel/sentry.js', 'vercel/vercel.json', 'netlify/sentry.mjs', 'deno/main.js'];
    assert.deepEqual([...RECIPES.keys()], all);
    assert.equal(PAGE.match(/^```\w+$/gm)?.length, all.length);
  });
});
