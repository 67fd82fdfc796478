import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedLimits, type StoreState } from '../../../adapters/node/limits/shared-limits.ts';
import { storeAddress } from '../../../adapters/node/limits/store-url.ts';
import { type Acquisition, LocalLimits } from '../../../src/enforce/local-limits.ts';
import { type Redis, redisServer, reply, startRedis, tell } from '../../support/redis.ts';
import { Relay } from '../../support/relay.ts';

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

const granted = (taken: readonly Acquisition[]): number => taken.filter(({ ok }) => ok).length;

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

  it('two replicas together do not exceed the rate', async () => {
    const rate = { requests: 10, seconds: 3600 };
    const takes = Array.from({ length: 30 }, (_, i) => (i % 2 ? one : other).limits.acquire('shared-rate', { rate }));
    const taken = await Promise.all(takes);
    assert.equal(granted(taken), 10);
    const refused = taken.find((one) => !one.ok);
    assert.ok(refused?.ok === false && refused.over === 'rate');
    assert.ok(refused.retryAfterSeconds > 300 && refused.retryAfterSeconds <= 360, `${refused.retryAfterSeconds}`);
  });

  it('a bucket fills again', async () => {
    const rate = { requests: 5, seconds: 1 };
    assert.equal(
      granted(await Promise.all(Array.from({ length: 6 }, () => one.limits.acquire('refill', { rate })))),
      5,
    );
    await sleep(1100);
    assert.equal((await other.limits.acquire('refill', { rate })).ok, true);
  });

  it('two replicas together do not exceed the concurrency, and a freed place can be taken', async () => {
    const limits = { concurrency: 3 };
    const taken: Acquisition[] = [];
    for (let i = 0; i < 6; i++) taken.push(await (i % 2 ? one : other).limits.acquire('places', limits));
    assert.equal(granted(taken), 3);
    const mine = taken.find(({ ok }) => ok);
    assert.ok(mine?.ok);
    mine.release();
    mine.release();
    for (let tries = 0; !(await other.limits.acquire('places', limits)).ok; tries++) {
      assert.ok(tries < 200, 'the freed place is still taken');
      await sleep(50);
    }
    assert.equal((await one.limits.acquire('places', limits)).ok, false, 'a place freed twice counts once');
  });

  it('a client without limits asks the store nothing', async () => {
    const taken = one.limits.acquire('free', {});
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
      for (let i = 0; i < 4; i++) taken.push(await replica.limits.acquire('alone', limits));
      assert.equal(granted(taken), 2);
      await replica.until('down');
      redis = await startRedis(port);
      await replica.until('up');
      assert.equal((await replica.limits.acquire('alone', limits)).ok, true, 'the store has its own bucket');
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
      assert.equal((await replica.limits.acquire('alone', { concurrency: 1 })).ok, true);
      assert.equal((await replica.limits.acquire('alone', { concurrency: 1 })).ok, false);
      await replica.until('down');
      assert.doesNotMatch(JSON.stringify(replica.states), /store-password/);
    } finally {
      replica.limits.close();
    }
  });
});

describe('a Redis that fails without going away', {
  skip: redisServer === undefined && 'redis-server is not installed',
}, () => {
  let redis: Redis;
  let relay: Relay;
  let replica: Replica;
  beforeEach(async () => {
    redis = await startRedis();
    relay = new Relay(redis.port);
    await relay.open();
    replica = new Replica(`redis://127.0.0.1:${relay.port}`);
    await replica.until('up');
  });
  afterEach(async () => {
    await replica?.limits.close();
    await relay?.close();
    await redis?.stop();
  });

  const REQUESTS = 'sentry-api-proxy:{late}:requests';
  const places = () => reply(redis, `ZCARD ${REQUESTS}`);

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    for (let tries = 0; !(await isSo()); tries++) {
      assert.ok(tries < 200, what);
      await sleep(50);
    }
  }

  it('gets a new connection once it takes no writes, as after a failover, and is up when it takes them again', async () => {
    await tell(redis, 'REPLICAOF 127.0.0.1 1');
    assert.equal((await replica.limits.acquire('one', { concurrency: 1 })).ok, true);
    await replica.until('down');
    assert.deepEqual(replica.states.at(-1), { state: 'down', reason: 'READONLY' });
    const { connections } = relay;
    await until(async () => relay.connections > connections, 'it gets a new connection');
    assert.equal((await replica.limits.acquire('one', { concurrency: 1 })).ok, false, 'the local limits hold');
    await tell(redis, 'REPLICAOF NO ONE');
    await replica.until('up');
    assert.deepEqual(
      replica.states.map(({ state }) => state),
      ['up', 'down', 'up'],
    );
    assert.equal((await replica.limits.acquire('two', { concurrency: 1 })).ok, true);
    assert.equal(await reply(redis, 'ZCARD sentry-api-proxy:{two}:requests'), ':1');
  });

  it('gets a new connection if its connection is silently dead', async () => {
    relay.silence();
    assert.equal((await replica.limits.acquire('one', { concurrency: 1 })).ok, true);
    await replica.until('down');
    await replica.until('up');
    assert.equal(relay.connections, 2);
    assert.equal((await replica.limits.acquire('two', { concurrency: 1 })).ok, true);
    assert.equal(await reply(redis, 'ZCARD sentry-api-proxy:{two}:requests'), ':1');
  });

  it('has the place free again that it gave too late', async () => {
    const [held] = [await replica.limits.acquire('late', { concurrency: 5 })];
    await tell(redis, 'CLIENT PAUSE 600 ALL');
    const taken = await replica.limits.acquire('late', { concurrency: 5 });
    assert.ok(taken.ok, 'the local limits gave a place');
    taken.release();
    await until(async () => (await places()) === ':1', 'the place that came too late is free');
    assert.ok(held?.ok);
    held.release();
    await until(async () => (await places()) === ':0', 'no place is left');
  });

  it('gives no place to a request that ended before it was read, on a connection that was given up', async () => {
    const begun = performance.now();
    await tell(redis, 'CLIENT PAUSE 4000 WRITE');
    const taken = await replica.limits.acquire('late', { concurrency: 5 });
    assert.ok(taken.ok);
    taken.release();
    await until(async () => relay.connections > 1, 'the connection is given up');
    await sleep(4500 - (performance.now() - begun));
    await replica.until('up');
    await until(async () => (await places()) === ':0', 'no place is left');
    await sleep(200);
    assert.equal(await places(), ':0');
  });

  it('keeps apart what two installations count, by their prefixes', async () => {
    const other = new Replica(`${redis.url}/0?prefix=staging`);
    try {
      await other.until('up');
      const limits = { concurrency: 1, rate: { requests: 1, seconds: 3600 } };
      assert.equal((await replica.limits.acquire('same', limits)).ok, true);
      assert.equal((await other.limits.acquire('same', limits)).ok, true);
      assert.equal((await other.limits.acquire('same', limits)).ok, false);
      assert.equal(await reply(redis, 'EXISTS staging:{same}:requests staging:{same}:rate'), ':2');
      assert.equal(await reply(redis, 'EXISTS sentry-api-proxy:{same}:requests'), ':1');
    } finally {
      await other.limits.close();
    }
  });
});

