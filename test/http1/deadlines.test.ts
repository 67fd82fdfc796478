// How long a client may go on sending after it was answered.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadlines } from '../../adapters/http1/server/deadlines.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { RawClient } from '../support/raw-client.ts';
import { response, Upstream } from '../support/upstream.ts';

const LIMITS = { readHeader: 10_000, read: 25_000, write: 25_000, maxHead: 1024 };

/** A clock that a test sets. */
function clockOf(t: TestContext): { now: number } {
  const clock = { now: 1000 };
  t.mock.method(performance, 'now', () => clock.now);
  return clock;
}

it('a client that was answered has 5 s after each read, and 30 s in all', (t) => {
  const clock = clockOf(t);
  const deadlines = new Deadlines(LIMITS);
  deadlines.headRead(true);
  deadlines.linger();
  assert.equal(deadlines.at, 6000);
  for (clock.now = 5000; clock.now < 25_000; clock.now += 4000) {
    deadlines.lingerOn();
    assert.equal(deadlines.at, clock.now + 5000);
  }
  clock.now = 30_000;
  deadlines.lingerOn();
  assert.equal(deadlines.at, 31_000);
});

it('a client that was answered has one more second once the port is closed', (t) => {
  const clock = clockOf(t);
  const deadlines = new Deadlines(LIMITS);
  deadlines.headRead(true);
  deadlines.linger();
  deadlines.shorten();
  assert.equal(deadlines.at, 2000);
  clock.now = 1900;
  deadlines.lingerOn();
  assert.equal(deadlines.at, 2000);
});

describe('a client that still uploads after an early 413', { concurrency: 2 }, () => {
  const HEAD = 'POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n';
  let upstream: Upstream;
  let proxy: ListeningProxy;
  before(async () => {
    upstream = await Upstream.start();
    upstream.play(async (connection) => {
      await connection.head();
      connection.send(response('413 Content Too Large', ['Connection: close'], 'too large'));
    }, '/early');
    proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri]);
  });
  after(async () => {
    await proxy?.stop();
    await upstream?.stop();
  });

  it('can go on for longer than 5 s, and then reads the answer', async () => {
    const client = await RawClient.connect(proxy, 'POST', true);
    client.socket.pause();
    await client.write(HEAD);
    for (let i = 0; i < 3; i++) {
      await sleep(2500);
      await client.write('x'.repeat(1000));
    }
    await sleep(200);
    client.socket.resume();
    const { status, content, ending } = await client.reply();
    assert.deepEqual([status, content.toString(), ending], [413, 'too large', 'fin']);
  });

  it('is cut off once it has been silent for 5 s', async () => {
    const client = await RawClient.connect(proxy, 'POST', true);
    await client.write(`${HEAD}x`);
    await client.until((received) => received.endsWith('too large'));
    await sleep(6500);
    // The first write meets a connection that is not there any more, the second one hears of it.
    await client.write('x');
    await sleep(200);
    await client.write('x');
    const ending = await Promise.race([client.ended, sleep(3000, 'nothing')]);
    client.leave();
    assert.equal(ending, 'fin');
  });
});
