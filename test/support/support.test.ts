// What the tests lean on: nothing that a test file starts outlives it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PipedChild, startChild } from './child-process.ts';
import { makeFolder } from './operator.ts';

const SUPPORT = import.meta.dirname;
const SET_UP = `
  import { once } from 'node:events';
  import { before, it } from 'node:test';
  import { startChild } from '${SUPPORT}/child-process.ts';
  import { startProxy } from '${SUPPORT}/proxy-process.ts';
  import { Upstream } from '${SUPPORT}/upstream.ts';
  const started = async () => {
    const upstream = await Upstream.start();
    const proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri]);
    const stopped = startChild('/bin/sh', ['-c', 'sleep 300 & echo $!; kill -STOP $$']);
    const grandchild = Number((await once(stopped.stdout, 'data'))[0]);
    process.stderr.write('pids ' + [proxy.child.pid, stopped.pid, grandchild].join(' ') + ' end');
  };`;

/** A test file that starts a proxy and a process that is stopped, and then does as the text says. */
function runTestFile(t: TestContext, rest: string): PipedChild {
  const file = join(makeFolder(t), 'file.test.ts');
  writeFileSync(file, SET_UP + rest);
  return startChild(process.execPath, [file], { env: { PATH: process.env.PATH, FORCE_COLOR: '1' }, timeout: 60_000 });
}

/** The processes that the file started. */
async function pidsIn(stream: NodeJS.ReadableStream): Promise<number[]> {
  let output = '';
  for await (const piece of stream) {
    output += piece;
    const [, pids] = /pids ([\d ]+) end/.exec(output) ?? [];
    if (pids !== undefined) return pids.split(' ').map(Number);
  }
  throw new Error(`It started nothing:\n${output}`);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function areGone(pids: number[]): Promise<void> {
  assert.equal(pids.length, 3);
  const deadline = performance.now() + 10_000;
  while (pids.some(isRunning) && performance.now() < deadline) await sleep(20);
  assert.deepEqual(pids.filter(isRunning), []);
}

describe('a test file', { concurrency: 2 }, () => {
  it('ends by itself and leaves no process behind if its set-up throws', async (t) => {
    const file = runTestFile(
      t,
      `before(async () => { await started(); throw new Error('thrown'); }); it('x', () => {});`,
    );
    const output = text(file.stdout);
    const ended = once(file, 'close');
    const pids = await pidsIn(file.stderr);
    const [code, signal] = await ended;
    assert.deepEqual([code, signal], [1, null]);
    assert.match(await output, /thrown/);
    await areGone(pids);
  });

  it('leaves no process behind if it is killed', async (t) => {
    const file = runTestFile(t, `before(started); it('hangs', () => new Promise(() => setInterval(() => {}, 1000)));`);
    const pids = await pidsIn(file.stderr);
    assert.deepEqual(pids.filter(isRunning), pids);
    process.kill(file.pid!, 'SIGKILL');
    await once(file, 'exit');
    await areGone(pids);
  });

  it('does not pass on the colours of its terminal', async () => {
    const before = process.env.FORCE_COLOR;
    process.env.FORCE_COLOR = '1';
    const child = startChild(process.execPath, ['-p', '42']);
    if (before === undefined) delete process.env.FORCE_COLOR;
    else process.env.FORCE_COLOR = before;
    assert.equal(await text(child.stdout), '42\n');
  });
});
