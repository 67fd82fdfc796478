import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Limits, LocalLimits } from '../../src/enforce/local-limits.ts';

function setUp(limits: Limits) {
  const clock = { now: 1_000_000 };
  const local = new LocalLimits(() => clock.now);
  return { clock, local, acquire: (name = 'robot') => local.acquire(name, limits) };
}

const okOf = ({ ok }: { ok: boolean }) => ok;

describe('a rate', () => {
  it('lets as many requests as it names come at once, then one for each part of its time', () => {
    const { clock, acquire } = setUp({ rate: { requests: 5, seconds: 1 } });
    assert.deepEqual(
      Array.from({ length: 6 }, () => okOf(acquire())),
      [true, true, true, true, true, false],
    );
    clock.now += 199;
    assert.equal(acquire().ok, false);
    clock.now += 1;
    assert.equal(acquire().ok, true);
    assert.equal(acquire().ok, false);
    clock.now += 3_600_000;
    assert.equal(Array.from({ length: 100 }, acquire).filter(okOf).length, 5);
  });

  it('says after how many whole seconds it is worth trying again', () => {
    const { clock, acquire } = setUp({ rate: { requests: 2, seconds: 60 } });
    acquire();
    acquire();
    assert.deepEqual(acquire(), { ok: false, over: 'rate', retryAfterSeconds: 30 });
    clock.now += 12_400;
    assert.deepEqual(acquire(), { ok: false, over: 'rate', retryAfterSeconds: 18 });
    clock.now += 17_000;
    assert.deepEqual(acquire(), { ok: false, over: 'rate', retryAfterSeconds: 1 });
    clock.now += 1_000;
    assert.equal(acquire().ok, true);
  });

  it('says at least one second', () => {
    const { acquire } = setUp({ rate: { requests: 1000, seconds: 1 } });
    const over = Array.from({ length: 1001 }, acquire).at(-1)!;
    assert.deepEqual(over, { ok: false, over: 'rate', retryAfterSeconds: 1 });
  });

  it('is kept for each client by itself', () => {
    const { acquire } = setUp({ rate: { requests: 1, seconds: 3600 } });
    assert.equal(acquire('a').ok, true);
    assert.equal(acquire('b').ok, true);
    assert.equal(acquire('a').ok, false);
  });

  it('gives nothing more if the clock goes back', () => {
    const { clock, acquire } = setUp({ rate: { requests: 1, seconds: 10 } });
    acquire();
    clock.now -= 100_000;
    assert.equal(acquire().ok, false);
    clock.now += 10_000;
    assert.equal(acquire().ok, true);
  });

  it('may change from one request to the next', () => {
    const { local } = setUp({});
    const rate = (requests: number) => ({ rate: { requests, seconds: 3600 } });
    assert.equal(local.acquire('a', rate(100)).ok, true);
    const rest = Array.from({ length: 50 }, () => local.acquire('a', rate(2)));
    assert.equal(rest.filter(okOf).length, 2);
  });
});

describe('a concurrency', () => {
  it('lets so many run, and the next when one has ended', () => {
    const { acquire } = setUp({ concurrency: 2 });
    const [first] = [acquire(), acquire()];
    assert.deepEqual(acquire(), { ok: false, over: 'concurrency', retryAfterSeconds: 1 });
    assert.ok(first?.ok);
    first.release();
    assert.equal(acquire().ok, true);
    assert.equal(acquire().ok, false);
  });

  it('is freed once, however often a request says that it has ended', () => {
    const { acquire } = setUp({ concurrency: 1 });
    const first = acquire();
    assert.ok(first.ok);
    first.release();
    const second = acquire();
    first.release();
    first.release();
    assert.equal(acquire().ok, false);
    assert.ok(second.ok);
    second.release();
    assert.equal(acquire().ok, true);
  });

  it('takes nothing from the rate of a request that finds no place', () => {
    const { acquire } = setUp({ concurrency: 1, rate: { requests: 2, seconds: 3600 } });
    const first = acquire();
    for (let i = 0; i < 10; i++) assert.equal(acquire().ok, false);
    assert.ok(first.ok);
    first.release();
    assert.equal(acquire().ok, true);
  });

  it('keeps no place for a request that is over the rate', () => {
    const { clock, acquire } = setUp({ concurrency: 1, rate: { requests: 1, seconds: 10 } });
    const first = acquire();
    assert.ok(first.ok);
    first.release();
    assert.equal(acquire().ok, false);
    clock.now += 10_000;
    assert.equal(acquire().ok, true);
  });
});

describe('counts of clients that the file no longer has', () => {
  it('go once none of their requests is running', () => {
    const { local, acquire } = setUp({ concurrency: 1 });
    const first = acquire('old');
    local.retain(new Set());
    assert.equal(acquire('old').ok, false);
    assert.ok(first.ok);
    first.release();
    local.retain(new Set());
    assert.equal(acquire('old').ok, true);
  });
});
