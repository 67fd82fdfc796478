import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedLimits, type StoreState } from '../../../adapters/node/limits/shared-limits.ts';
import { LocalLimits, type Taken } from '../../../src/enforce/local-limits.ts';
import { type Redis, redisServer, startRedis } from '../../support/redis.ts';

const now = () => performance.now();

/** A replica of the proxy, as far as limits go. */
class Replica {
  readonly states: StoreState[] = [];
  readonly limits: SharedLimits;

  constructor(url: string) {
    this.limits = new SharedLimits(url, new LocalLimits(now), (state) => this.states.push(state));
  }

  async until(state: StoreState['state']): Promise<void> {
    for (let tries = 0; this.states.at(-1)?.state !== state; tries++) {
      assert.ok(tries < 200, `the store is not ${state}`);
      await sleep(50);
    }
  }
}

const granted = (taken: readonly Taken[]): number => taken.filter(({ ok }) => ok).length;

describe('limits in Redis', { skip: redisServer === undefined && 'redis-server is not installed' }, () => {
  let redis: Redis;
  let one: Replica;
  let other: Replica;
  before(async () => {
    redis = await startRedis();
    one = new Replica(redis.url);
    other = new Replica(redis.url);
    await Promise.all([one.until('up'), other.until('up')]);
  });
  after(async () => {
    one?.limits.close();
    other?.limits.close();
    await redis?.stop();
  });

  it('two replicas give no more than the rate together', async () => {
    const rate = { requests: 10, seconds: 3600 };
    const takes = Array.from({ length: 30 }, (_, i) => (i % 2 ? one : other).limits.take('shared-rate', { rate }));
    const taken = await Promise.all(takes);
    assert.equal(granted(taken), 10);
    const refused = taken.find((one) => !one.ok);
    assert.ok(refused?.ok === false && refused.over === 'rate');
    assert.ok(refused.retryAfterSeconds > 300 && refused.retryAfterSeconds <= 360, `${refused.retryAfterSeconds}`);
  });

  it('a bucket fills again', async () => {
    const rate = { requests: 5, seconds: 1 };
    assert.equal(granted(await Promise.all(Array.from({ length: 6 }, () => one.limits.take('refill', { rate })))), 5);
    await sleep(1100);
    assert.equal((await other.limits.take('refill', { rate })).ok, true);
  });

  it('two replicas have no more requests under way than the concurrency together, and a freed place can be taken', async () => {
    const limits = { concurrency: 3 };
    const taken: Taken[] = [];
    for (let i = 0; i < 6; i++) taken.push(await (i % 2 ? one : other).limits.take('places', limits));
    assert.equal(granted(taken), 3);
    const mine = taken.find(({ ok }) => ok);
    assert.ok(mine?.ok);
    mine.release();
    mine.release();
    for (let tries = 0; !(await other.limits.take('places', limits)).ok; tries++) {
      assert.ok(tries < 200, 'the freed place is still taken');
      await sleep(50);
    }
    assert.equal((await one.limits.take('places', limits)).ok, false, 'a place freed twice counts once');
  });

  it('a client without limits asks the store nothing', async () => {
    const taken = one.limits.take('free', {});
    assert.equal((await taken).ok, true);
  });
});

describe('limits in a Redis that goes away', {
  skip: redisServer === undefined && 'redis-server is not installed',
}, () => {
  it('the local limits hold until it is back, and both changes are reported once', async () => {
    let redis = await startRedis();
    const { port, url } = redis;
    const replica = new Replica(url);
    try {
      await replica.until('up');
      await redis.stop();
      const limits = { rate: { requests: 2, seconds: 3600 } };
      const taken = [];
      for (let i = 0; i < 4; i++) taken.push(await replica.limits.take('alone', limits));
      assert.equal(granted(taken), 2);
      await replica.until('down');
      redis = await startRedis(port);
      await replica.until('up');
      assert.equal((await replica.limits.take('alone', limits)).ok, true, 'the store has its own bucket');
      assert.deepEqual(
        replica.states.map(({ state }) => state),
        ['up', 'down', 'up'],
      );
    } finally {
      replica.limits.close();
      await redis.stop();
    }
  });

  it('a store that was never there is no reason to refuse, and its password is in no report', async () => {
    const replica = new Replica('redis://user:store-password@127.0.0.1:1/0');
    try {
      assert.equal((await replica.limits.take('alone', { concurrency: 1 })).ok, true);
      assert.equal((await replica.limits.take('alone', { concurrency: 1 })).ok, false);
      await replica.until('down');
      assert.doesNotMatch(JSON.stringify(replica.states), /store-password/);
    } finally {
      replica.limits.close();
    }
  });
});
