// Stopping behind a load balancer: readiness fails first, then the port closes, then what is in flight ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  eventually,
  get,
  makeFolder,
  type Place,
  selfSigned,
  startProxy,
  startWatched,
} from '../../support/operator.ts';
import type { Ended, ProxyProcess } from '../../support/proxy-process.ts';
import { RawClient } from '../../support/raw-client.ts';
import { Upstream } from '../../support/upstream.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

async function upstreamOf(t: TestContext): Promise<Upstream> {
  const upstream = await Upstream.start();
  t.after(() => upstream.stop());
  return upstream;
}

const isRefused = (place: Place): Promise<boolean> =>
  get(place, '/').then(
    () => false,
    () => true,
  );

async function endsWithin(proxy: ProxyProcess, patience: number): Promise<Ended> {
  const ended = await Promise.race([proxy.ended, sleep(patience, undefined, { ref: false })]);
  assert.ok(ended, 'it has ended');
  return ended;
}

describe('drain', { concurrency: 3 }, () => {
  it('fails readiness, serves until the delay is over, closes the port, and ends what is in flight', async (t) => {
    const upstream = await upstreamOf(t);
    const connections = upstream.play(() => {}, '/slow');
    const { proxy, admin } = await startWatched(t, ['--token=x', '--sentry-uri', upstream.uri, '--drain-delay=6s']);
    const slow = await RawClient.connect(proxy);
    await slow.write(GET.replace('/', '/slow'));
    await eventually(() => connections.length === 1, 'a request is in flight');
    assert.equal((await get(admin, '/readyz')).text, 'ready\n');

    const signalled = performance.now();
    proxy.kill('SIGTERM');
    await eventually(async () => (await get(admin, '/readyz')).status === 503, 'readiness fails');
    assert.equal((await get(admin, '/readyz')).text, 'draining\n');
    assert.equal((await get(admin, '/livez')).status, 200);
    assert.equal((await get(proxy, '/')).status, 200, 'the port is still open');
    assert.ok(performance.now() - signalled < 6000, 'the machine is too slow for this test');

    await eventually(() => isRefused(proxy), 'the port closes');
    assert.ok(performance.now() - signalled >= 5900);
    assert.equal((await get(admin, '/readyz')).text, 'draining\n');
    assert.match((await get(admin, '/metrics')).text, /^sentry_api_proxy_requests_in_flight 1$/m);
    connections[0]!.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate');
    assert.equal((await slow.reply()).content.toString(), 'late');
    const { code } = await endsWithin(proxy, 3000);
    assert.equal(code, 0);
    const events = proxy.logLines().map(({ event }) => event);
    assert.ok(events.indexOf('draining') < events.indexOf('stopped'));
    assert.equal(proxy.logLines().filter(({ path }) => path === '/slow').length, 1);
  });

  it('takes a second signal for an order to end at once, within the delay, too', async (t) => {
    const { proxy, admin } = await startWatched(t, [
      '--token=x',
      '--sentry-uri=http://127.0.0.1:9',
      '--drain-delay=1m',
    ]);
    proxy.kill('SIGTERM');
    await eventually(async () => (await get(admin, '/readyz')).status === 503, 'readiness fails');
    proxy.kill('SIGTERM');
    assert.equal((await endsWithin(proxy, 3000)).code, 143);
  });

  it('without a delay closes the port at once', async (t) => {
    const { proxy } = await startWatched(t, ['--token=x', '--sentry-uri=http://127.0.0.1:9']);
    const idle = await RawClient.connect(proxy);
    proxy.kill('SIGINT');
    assert.equal((await endsWithin(proxy, 3000)).code, 0);
    idle.leave();
  });

  it('does not wait for a client that has not even finished a TLS handshake', async (t) => {
    const { cert, key } = await selfSigned(makeFolder(t), 'proxy.example');
    const tls = ['--tls-cert', cert, '--tls-key', key];
    const proxy = await startProxy(['--token=x', '--sentry-uri=http://127.0.0.1:9', ...tls]);
    t.after(() => proxy.kill('SIGKILL'));
    const silent = connect(proxy.port, proxy.host);
    await once(silent, 'connect');
    await get(proxy, '/', { isTls: true });
    proxy.kill('SIGTERM');
    assert.equal((await endsWithin(proxy, 4000)).code, 0);
    silent.destroy();
  });

  it('still serves who had connected before the port closed, and has just not asked yet', async (t) => {
    const upstream = await upstreamOf(t);
    const proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri]);
    t.after(() => proxy.stop());
    const connected = await RawClient.connect(proxy);
    proxy.kill('SIGTERM');
    await proxy.logged(({ event }) => event === 'draining');
    await connected.write(GET);
    assert.equal((await connected.reply()).status, 200);
    assert.equal((await endsWithin(proxy, 3000)).code, 0);
  });
});
