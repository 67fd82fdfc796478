// The examples of docs/library.md, run as a user runs them: with the package installed as it is built.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createListener } from '../../adapters/node-http.ts';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { createProxy } from '../../src/index.ts';
import { startWorkerd } from '../contract/edge-workerd.ts';
import { builtWorker, makeLibrary } from '../support/builds.ts';
import { startChild } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { fieldValue } from '../support/message.ts';
import { RawClient } from '../support/raw-client.ts';
import { answer, type Connection, OK, response, Upstream } from '../support/upstream.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
const ALIAS = 'alias-of-the-documentation';
const TOKEN = 'token-of-the-documentation';
const SYSTEM_TOKEN = '3'.repeat(64);
const BODY = JSON.stringify({ name: 'x'.repeat(1000) });

/** The examples by their file's name, each with what runs it. */
const EXAMPLES = new Map(
  [...PAGE.matchAll(/<!-- (?:run: )?(\w+):? (\S+) -->\n```ts\n(.*?)```/gs)].map(([, by, file, code]) => [
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
  await makeLibrary(join(installed, 'dist'));
  for (const name of ['express', 'fastify', 'hono', '@types']) {
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

const STRICT = {
  ...{ target: 'es2023', module: 'nodenext', strict: true, noEmit: true, exactOptionalPropertyTypes: true },
  ...{ noUncheckedIndexedAccess: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true, noUnusedParameters: true },
};

/** What the types of these files export, each of which is explained. */
const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  'src/index.d.ts': ['Proxy', 'ProxyEnv', 'createProxy', 'makeEnv', 'handle'],
  'src/config/option-types.d.ts': ['ProxyOptions', 'OptionsError'],
  'src/http/errors.d.ts': ['ErrorName', 'ProxyError'],
  'src/http/types.d.ts': ['BodyReader', 'Body', 'EditedFields', 'Fields', 'Signal', 'Transport'],
  'src/http/request-context.d.ts': ['RequestRecord'],
  'src/tokens/token-source.d.ts': ['TokenSource'],
  'adapters/node-http.d.ts': ['Listener', 'createListener'],
  'adapters/worker.d.ts': ['_default'],
  'adapters/deno.d.ts': ['_default'],
  'adapters/bun.d.ts': ['_default'],
};

/** Runs the compiler of types on files next to the installed package. */
function typeCheck(name: string, config: object): void {
  writeFileSync(join(folder, name), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', name], { cwd: folder, encoding: 'utf8' });
  assert.deepEqual([status, stdout], [0, '']);
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
    const { url, ended, end } = await run(t, 'node-http.ts');
    await proxies((path, init) => fetch(url + path, init), '', SYSTEM_TOKEN);
    end();
    assert.deepEqual(await ended, [0, null]);
  });

  for (const file of ['express.ts', 'fastify.ts', 'hono.ts']) {
    it(`${file} proxies below its path, next to its own route`, async (t) => {
      const { url } = await run(t, file);
      await proxies((path, init) => fetch(url + path, init), '/sentry');
      assert.equal(await fetch(`${url}/hello`).then((response) => response.text()), 'hello');
    });
  }

  it('for Hono waits longer for Sentry than Bun by itself, and takes large bodies', async (t) => {
    const { url } = await run(t, 'hono.ts');
    const headers = { Authorization: `Bearer ${ALIAS}` };
    upstream.play(async (connection) => {
      await connection.whole();
      await sleep(14_000);
      connection.send(OK);
    });
    assert.equal(await fetch(`${url}/sentry/api/0/`, { headers }).then((response) => response.text()), 'ok');
    const connections = upstream.play(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 6\r\n\r\nsentry');
    });
    const client = await RawClient.connect({ host: '127.0.0.1', port: Number(new URL(url).port) }, 'POST');
    t.after(() => client.socket.destroy());
    const fields = `Authorization: Bearer ${ALIAS}\r\nContent-Length: ${200 * 1024 * 1024}`;
    await client.write(`POST /sentry/api/0/ HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n${'x'.repeat(65_536)}`);
    assert.equal((await client.reply()).content.toString(), 'sentry');
    assert.equal(connections.length, 1);
  });

  it('for Next.js is a route handler for each method', async () => {
    const before = { ...process.env };
    Object.assign(process.env, settings());
    try {
      const route = await import(pathToFileURL(join(folder, 'route.ts')).href);
      const call: Fetch = (path, init) => {
        const request = new Request(`http://next.example${path}`, init);
        return route[request.method](request);
      };
      await proxies(call, '/sentry');
    } finally {
      process.env = before;
    }
  });

  it('for Workers proxies below its path, next to its own route', async (t) => {
    const entryPoints = [join(folder, 'worker.ts')];
    const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', write: false });
    const { compatibilityDate, compatibilityFlags } = await builtWorker();
    const worker = { script: outputFiles[0]!.text, compatibilityDate, compatibilityFlags };
    const running = await startWorkerd(worker, settings());
    t.after(() => running.stop());
    const url = `http://127.0.0.1:${running.port}`;
    await proxies((path, init) => fetch(url + path, init), '/sentry');
    assert.equal(await fetch(`${url}/hello`).then((response) => response.text()), 'hello');
  });

  it('for a test needs no Sentry and no network', () => {
    execFileSync(process.execPath, ['--test', 'proxy.test.ts'], { cwd: folder, env: { PATH: process.env.PATH } });
  });

  it('for readiness says whether requests get through', async () => {
    const { isReady } = await import(pathToFileURL(join(folder, 'readiness.ts')).href);
    const options = { sentryUri: upstream.uri, token: TOKEN, aliasTokens: [ALIAS] };
    upstream.play(answer(OK));
    assert.equal(await isReady(createProxy(options), ALIAS), true);
    upstream.play(answer(response('401 Unauthorized')));
    assert.equal(await isReady(createProxy(options), ALIAS), false);
    assert.equal(await isReady(createProxy({ ...options, sentryUri: 'http://127.0.0.1:9' }), ALIAS), false);
  });

  it('type-check in strict TypeScript', () => {
    const compilerOptions = { ...STRICT, lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'] };
    typeCheck('tsconfig.json', {
      compilerOptions: { ...compilerOptions, skipLibCheck: true },
      files: [...EXAMPLES.keys()],
    });
  });

  it('are all of them run', () => {
    const all = [
      ...['node-http.ts', 'express.ts', 'fastify.ts', 'hono.ts', 'route.ts', 'worker.ts'],
      ...['proxy.test.ts', 'readiness.ts'],
    ];
    assert.deepEqual([...EXAMPLES.keys()], all);
    assert.equal(PAGE.match(/```[jt]s/g)?.length, all.length);
  });
});

describe('the types of the library', () => {
  it('need no library of types but ES2022 and the DOM', () => {
    const code = `import { createProxy, type ErrorName, type RequestRecord } from 'sentry-api-proxy';
      export async function once(url: string): Promise<void> {
        await using proxy = createProxy({
          sentryUri: url,
          token: { get: () => 'x', renew: async () => undefined },
          allowAnyClient: true,
          onRequest: ({ error }: RequestRecord) => note(error),
        });
        await proxy.fetch(new Request(url));
      }
      const note = (_name: ErrorName | undefined): void => {};`;
    writeFileSync(join(folder, 'bare.ts'), code);
    const compilerOptions = { ...STRICT, target: 'es2022', lib: ['es2022', 'dom'], types: [] };
    typeCheck('tsconfig.bare.json', { compilerOptions, files: ['bare.ts'] });
  });

  it('name errors from the entry for node:http as well', () => {
    writeFileSync(join(folder, 'names.ts'), "export type { ErrorName } from 'sentry-api-proxy/node-http';");
    const compilerOptions = { ...STRICT, lib: ['es2022', 'dom'], types: ['node'], skipLibCheck: true };
    typeCheck('tsconfig.names.json', { compilerOptions, files: ['names.ts'] });
  });

  for (const [entry, names] of Object.entries(DOCUMENTED)) {
    it(`explain what ${entry} exports`, () => {
      const text = readFileSync(join(folder, 'node_modules/sentry-api-proxy/dist/types', entry), 'utf8');
      for (const name of names) {
        assert.match(
          text,
          new RegExp(`\\*/\\n(?:export )?(?:declare )?(?:const|type|interface|class|function) ${name}\\b`),
        );
      }
    });
  }
});

describe('the page about the library', () => {
  it('names everything that the package exports', async () => {
    for (const entry of ['../../src/index.ts', '../../adapters/node-http.ts']) {
      for (const name of Object.keys(await import(entry))) {
        assert.match(PAGE, new RegExp(`\`${name}\\b`), `docs/library.md does not explain ${name} of ${entry}`);
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
