// The configuration that docs/workers.md shows, as wrangler reads it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readClients } from '../../src/clients/clients-file.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the configuration in docs/workers.md', () => {
  let folder: string;
  let blocks: string[];
  let original: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-workers-docs-'));
    for (const name of ['src', 'adapters', 'package.json']) {
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const page = await readFile(join(ROOT, 'docs/workers.md'), 'utf8');
    blocks = [...page.matchAll(/^ *```toml\n(.*?)^ *```$/gms)].map(([, block]) => block!.replace(/^ {3}/gm, ''));
    original = await readFile(join(ROOT, 'wrangler.toml'), 'utf8');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What wrangler says that it would deploy. */
  async function planned(env?: string): Promise<string> {
    // In TOML keys stand before the first table, and none stands twice.
    const isTable = (block: string) => block.startsWith('[');
    const keys = blocks.filter((block) => !isTable(block)).join('');
    const own = keys.includes('workers_dev') ? original.replace(/^workers_dev = .*\n/m, '') : original;
    await writeFile(join(folder, 'wrangler.toml'), [keys, own, ...blocks.filter(isTable)].join('\n'));
    const args = ['deploy', '--dry-run', `--outdir=${folder}/out`, ...(env === undefined ? [] : [`--env=${env}`])];
    const { stdout, stderr } = await promisify(execFile)(join(ROOT, 'node_modules/.bin/wrangler'), args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, CI: 'true', WRANGLER_SEND_METRICS: 'false' },
      timeout: 60_000,
    });
    return stdout + stderr;
  }

  it('binds SENTRY and the rate limits', async () => {
    const plan = await planned('');
    assert.match(plan, /env\.SENTRY\b.*VPC/);
    assert.match(plan, /env\.CLIENT_RATE\b.*300 requests\/60s/);
    assert.match(plan, /env\.CLIENT_RATE_CI_WEB\b.*30 requests\/60s/);
    assert.doesNotMatch(plan, /WARNING|Unexpected fields/);
  });

  it('binds SENTRY in an environment', async () => {
    const plan = await planned('staging');
    assert.match(plan, /env\.SENTRY\b.*VPC/);
    assert.doesNotMatch(plan, /CLIENT_RATE\b.*requests|Unexpected fields/);
  });
});

it('.dev.vars.example shows clients as the Worker takes them', async () => {
  const example = await readFile(join(ROOT, '.dev.vars.example'), 'utf8');
  const [, clients = ''] = /^#CLIENTS='(.*)'$/m.exec(example) ?? [];
  assert.ok('clients' in readClients(clients));
});

it('.dev.vars.example asks a Deploy button for what has to be set, and has no value that would open the Worker', async () => {
  const example = await readFile(join(ROOT, '.dev.vars.example'), 'utf8');
  const asked = [...example.matchAll(/^(\w+)="(.*)"$/gm)].map(([, name, value]) => [name, value]);
  assert.deepEqual(asked, [
    ['SENTRY_URI', 'http://127.0.0.1:9000'],
    ['SENTRY_TOKEN', ''],
    ['ALIAS_TOKENS', ''],
  ]);
});
