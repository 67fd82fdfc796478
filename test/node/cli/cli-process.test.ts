// The program as a process among others: signals, pipes and the debugger's port.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { makeFolder } from '../../support/operator.ts';
import { COMPILE_CACHE, PROGRAM, startProxy } from '../../support/proxy-process.ts';

const ARGS = ['--token=a-token', '--sentry-uri=http://127.0.0.1:9'];

describe('SIGUSR1', { concurrency: 3 }, () => {
  it('does not open the inspector of a running proxy', async (t) => {
    const port = await freePort();
    const proxy = await startProxy(ARGS, { env: { NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` } });
    t.after(() => proxy.stop());
    proxy.kill('SIGUSR1');
    await sleep(500);
    assert.equal(await isListening(port), false);
    assert.equal(proxy.stderr, '');
  });

  it('leaves no inspector open if it comes before the first statement', async (t) => {
    const port = await freePort();
    const early = join(makeFolder(t), 'early.cjs');
    writeFileSync(
      early,
      "process.kill(process.pid, 'SIGUSR1'); const end = Date.now() + 100; while (Date.now() < end);",
    );
    const env = { NODE_OPTIONS: `--inspect-port=127.0.0.1:${port} --require ${early}` };
    const proxy = await startProxy(ARGS, { env });
    t.after(() => proxy.stop());
    assert.match(proxy.stderr, /Debugger listening/, 'the signal came in time');
    const deadline = performance.now() + 10_000;
    while ((await isListening(port)) && performance.now() < deadline) await sleep(50);
    await sleep(500);
    assert.equal(await isListening(port), false);
  });

  it('leaves the inspector open that --inspect asks for', async (t) => {
    const port = await freePort();
    const proxy = await startProxy(ARGS, { env: { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` } });
    t.after(() => proxy.stop());
    assert.equal(await isListening(port), true);
  });
});

describe('a pipe whose reader has gone', { concurrency: 3 }, () => {
  for (const args of [['--help'], ['--version'], ['check', '--token=x'], ['check', '--listen=nowhere']]) {
    it(`is not a fault: ${args.join(' ')}`, () => {
      // Both streams go into the pipe; nothing reads it.
      const script = 'exec 3>&1; { sleep 0.2; "$@" 2>&1; echo "code $?" >&3; } | :';
      const ran = spawnSync('sh', ['-c', script, 'sh', process.execPath, PROGRAM, ...args], {
        env: { PATH: process.env.PATH, ...COMPILE_CACHE },
        encoding: 'utf8',
        timeout: 20_000,
      });
      const code = args.includes('--listen=nowhere') ? 2 : 0;
      assert.deepEqual([ran.stdout, ran.stderr], [`code ${code}\n`, '']);
    });
  }
});

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isConnected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isConnected;
}

describe('a start', { concurrency: 3 }, () => {
  // Any use of a global like Headers or fetch loads these modules: half of the time that a start takes, and 10 MiB.
  it('loads none of the HTTP modules that only the admin listener needs', async (t) => {
    const folder = makeFolder(t);
    const preload = join(folder, 'list-modules.cjs');
    const list = join(folder, 'modules.txt');
    writeFileSync(
      preload,
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join('\\n')));`,
    );
    const proxy = await startProxy(ARGS, { env: { NODE_OPTIONS: `--require ${preload}` } });
    await proxy.stop();
    const loaded = readFileSync(list, 'utf8').split('\n');
    assert.ok(loaded.includes('NativeModule net'));
    for (const name of ['http', 'http2', 'readline', 'internal/deps/undici/undici']) {
      assert.ok(!loaded.includes(`NativeModule ${name}`), name);
    }
  });
});
