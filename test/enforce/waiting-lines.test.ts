import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LocalLimits } from '../../src/enforce/local-limits.ts';
import { WaitingLines } from '../../src/enforce/waiting-lines.ts';
import { Deadline } from '../../src/http/deadline.ts';

const LIVE = new AbortController().signal;
const ONE = { concurrency: 1 };

const setUp = (wakes = true) => {
  const limits = new LocalLimits(() => performance.now());
  return { limits, lines: new WaitingLines(limits, wakes) };
};

describe('requests that wait for a place', () => {
  it('get it in their order, as soon as it is free', async () => {
    const { lines } = setUp();
    const order: number[] = [];
    const work = async (index: number) => {
      const taken = await lines.acquire('robot', ONE, LIVE);
      assert.ok(taken.ok);
      order.push(index);
      await sleep(2);
      taken.release();
    };
    const begun = performance.now();
    await Promise.all(Array.from({ length: 17 }, (_, index) => work(index)));
    assert.deepEqual(
      order,
      Array.from({ length: 17 }, (_, index) => index),
    );
    assert.ok(performance.now() - begun < 1000, 'they do not wait for the next attempt');
  });

  it('get it at their next attempt where no request may wake another', async () => {
    const { lines } = setUp(false);
    const first = await lines.acquire('robot', ONE, LIVE);
    const next = lines.acquire('robot', ONE, LIVE);
    assert.ok(first.ok);
    first.release();
    assert.equal((await next).ok, true);
  });

  it('get one that is freed by what else counts in the same store', async () => {
    const { limits, lines } = setUp();
    const taken = limits.acquire('robot', ONE);
    const next = lines.acquire('robot', ONE, LIVE);
    await sleep(20);
    assert.ok(taken.ok);
    taken.release();
    assert.equal((await next).ok, true);
  });

  it('are refused when their own time is up before', async () => {
    const { lines } = setUp();
    const first = await lines.acquire('robot', ONE, LIVE);
    assert.deepEqual(await lines.acquire('robot', ONE, new Deadline([], 50)), {
      ok: false,
      over: 'concurrency',
      retryAfterSeconds: 1,
    });
    assert.ok(first.ok);
  });

  it('are refused at once if their rate is used up, and never wait for it', async () => {
    const { lines } = setUp();
    const limits = { concurrency: 1, rate: { requests: 1, seconds: 3600 } };
    const first = await lines.acquire('robot', limits, LIVE);
    const waiting = lines.acquire('robot', limits, LIVE);
    await sleep(20);
    assert.ok(first.ok);
    first.release();
    const refused = await waiting;
    assert.deepEqual(refused, { ok: false, over: 'rate', retryAfterSeconds: 3600 });
  });

  it('leave the line when they end, and the next ones move up', async () => {
    const { lines } = setUp();
    const first = await lines.acquire('robot', ONE, LIVE);
    const gone = new AbortController();
    const leaving = Array.from({ length: 16 }, () => lines.acquire('robot', ONE, gone.signal));
    assert.equal((await lines.acquire('robot', ONE, LIVE)).ok, false, 'the line is full');
    gone.abort(new Error('the client is gone'));
    for (const wait of leaving) await assert.rejects(wait, /the client is gone/);
    const next = lines.acquire('robot', ONE, LIVE);
    assert.ok(first.ok);
    first.release();
    assert.equal((await next).ok, true);
  });

  it('of one client keep no other waiting', async () => {
    const { lines } = setUp();
    await lines.acquire('robot', ONE, LIVE);
    const gone = new AbortController();
    const waiting = lines.acquire('robot', ONE, gone.signal);
    assert.equal((await lines.acquire('other', ONE, LIVE)).ok, true);
    gone.abort(new Error('the client is gone'));
    await assert.rejects(waiting);
  });

  it('keep no process running', async () => {
    const script = `
      const { LocalLimits } = await import('${import.meta.resolve('../../src/enforce/local-limits.ts')}');
      const { WaitingLines } = await import('${import.meta.resolve('../../src/enforce/waiting-lines.ts')}');
      const lines = new WaitingLines(new LocalLimits(() => performance.now()), true);
      const { signal } = new AbortController();
      await lines.acquire('robot', { concurrency: 1 }, signal);
      void lines.acquire('robot', { concurrency: 1 }, signal).then(() => console.log('the wait is over'));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(stdout, '');
  });
});