describe('a server that is not Redis, or a hostile one', () => {
  const hostile: Record<string, string> = {
    'a line without end': '+'.padEnd(64 * 1024, 'x'),
    'a string without end': '$999999\r\n'.padEnd(64 * 1024, 'x'),
    'a string of 4 GiB': '$4294967295\r\n',
    '20,000 nested arrays': '*1\r\n'.repeat(20_000),
    'an array of a million elements': `*1000000\r\n${':1\r\n'.repeat(10_000)}`,
    'unrequested replies': '+OK\r\n'.repeat(10_000),
    'another protocol': 'HTTP/1.1 400 Bad Request\r\n\r\n',
    'RESP 3': '%1\r\n+a\r\n+b\r\n',
    'a number that is none': ':x\r\n',
  };
  for (const [title, bytes] of Object.entries(hostile)) {
    it(`is dropped if it sends ${title}, and the local limits hold`, async () => {
      const one = bytes.repeat(Math.ceil((64 * 1024) / bytes.length));
      let sent = 0;
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          const send = () => {
            while (!socket.destroyed && socket.write(one)) sent += one.length;
          };
          socket.on('drain', send);
          send();
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const before = process.memoryUsage().rss;
      const replica = new Replica(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
      try {
        await replica.until('down');
        assert.deepEqual(replica.states, [{ state: 'down', reason: 'not Redis' }]);
        assert.equal((await replica.limits.acquire('alone', { concurrency: 1 })).ok, true);
        assert.equal((await replica.limits.acquire('alone', { concurrency: 1 })).ok, false);
        assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024, `${sent} bytes were sent`);
      } finally {
        await replica.limits.close();
        server.close();
      }
    });
  }

  it('is dropped if a reply comes byte by byte and never ends', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      const drip = setInterval(() => socket.write('+'), 100);
      socket.on('close', () => clearInterval(drip));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const replica = new Replica(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      await replica.until('down');
      assert.deepEqual(replica.states, [{ state: 'down', reason: 'ETIMEDOUT' }]);
    } finally {
      await replica.limits.close();
      server.close();
    }
  });
});

describe("a store's URL", () => {
  it('has user, password, database and prefix where it names them', () => {
    assert.deepEqual(storeAddress('rediss://some%40body:p%2Fw@[::1]:7000/3?prefix=a.b'), {
      ...{ host: '::1', port: 7000, isEncrypted: true, user: 'some@body', password: 'p/w', database: 3, prefix: 'a.b' },
    });
    assert.deepEqual(storeAddress('redis://store'), {
      ...{ host: 'store', port: 6379, isEncrypted: false, user: '', password: '', database: 0 },
      prefix: 'sentry-api-proxy',
    });
  });

  for (const text of [
    'redis://store?prefix=',
    'redis://store?prefix={a}',
    'redis://store?prefix=a&prefix=b',
    'redis://store?db=1',
    `redis://store?prefix=${'a'.repeat(65)}`,
    'redis://store#a',
    'redis://',
    'redis://:%zz@store',
    'http://store',
  ]) {
    it(`is none: ${text}`, () => assert.equal(storeAddress(text), undefined));
  }
});
