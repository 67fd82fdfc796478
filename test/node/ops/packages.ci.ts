// What is shipped: the built file, the npm package and the single executable.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nodeVersionFault } from '../../../adapters/node/cli/node-version.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { startChild } from '../../support/child-process.ts';
import { eventually, get, makeFolder } from '../../support/operator.ts';
import { answer, OK, Upstream } from '../../support/upstream.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folders: (() => void)[] = [];
let built: string;
before(() => {
  built = makeFolder({ after: (clean) => void folders.push(clean as () => void) });
  chmodSync(built, 0o755);
  execFileSync(process.execPath, [join(ROOT, 'build.ts'), built], { stdio: 'inherit', cwd: ROOT });
});
after(() => {
  for (const clean of folders) clean();
});

/** With the commit that was built, or that there is none in a copy without its repository. */
const VERSION = new RegExp(
  `^sentry-api-proxy ${packageJson.version} \\((?:[0-9a-f]{7,}(?:-dirty)?|unknown commit)\\), Node `,
);

describe('the built file', () => {
  // As root it is run as another user; who runs the tests as one already is another user than root.
  const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

  it('serves on a read-only tree, without node_modules, as a user that owns nothing', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    upstream.play(answer(OK));
    let tree = '';
    // Before the folder is removed, which comes in the order of these calls.
    t.after(() => chmodSync(tree, 0o755));
    tree = makeFolder(t);
    const file = join(tree, 'sentry-api-proxy.cjs');
    cpSync(join(built, 'sentry-api-proxy.cjs'), file);
    chmodSync(file, 0o555);
    chmodSync(tree, 0o555);
    const env = { SENTRY_URI: upstream.uri, LISTEN: '127.0.0.1:0', ADMIN_LISTEN: '127.0.0.1:0' };
    const start = (more: Record<string, string>) => {
      const child = startChild(process.execPath, [file], { cwd: tree, env: { ...env, ...more }, ...identity });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (piece: string) => {
          output += piece;
        });
      }
      t.after(() => child.kill('SIGKILL'));
      return () => output;
    };
    const output = start({ SENTRY_TOKEN: 'x' });
    // The database driver is loaded only where there is a database.
    const system = start({ PGX_CONN: 'postgres://u@127.0.0.1:9/d' });
    const place = (event: string) => new RegExp(`"event":"${event}","address":"http://([^:]+):(\\d+)"`).exec(output());
    await eventually(() => place('admin') !== null, `it listens: ${output()}`);
    const [, host = '', port] = place('listening') ?? [];
    assert.equal((await get({ host, port: Number(port) }, '/')).text, 'ok');
    const [, adminHost = '', adminPort] = place('admin') ?? [];
    assert.match((await get({ host: adminHost, port: Number(adminPort) }, '/metrics')).text, /^sentry_api_proxy_/m);
    await eventually(() => /ECONNREFUSED/.test(system()), 'the database is asked');
    assert.deepEqual(readdirSync(tree), ['sentry-api-proxy.cjs']);
  });

  it('knows its version and its licences', () => {
    const version = execFileSync(join(built, 'sentry-api-proxy.cjs'), ['--version'], {
      encoding: 'utf8',
      env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    });
    assert.match(version, VERSION);
  });

  const oldNode = ['/usr/local/bin/node', '/usr/bin/node'].find(
    (node) => existsSync(node) && /^v(?:18|20)\./.test(execFileSync(node, ['--version'], { encoding: 'utf8' })),
  );
  const isMissing = oldNode === undefined ? ' (not run: there is no Node 18 or 20 on this machine)' : '';
  it(`says in one line that the Node is too old${isMissing}`, { skip: oldNode === undefined }, () => {
    for (const args of [['--token=x'], ['--version'], ['--no-such-flag']]) {
      const ran = spawnSync(oldNode!, [join(built, 'sentry-api-proxy.cjs'), ...args], { encoding: 'utf8' });
      assert.deepEqual([ran.status, ran.stdout], [2, '']);
      assert.match(ran.stderr, /^sentry-api-proxy: Node \d+\.\d+\.\d+ is too old; Node 22\.18 or later is needed\n$/);
    }
  });

  it('needs the Node that package.json names', () => {
    assert.equal(nodeVersionFault(packageJson.engines.node.replace('>=', '')), undefined);
    for (const tooOld of ['22.17.1', '20.99.0', '0.10.48']) assert.match(nodeVersionFault(tooOld)!, /22\.18 or later/);
    for (const fit of ['22.18.0', '22.20.1', '24.0.0', '100.1.0']) assert.equal(nodeVersionFault(fit), undefined);
  });
});

