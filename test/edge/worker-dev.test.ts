// `npm run dev:worker`, run by a user who also has a `.env` for the Node adapter.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const START_PATIENCE = 60_000;

it('runs the Worker offline with what .dev.vars says, and not .env', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-dev-'));
  for (const name of ['src', 'adapters', 'package.json', 'wrangler.toml']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, '.env'), 'SENTRY_TOKEN=token-of-the-node-adapter\n');
  await writeFile(join(folder, '.dev.vars'), 'SENTRY_URI=http://127.0.0.1:9\nALIAS_TOKENS=alias\n');

  const port = await freePort();
  const child = startChild(
    'npm',
    ['run', 'dev:worker', '--', `--port=${port}`, '--show-interactive-dev-session=false'],
    {
      cwd: folder,
      env: { PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`, HOME: folder, CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(child, 'close');
  try {
    const url = `http://127.0.0.1:${port}/api/0/`;
    const response = await firstResponse(url, () => child.exitCode === null);
    assert.ok(response, `it did not answer:\n${output}`);
    assert.equal(response.status, 503);
    assert.equal(await response.json().then(({ detail }) => /SENTRY_(\w+) is not set/.exec(detail)?.[1]), 'TOKEN');
    assert.doesNotMatch(output, /token-of-the-node-adapter/);
  } finally {
    // With it end wrangler, which it starts, and workerd, which wrangler starts.
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});

async function firstResponse(url: string, isRunning: () => boolean): Promise<Response | undefined> {
  const deadline = performance.now() + START_PATIENCE;
  while (isRunning() && performance.now() < deadline) {
    const response = await fetch(url, { headers: { Accept: 'application/json' } }).catch(() => undefined);
    if (response !== undefined) return response;
    await sleep(100);
  }
  return undefined;
}
