// The client programs of Sentry's makers, from npm, through the proxy: none of them may leave it, and all must work.
//
// npm ci --prefix test/real-clients --ignore-scripts && node --test test/real-clients/real-clients.ci.ts
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { TestAuthority } from '../support/tls-upstream.ts';
import { type ClientRun, MODULES, runClient } from './client.ts';
import { startMcp } from './mcp-session.ts';
import { makeProjectFolder } from './project-folder.ts';
import { type StandIn, startStandIn, TOKEN } from './stand-in.ts';

const run = promisify(execFile);
/** sentry-cli wants a token of this shape and warns of any other. */
const ALIAS = 'a'.repeat(64);

let sentry: StandIn;
let proxy: ListeningProxy;
let url: string;
/** A project with everything that the clients upload. */
let folder: string;

before(async () => {
  sentry = await startStandIn();
  proxy = await startProxy([`--sentry-uri=${sentry.url}`, `--token=${TOKEN}`, `--alias-token=${ALIAS}`]);
  url = `http://127.0.0.1:${proxy.port}`;
  folder = await makeProjectFolder();
});

after(async () => {
  await proxy?.stop();
  await sentry?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => {
  assert.deepEqual(sentry.leaks, [], 'went past the proxy');
  assert.ok(
    sentry.requests.every(({ bearer }) => bearer === TOKEN),
    'went through without the token',
  );
});

/** A client's run against the proxy, whose requests Sentry has all received. */
async function through(
  program: string,
  command: string,
  env: Record<string, string> = {},
): Promise<ClientRun & { asked: string[] }> {
  const from = sentry.requests.length;
  const ran = await runClient(program, command === '' ? [] : command.split(' '), {
    cwd: folder,
    env: { SENTRY_URL: url, SENTRY_AUTH_TOKEN: ALIAS, SENTRY_ORG: 'acme', SENTRY_PROJECT: 'checkout', ...env },
  });
  assert.equal(ran.code, 0, `${command}\n${ran.stdout}${ran.stderr}`);
  return { ...ran, asked: sentry.requests.slice(from).map(({ method, target }) => `${method} ${target}`) };
}

const uploadsIn = (asked: readonly string[]) =>
  asked.filter((one) => one === 'POST /api/0/organizations/acme/chunk-upload/').length;

for (const [name, path] of [
  ['sentry-cli 3', '@sentry/cli/bin/sentry-cli'],
  ['sentry-cli 2', 'sentry-cli-2/bin/sentry-cli'],
] as const) {
  describe(name, () => {
    const program = join(MODULES, path);

    it('shows what the token may do', async () => {
      assert.match((await through(program, 'info')).stdout, /- org:admin/);
    });

    it('lists organizations', async () => {
      assert.match((await through(program, 'organizations list')).stdout, /Acme Labs/);
    });

    it('lists projects', async () => {
      assert.match((await through(program, 'projects list')).stdout, /storefront/);
    });

    it('lists issues over several pages', async () => {
      const { stdout, asked } = await through(program, 'issues list --pages 9');
      assert.equal(stdout.match(/ CHECKOUT-/g)?.length, 58);
      assert.equal(asked.length, 3);
    });

    it('makes, fills, finalizes and lists a release', async () => {
      assert.match((await through(program, 'releases new app@1.0.0')).stdout, /Created release app@1\.0\.0/);
      const commits = await through(program, 'releases set-commits app@1.0.0 --local --initial-depth 1');
      assert.match(commits.stdout, /Success!/);
      assert.match((await through(program, 'releases finalize app@1.0.0')).stdout, /Finalized release/);
      assert.match((await through(program, 'releases list')).stdout, /app@1\.0\.0/);
    });

    it('uploads an ELF file', async () => {
      sentry.chunks.clear();
      const { stdout, asked } = await through(program, 'debug-files upload --wait crash');
      assert.match(stdout, /OK [0-9a-f-]{36} \(crash; /);
      assert.equal(uploadsIn(asked), 1);
      assert.equal(sentry.chunks.size, 1);
    });

    it('uploads source maps', async () => {
      sentry.chunks.clear();
      const { asked } = await through(program, 'sourcemaps upload --release app@1.0.0 app.js app.js.map');
      assert.equal(uploadsIn(asked), 1);
    });
  });
}

describe('sentry', () => {
  const program = join(MODULES, 'sentry/dist/bin.cjs');

  for (const [command, shown] of [
    ['org list', /acme-labs/],
    ['org view acme', /Acme/],
    ['project list acme', /storefront/],
    ['project view acme/checkout', /Checkout/],
    ['issue list acme/checkout --limit 58', /CHECKOUT-3A/],
    ['issue view CHECKOUT-3A', /IntegrityError/],
    ['team list acme', /crew/],
    ['auth status', /Acme Labs/],
    ['api organizations/acme/', /organizationUrl/],
    ['release create app@2.0.0', /app@2\.0\.0/],
    ['release finalize app@2.0.0', /Finalized/],
    ['release list acme', /app@2\.0\.0/],
    ['debug-files upload crash --wait', /Uploaded 1 debug file/],
    ['sourcemap upload --release app@2.0.0 .', /Files uploaded/],
  ] as const) {
    it(`runs ${command} as its first command`, async () => {
      if (command.includes('upload')) sentry.chunks.clear();
      const { stdout, asked } = await through(program, command);
      assert.match(stdout, shown);
      assert.equal(uploadsIn(asked), command.includes('upload') ? 1 : 0);
    });
  }

  it('stays inside with what it remembers of the commands before', async () => {
    const config = { SENTRY_CONFIG_DIR: join(folder, '.sentry') };
    for (const command of ['org list', 'issue list acme/checkout', 'release list acme']) {
      await through(program, command, config);
    }
  });
});

for (const bundler of ['vite', 'webpack']) {
  it(`@sentry/${bundler}-plugin uploads the source maps of a build`, async () => {
    sentry.chunks.clear();
    const { asked } = await through(join(import.meta.dirname, `clients/${bundler}-build.mjs`), folder);
    assert.equal(uploadsIn(asked), 1);
    assert.ok(asked.includes('POST /api/0/organizations/acme/artifactbundle/assemble/'));
  });
}

it('@sentry/api follows Link from page to page', async () => {
  const { stdout, asked } = await through(join(import.meta.dirname, 'clients/api-pages.mjs'), '');
  assert.equal(new Set(stdout.trim().split('\n')).size, 58);
  assert.equal(asked.length, 3);
});

it('curl follows Link from page to page', async () => {
  let next: string | undefined = `${url}/api/0/projects/acme/checkout/issues/`;
  let issues = 0;
  while (next !== undefined) {
    const { stdout }: { stdout: string } = await run('curl', [
      '-sS',
      '--fail',
      '-i',
      '-H',
      `Authorization: Bearer ${ALIAS}`,
      next,
    ]);
    const [head, body]: string[] = stdout.split('\r\n\r\n');
    issues += JSON.parse(body!).length;
    next = /<([^>]+)>; rel="next"; results="true"/.exec(head!)?.[1];
  }
  assert.equal(issues, 58);
});

/** The proxy with TLS, by a certificate of an authority that clients have to be told of. */
async function startWithTls(t: TestContext): Promise<{ secured: StandIn; port: number; ca: string }> {
  const authority = await TestAuthority.make();
  const { files } = await authority.issue();
  const secured = await startStandIn('https');
  const tls = await startProxy([
    ...[`--sentry-uri=${secured.url}`, `--token=${TOKEN}`, `--alias-token=${ALIAS}`],
    ...[`--tls-cert=${files.cert}`, `--tls-key=${files.key}`],
  ]);
  t.after(async () => {
    await tls.stop();
    await secured.stop();
    await authority.remove();
  });
  return { secured, port: tls.port, ca: authority.cert };
}

describe('sentry-mcp', () => {
  /** What an agent does first, and passes on what it was told. */
  async function explore(t: TestContext, flags: readonly string[], ca = ''): Promise<void> {
    const mcp = await startMcp([`--access-token=${ALIAS}`, ...flags], ca);
    t.after(() => mcp.stop());
    const found = await mcp.call('find_organizations', {});
    const [acme] = found.structuredContent!.organizations as { slug: string; regionUrl: string | null }[];
    assert.equal(acme!.slug, 'acme');
    const region = acme!.regionUrl === null ? {} : { regionUrl: acme!.regionUrl };
    const projects = await mcp.call('find_projects', { organizationSlug: 'acme', ...region });
    assert.match(projects.content[0]!.text, /storefront/);
    const issues = await mcp.call('search_issues', { organizationSlug: 'acme', query: 'is:unresolved', ...region });
    assert.match(issues.content[0]!.text, /CHECKOUT-3A/);
  }

  it('finds organizations and projects and searches issues over TLS', async (t) => {
    const { secured, port, ca } = await startWithTls(t);
    await explore(t, [`--host=127.0.0.1:${port}`], ca);
    assert.deepEqual(secured.leaks, []);
    assert.equal(secured.requests.length, 3);
  });

  it('does the same without TLS where it may', (t) =>
    explore(t, [`--host=127.0.0.1:${proxy.port}`, '--insecure-http']));
});

it('the command lines work over TLS with a private authority', async (t) => {
  const { secured, port, ca } = await startWithTls(t);
  const env = {
    SENTRY_URL: `https://localhost:${port}`,
    SENTRY_AUTH_TOKEN: ALIAS,
    SENTRY_ORG: 'acme',
    SENTRY_PROJECT: 'checkout',
  };
  for (const [program, args, trust] of [
    ['@sentry/cli/bin/sentry-cli', ['debug-files', 'upload', 'crash'], { SSL_CERT_FILE: ca }],
    ['sentry-cli-2/bin/sentry-cli', ['organizations', 'list'], { SSL_CERT_FILE: ca }],
    ['sentry/dist/bin.cjs', ['issue', 'list', 'acme/checkout'], { NODE_EXTRA_CA_CERTS: ca }],
  ] as const) {
    const { code, stderr } = await runClient(join(MODULES, program), args, { cwd: folder, env: { ...env, ...trust } });
    assert.equal(code, 0, stderr);
  }
  assert.deepEqual(secured.leaks, []);
});

it('sentry forgets the regionUrl that it saw before with the list of organizations', async (t) => {
  const known = await startStandIn();
  const settings = [`--sentry-uri=${known.url}`, `--token=${TOKEN}`, `--alias-token=${ALIAS}`];
  const before = await startProxy([...settings, '--keep-inside=false']);
  const env = {
    ...{ SENTRY_URL: `http://127.0.0.1:${before.port}`, SENTRY_AUTH_TOKEN: ALIAS },
    SENTRY_CONFIG_DIR: join(folder, '.sentry-of-before'),
  };
  const sentryCommand = (command: string) =>
    runClient(join(MODULES, 'sentry/dist/bin.cjs'), command.split(' '), { env });
  t.after(() => known.stop());
  await sentryCommand('org list');
  await before.stop();
  const now = await startProxy([...settings, `--listen=127.0.0.1:${before.port}`]);
  t.after(() => now.stop());

  assert.notEqual((await sentryCommand('release list acme')).code, 0);
  assert.equal((await sentryCommand('org list')).code, 0);
  const leaks = known.leaks.length;
  assert.equal((await sentryCommand('release list acme')).code, 0);
  assert.equal(known.leaks.length, leaks);
});

it('the trap works: with --keep-inside false each of them leaves the proxy', async (t) => {
  const open = await startStandIn();
  const flags = [`--sentry-uri=${open.url}`, `--token=${TOKEN}`, `--alias-token=${ALIAS}`, '--keep-inside=false'];
  const leaky = await startProxy(flags);
  t.after(async () => {
    await leaky.stop();
    await open.stop();
  });
  const env = {
    SENTRY_URL: `http://127.0.0.1:${leaky.port}`,
    SENTRY_AUTH_TOKEN: ALIAS,
    SENTRY_ORG: 'acme',
    SENTRY_PROJECT: 'checkout',
  };
  for (const [program, args] of [
    [join(MODULES, '@sentry/cli/bin/sentry-cli'), ['debug-files', 'upload', 'crash']],
    [join(MODULES, 'sentry-cli-2/bin/sentry-cli'), ['organizations', 'list']],
    [join(MODULES, 'sentry/dist/bin.cjs'), ['issue', 'list', 'acme/checkout']],
    [join(import.meta.dirname, 'clients/vite-build.mjs'), [folder]],
    [join(import.meta.dirname, 'clients/api-pages.mjs'), []],
  ] as const) {
    const before = open.leaks.length;
    const { code } = await runClient(program, args, { cwd: folder, env });
    assert.notEqual(code, 0, program);
    assert.ok(open.leaks.length > before, program);
  }
});
