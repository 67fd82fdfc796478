// The attacks of slowhttptest, a package of the system's.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasProcFs, openDescriptors } from '../support/process-figures.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { ATTACKS, attack, honestTraffic, slowHttpTest } from '../support/slow-attacks.ts';
import { answer, response, Upstream } from '../support/upstream.ts';

const ALIAS = 'alias-of-the-honest';
const HONEST = `GET /honest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALIAS}\r\n\r\n`;

const isMissing = slowHttpTest === undefined && !process.env.CI;
const skip = isMissing && 'slowhttptest is not installed: apt-get install slowhttptest';

/** Waits until the attackers hold so many descriptors; how fast they are depends on the machine. */
async function crowd(proxy: ListeningProxy, descriptors: number, during: Promise<unknown>): Promise<void> {
  let isOver = !hasProcFs;
  const over = during.then(() => {
    isOver = true;
  });
  let most = 0;
  while (!isOver && most < descriptors) {
    most = Math.max(most, await openDescriptors(proxy.child.pid!));
    await Promise.race([sleep(100), over]);
  }
  assert.ok(!hasProcFs || most >= descriptors, `the attackers held ${most} descriptors at most`);
}

// A thousand of each kind, one kind after the other, are in the soak.
it('slow attacks of all kinds at once, 250 connections each, hold up no honest request', { skip }, async (t) => {
  const upstream = await Upstream.start();
  t.after(() => upstream.stop());
  upstream.play(answer(response('200 OK', [], 'x'.repeat(1024 * 1024))), '/large');
  const proxy = await startProxy([
    '--token=token-of-the-honest',
    `--alias-token=${ALIAS}`,
    `--sentry-uri=${upstream.uri}`,
  ]);
  t.after(() => proxy.stop());
  const kinds = Object.keys(ATTACKS) as (keyof typeof ATTACKS)[];
  const enough = new AbortController();
  const under = Promise.all(kinds.map((kind) => attack(kind, proxy, 250, 60, enough.signal)));
  const traffic = honestTraffic(proxy, HONEST, under);
  await crowd(proxy, 400, under);
  await sleep(5000);
  enough.abort();
  const { served, failures } = await traffic;
  assert.deepEqual(failures, []);
  assert.ok(served >= 20, `${served} requests`);
});