describe('the npm package', () => {
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];
  let files: { path: string; mode: number }[];
  /** A folder in which the package is installed, and nothing else. */
  let installed: string;

  // As on a fresh clone: what is not tracked is not there, least of all dist.
  before(() => {
    const clone = makeFolder({ after: (clean) => void folders.push(clean as () => void) });
    const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      cwd: ROOT,
    });
    for (const file of tracked.toString().split('\0')) {
      if (file === '' || !existsSync(join(ROOT, file))) continue;
      mkdirSync(dirname(join(clone, file)), { recursive: true });
      cpSync(join(ROOT, file), join(clone, file));
    }
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    writeFileSync(join(clone, '.env'), 'SENTRY_TOKEN=a-secret-of-the-working-folder\n');
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const packed = execFileSync('npm', ['pack', '--json', ...quiet], { cwd: clone, env, encoding: 'utf8' });
    const [pack] = JSON.parse(packed.slice(packed.indexOf('[')));
    files = pack.files;

    installed = makeFolder({ after: (clean) => void folders.push(clean as () => void) });
    writeFileSync(join(installed, 'package.json'), '{"type":"module"}');
    // Offline, so that a dependency at run time would fail it.
    execFileSync('npm', ['install', '--offline', ...quiet, join(clone, pack.filename)], { cwd: installed, env });
  });

  it('holds the program, the library and its types, and nothing that is not needed', () => {
    const paths = files.map(({ path }) => path);
    const needed = [
      ...['LICENSE', 'dist/sentry-api-proxy.cjs', 'dist/library/index.js', 'dist/types/src/index.d.ts'],
      ...['docs/library.md', 'docs/clients.md', 'clients.schema.json', 'SECURITY.md'],
    ];
    for (const file of needed) assert.ok(paths.includes(file), `${file} is missing`);
    const allowed =
      /^(?:LICENSE|[A-Z]+\.md|package\.json|\.env\.example|(?:clients|tokens)\.schema\.json|bench\/chart\.svg)$|^(?:docs|deploy)\/|^dist\/(?:sentry-api-proxy\.cjs|library\/[\w-]+\.c?js|types\/[\w/-]+\.d\.ts)$/;
    for (const path of paths) assert.match(path, allowed);
    const program = files.find(({ path }) => path === packageJson.bin['sentry-api-proxy'])!;
    assert.equal(program.mode & 0o111, 0o111, 'it can be executed');
  });

  it('has everything that its pages link to', () => {
    const root = join(installed, 'node_modules/sentry-api-proxy');
    for (const { path } of files.filter(({ path }) => path.endsWith('.md'))) {
      const page = readFileSync(join(root, path), 'utf8');
      for (const [, link] of page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        assert.ok(existsSync(join(root, dirname(path), link!)), `${path} links to ${link}`);
      }
    }
  });

  it('says where it comes from', () => {
    assert.match(packageJson.repository.url, /^git\+https:\/\/github\.com\/[\w.-]+\/[\w.-]+\.git$/);
  });

  it('has the schema of the clients file as an entry', () => {
    const script = `
      import schema from 'sentry-api-proxy/clients.schema.json' with { type: 'json' };
      console.log(schema.title);`;
    const args = ['--input-type=module', '--eval', script];
    const output = execFileSync(process.execPath, args, { cwd: installed, encoding: 'utf8', env: { NO_COLOR: '1' } });
    assert.equal(output, 'The clients of sentry-api-proxy\n');
  });

  it('brings no other package', () => {
    const packages = readdirSync(join(installed, 'node_modules')).filter((name) => !name.startsWith('.'));
    assert.deepEqual(packages, ['sentry-api-proxy']);
    assert.ok(!('dependencies' in packageJson));
  });

  it('has the program as a command', () => {
    const program = join(installed, 'node_modules/.bin/sentry-api-proxy');
    const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    assert.match(execFileSync(program, ['--version'], { env, encoding: 'utf8' }), VERSION);
  });

  it('has a library that can be imported, and that lets the process end', () => {
    const script = `
      const { createProxy } = await import('sentry-api-proxy');
      const proxy = createProxy({ sentryUri: 'http://127.0.0.1:9', token: 'x', allowAnyClient: true });
      const { status } = await proxy.fetch(new Request('http://localhost/'));
      console.log(status);
      await proxy.close();`;
    const args = ['--input-type=module', '--eval', script];
    const output = execFileSync(process.execPath, args, {
      cwd: installed,
      encoding: 'utf8',
      env: { NO_COLOR: '1' },
      timeout: 20_000,
    });
    assert.equal(output, '502\n');
  });

  for (const [name, entry] of Object.entries(packageJson.exports)) {
    if (typeof entry === 'string') continue;
    it(`has an entry with types: ${name}`, () => {
      const root = join(installed, 'node_modules/sentry-api-proxy');
      for (const file of [entry.types, entry.default]) {
        assert.ok(existsSync(join(root, file)), `${file} is there`);
        const text = readFileSync(join(root, file), 'utf8');
        for (const [, path] of text.matchAll(/(?:from|import\() ?['"](\.{1,2}\/[^'"]+)['"]/g)) {
          const compiled = file.endsWith('.d.ts') ? path!.replace(/\.js$/, '.d.ts') : path!;
          assert.ok(existsSync(join(root, dirname(file), compiled)), `${path} of ${file}`);
        }
      }
    });
  }
});

describe('the single executable', () => {
  const isPossible = process.allowedNodeEnvironmentFlags && Number(process.versions.node.split('.')[0]) >= 26;
  const skip = isPossible ? undefined : 'it is built by Node 26';

  it(`proxies a request${skip === undefined ? '' : ` (not run: ${skip})`}`, { ...(skip && { skip }) }, async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const folder = makeFolder(t);
    execFileSync(process.execPath, [join(ROOT, 'build.ts'), '--sea', folder], { cwd: ROOT });
    const program = join(folder, 'sentry-api-proxy');
    // No Node on the path.
    const env = { PATH: '/nonexistent' };
    assert.match(execFileSync(program, ['--version'], { env, encoding: 'utf8' }), VERSION);
    const socketPath = join(folder, 'proxy.sock');
    const args = ['--token=x', '--sentry-uri', upstream.uri, `--listen=unix:${socketPath}`];
    const child = startChild(program, args, { env, cwd: folder, stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    await eventually(() => existsSync(socketPath), 'it listens');
    assert.equal((await get({ socketPath }, '/')).text, 'ok');
    const health = spawnSync(program, ['healthcheck', ...args], { env });
    assert.equal(health.status, 0);
  });
});
