// The admin listener needs no credentials, so no client of it must be able to harm the proxy.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { get, startWatched } from '../../support/operator.ts';
import { hasProcFs, openDescriptors, peakMemory } from '../../support/process-figures.ts';
import { RawClient } from '../../support/raw-client.ts';
import { Upstream } from '../../support/upstream.ts';

const MIB = 1024 * 1024;
const skip = !hasProcFs && 'it reads /proc';

/** Seconds of CPU time that a process has used. The fields follow its name, which may hold blanks. */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Opens connections in bursts, in its own thread, and closes those of an earlier one. */
const BURSTS = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, host, bytes } } = require('node:worker_threads');
  const bursts = [];
  setInterval(() => {
    for (const socket of bursts.length > 3 ? bursts.shift() : []) socket.destroy();
    bursts.push(Array.from({ length: 60 }, () => {
      const socket = connect(port, host).on('error', () => {}).pause();
      if (bytes !== '') socket.write(bytes);
      return socket;
    }));
    parentPort.postMessage('burst');
  }, 10);
`;

describe('the admin listener', { skip }, () => {
  it('holds few of 300 idle connections at 256 descriptors; the proxy and the probes go on', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const surroundings = { openFiles: 256 };
    const { proxy, admin } = await startWatched(t, ['--token=x', '--sentry-uri', upstream.uri], surroundings);
    const before = await openDescriptors(proxy.child.pid!);
    const idle = await Promise.all(Array.from({ length: 300 }, () => RawClient.connect(admin)));
    t.after(() => {
      for (const client of idle) client.leave();
    });
    const more = (await openDescriptors(proxy.child.pid!)) - before;
    assert.ok(more <= 20, `${more} more descriptors are open`);
    const replies = await Promise.all(Array.from({ length: 50 }, () => get(proxy, '/x')));
    for (const { status } of replies) assert.equal(status, 200);
    for (const path of ['/livez', '/readyz', '/metrics']) assert.equal((await get(admin, path)).status, 200, path);
  });

  for (const [title, bytes] of [
    ['say nothing', ''],
    ['never end their heads', 'GET /livez HTTP/1.1\r\nHo'],
    ['do not read what they asked for', 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ] as const) {
    it(`fails no probe under bursts of connections that ${title}`, async (t) => {
      const { admin } = await startWatched(t, ['--token=x', '--sentry-uri=http://127.0.0.1:9']);
      const workerData = { port: admin.port, host: admin.host, bytes };
      const attackers = [1, 2].map(() => new Worker(BURSTS, { eval: true, workerData }));
      t.after(() => Promise.all(attackers.map((attacker) => attacker.terminate())));
      await Promise.all(attackers.map((attacker) => once(attacker, 'message')));
      const failures: string[] = [];
      for (let i = 0; i < 200; i++) {
        await get(admin, '/readyz').then(
          ({ status }) => status === 200 || failures.push(String(status)),
          (error) => failures.push(String(error)),
        );
      }
      assert.deepEqual(failures, []);
    });
  }

  it('closes a connection that asks nothing, and one that stops inside its request', async (t) => {
    const { admin } = await startWatched(t, ['--token=x', '--sentry-uri=http://127.0.0.1:9']);
    const clients = await Promise.all([RawClient.connect(admin), RawClient.connect(admin)]);
    await clients[1].write('GET /livez HTTP/1.1\r\nHo');
    for (const client of clients) {
      const ending = await Promise.race([client.ended, sleep(15_000, 'open', { ref: false })]);
      assert.notEqual(ending, 'open');
    }
  });

  it('answers the first of 700 requests on each of 20 connections that do not read, at little cost', async (t) => {
    const { proxy, admin } = await startWatched(t, ['--token=x', '--sentry-uri=http://127.0.0.1:9']);
    const pid = proxy.child.pid!;
    await get(admin, '/metrics');
    const [cpu, memory] = [cpuTime(pid), await peakMemory(pid)];
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(admin)));
    for (const client of clients) client.socket.pause();
    await Promise.all(clients.map((client) => client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(700))));
    await sleep(1000);
    assert.equal((await get(admin, '/readyz')).status, 200);
    for (const client of clients) client.socket.destroy();
    const used = cpuTime(pid) - cpu;
    const grown = (await peakMemory(pid)) - memory;
    // 17 s and 480 MiB, when each request was answered.
    assert.ok(used < 2, `${used} s of CPU time`);
    assert.ok(grown < 64 * MIB, `${grown / MIB} MiB`);
  });
});
