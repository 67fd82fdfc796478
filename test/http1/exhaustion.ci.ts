// Clients that take up all that there is: connections, descriptors, memory, time.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasProcFs, peakMemory } from '../support/process-figures.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { quickly } from '../support/quick-client.ts';
import { RawClient, send } from '../support/raw-client.ts';
import { answer, response, Upstream } from '../support/upstream.ts';

const MIB = 1024 * 1024;
const ALIAS = 'alias-of-the-honest';
const HONEST = `GET /honest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALIAS}\r\n\r\n`;
const SETTINGS = ['--token=token-of-the-honest', `--alias-token=${ALIAS}`];

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
  upstream.play(answer(response('200 OK', [], 'x'.repeat(MIB))), '/large');
});
after(() => upstream?.stop());

const start = (...flags: string[]): Promise<ListeningProxy> =>
  startProxy([...SETTINGS, `--sentry-uri=${upstream.uri}`, ...flags]);

// Most of it is waiting.
describe('exhaustion', { concurrency: 2 }, () => {
  describe('few descriptors', () => {
    const crowd = (proxy: ListeningProxy) =>
      Promise.all(Array.from({ length: 400 }, () => RawClient.connect(proxy).catch(() => undefined)));

    it('are survived, by turning clients away, and recovered from soon', async (t) => {
      const proxy = await startProxy([...SETTINGS, `--sentry-uri=${upstream.uri}`], { openFiles: 256 });
      t.after(() => proxy.stop());
      for (let round = 0; round < 2; round++) {
        const clients = await crowd(proxy);
        await Promise.all(clients.map((client) => client?.write(HONEST.slice(0, -2))));
        await sleep(300);
        const left = performance.now();
        for (const client of clients) client?.leave();
        while ((await quickly(proxy, HONEST)).status !== 200) {
          assert.ok(performance.now() - left < 10_000, 'it does not recover');
          await sleep(50);
        }
      }
      assert.equal(proxy.child.exitCode, null);
    });

    it('serve those who are let in, all at once', async (t) => {
      const proxy = await startProxy([...SETTINGS, `--sentry-uri=${upstream.uri}`], { openFiles: 256 });
      t.after(() => proxy.stop());
      const replies = await Promise.all(Array.from({ length: 400 }, () => quickly(proxy, HONEST)));
      const statuses = new Set(replies.map(({ status }) => status));
      assert.ok(statuses.has(200));
      for (const status of statuses) assert.ok([0, 200].includes(status), `status ${status}`);
      assert.equal((await quickly(proxy, HONEST)).status, 200);
    });
  });

  describe('header sections', () => {
    const withFields = (size: number) =>
      HONEST.replace(/\r\n\r\n$/, `\r\nX: ${'y'.repeat(size - HONEST.length)}\r\n\r\n`);

    it('above 16 KiB are refused with 431', async (t) => {
      const proxy = await start();
      t.after(() => proxy.stop());
      assert.equal((await send(proxy, withFields(16_000))).status, 200);
      assert.equal((await send(proxy, withFields(17_000))).status, 431);
      assert.equal((await send(proxy, withFields(2_000_000))).status, 431);
    });

    it('may be larger or smaller with --max-header-size', async (t) => {
      const large = await start('--max-header-size=64KiB');
      t.after(() => large.stop());
      assert.equal((await send(large, withFields(60_000))).status, 200);
      assert.equal((await send(large, withFields(70_000))).status, 431);
      const small = await start('--max-header-size=1KiB');
      t.after(() => small.stop());
      assert.equal((await send(small, withFields(900))).status, 200);
      assert.equal((await send(small, withFields(1200))).status, 431);
    });
  });

  async function leave(proxy: ListeningProxy, clients: readonly RawClient[]): Promise<void> {
    for (const client of clients) client.leave();
    await proxy.stop();
  }

  describe('memory', { skip: !hasProcFs && 'it is looked up in /proc' }, () => {
    it('is not taken up by bodies in chunks of a byte', async (t) => {
      const proxy = await start();
      const clients: RawClient[] = [];
      t.after(() => leave(proxy, clients));
      assert.equal((await quickly(proxy, HONEST)).status, 200);
      const before = await peakMemory(proxy.child.pid!);
      // A megabyte each, and never an end.
      const chunks = '1\r\nX\r\n'.repeat(MIB - 1000);
      const head = 'POST /large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
      for (let i = 0; i < 3; i++) {
        const client = await RawClient.connect(proxy, 'POST');
        clients.push(client);
        await client.write(head + chunks);
      }
      assert.equal((await quickly(proxy, HONEST)).status, 200);
      const taken = (await peakMemory(proxy.child.pid!)) - before;
      assert.ok(taken < 100 * MIB, `${Math.round(taken / MIB)} MiB for 3 MiB of bodies`);
    });

    it('is not taken up by clients that do not read', async (t) => {
      const proxy = await start();
      const clients: RawClient[] = [];
      t.after(() => leave(proxy, clients));
      upstream.play(answer(response('200 OK', [], 'x'.repeat(20 * MIB))), '/huge');
      assert.equal((await quickly(proxy, HONEST)).status, 200);
      const before = await peakMemory(proxy.child.pid!);
      for (let i = 0; i < 20; i++) {
        const client = await RawClient.connect(proxy);
        client.socket.pause();
        clients.push(client);
        await client.write(HONEST.replace('/honest', '/huge'));
      }
      await sleep(1500);
      assert.equal((await quickly(proxy, HONEST)).status, 200);
      const taken = (await peakMemory(proxy.child.pid!)) - before;
      assert.ok(taken < 150 * MIB, `${Math.round(taken / MIB)} MiB for 20 clients`);
    });
  });
});
