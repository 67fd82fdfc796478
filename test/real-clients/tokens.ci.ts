// Uploads and releases by the client programs, through a proxy whose default token is the system token: Sentry refuses
// it these, so the proxy sends them with the organization's token.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { MODULES, runClient } from './client.ts';
import { makeProjectFolder } from './project-folder.ts';
import { type StandIn, startStandIn, TOKEN } from './stand-in.ts';

const ALIAS = 'a'.repeat(64);
const ORGANIZATION_TOKEN = `sntrys_${'d'.repeat(40)}`;
const CI = { name: 'acme-ci', token: ORGANIZATION_TOKEN, orgs: ['acme'], scopes: ['org:ci'] };

let sentry: StandIn;
let proxy: ListeningProxy;
let folder: string;

before(async () => {
  sentry = await startStandIn('http', ORGANIZATION_TOKEN);
  proxy = await startProxy([
    ...[`--sentry-uri=${sentry.url}`, `--token=${TOKEN}`, `--alias-token=${ALIAS}`],
    ...['--tokens', JSON.stringify({ tokens: [CI] })],
  ]);
  folder = await makeProjectFolder();
});

after(async () => {
  await proxy?.stop();
  await sentry?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command through the proxy; every request of it that writes has gone out with the organization's token. */
async function through(program: string, args: readonly string[]): Promise<string> {
  const from = sentry.requests.length;
  const ran = await runClient(program, args, {
    cwd: folder,
    env: {
      SENTRY_URL: `http://127.0.0.1:${proxy.port}`,
      SENTRY_AUTH_TOKEN: ALIAS,
      SENTRY_ORG: 'acme',
      SENTRY_PROJECT: 'checkout',
    },
  });
  assert.equal(ran.code, 0, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`);
  const writes = sentry.requests.slice(from).filter(({ method }) => method !== 'GET');
  assert.ok(writes.length > 0, 'nothing was written');
  for (const { method, target, bearer } of writes) assert.equal(bearer, ORGANIZATION_TOKEN, `${method} ${target}`);
  return ran.stdout;
}

for (const [name, path] of [
  ['sentry-cli 3', '@sentry/cli/bin/sentry-cli'],
  ['sentry-cli 2', 'sentry-cli-2/bin/sentry-cli'],
] as const) {
  describe(`${name}, with the system token as the default`, () => {
    const program = join(MODULES, path);

    it('makes and finalizes a release', async () => {
      assert.match(await through(program, ['releases', 'new', 'app@1.0.0']), /Created release/);
      assert.match(await through(program, ['releases', 'finalize', 'app@1.0.0']), /Finalized release/);
    });

    it('uploads source maps', async () => {
      sentry.chunks.clear();
      await through(program, ['sourcemaps', 'upload', '--release', 'app@1.0.0', 'app.js', 'app.js.map']);
    });

    it('uploads an ELF file', async () => {
      sentry.chunks.clear();
      await through(program, ['debug-files', 'upload', '--wait', 'crash']);
    });
  });
}

describe('sentry, with the system token as the default', () => {
  const program = join(MODULES, 'sentry/dist/bin.cjs');
  for (const command of [
    'release create app@2.0.0',
    'release finalize app@2.0.0',
    'sourcemap upload --release app@2.0.0 .',
  ]) {
    it(`runs ${command}`, async () => {
      sentry.chunks.clear();
      await through(program, command.split(' '));
    });
  }
});

for (const bundler of ['vite', 'webpack']) {
  it(`@sentry/${bundler}-plugin uploads source maps, with the system token as the default`, async () => {
    sentry.chunks.clear();
    await through(join(import.meta.dirname, `clients/${bundler}-build.mjs`), [folder]);
  });
}
