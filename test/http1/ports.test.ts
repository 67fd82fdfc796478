// Each request takes a port towards Sentry: who keeps it behind the response, and what happens when there is none left.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { after, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../support/child-process.ts';
import { PROGRAM, startProxy } from '../support/proxy-process.ts';
import { send } from '../support/raw-client.ts';
import { TestAuthority, TlsUpstream } from '../support/tls-upstream.ts';
import { OK, type Script, Upstream } from '../support/upstream.ts';

const authority = await TestAuthority.make();
after(() => authority.remove());

const GET = 'GET /api/0/ HTTP/1.1\r\nHost: proxy.example\r\n\r\n';
const POST = 'POST /api/0/ HTTP/1.1\r\nHost: proxy.example\r\nContent-Length: 5\r\n\r\nhello';

/** Starts Sentry and a proxy in front of it. */
async function start(context: TestContext, isSecure: boolean) {
  const upstream = isSecure ? await TlsUpstream.start(await authority.issue()) : await Upstream.start();
  const uri = `${isSecure ? 'https' : 'http'}://localhost:${upstream.port}`;
  const proxy = await startProxy(['--sentry-uri', uri, '--token=token-of-the-test', '--sentry-ca', authority.cert]);
  context.after(async () => {
    await proxy.stop();
    await upstream.stop();
  });
  const play = (script: Script) => {
    if (upstream instanceof TlsUpstream) upstream.script = script;
    else upstream.play(script);
  };
  return { proxy, play };
}

for (const isSecure of [false, true]) {
  const scheme = isSecure ? 'https' : 'http';

  test(`lets Sentry close first, if it closes soon, ${scheme}`, async (context) => {
    const { proxy, play } = await start(context, isSecure);
    for (const bytes of [GET, POST]) {
      for (const delay of [0, 1, 20]) {
        let ending: string | undefined;
        play(async (connection) => {
          await connection.whole();
          connection.send(OK);
          await sleep(delay);
          ending = connection.ending;
          connection.finish();
        });
        const reply = await send(proxy, bytes);
        assert.equal(reply.content.toString(), 'ok');
        while (ending === undefined) await sleep(2);
        assert.equal(ending, 'open', `the proxy closed first, within ${delay} ms`);
      }
    }
  });

  test(`closes soon where Sentry does not, and lets no client wait for it, ${scheme}`, async (context) => {
    const { proxy, play } = await start(context, isSecure);
    let ended: Promise<unknown> | undefined;
    play(async (connection) => {
      await connection.whole();
      connection.send(OK);
      ended = connection.ended;
    });
    const reply = await send(proxy, GET);
    assert.equal(reply.content.toString(), 'ok');
    assert.equal(reply.ending, 'fin');
    assert.notEqual(await Promise.race([ended, sleep(5000, 'open')]), 'open');
  });
}

/** A network of its own with two ports, which two requests take up. */
const TWO_PORTS = 'ip link set lo up && echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range';
const hasNetwork = spawnSync('unshare', ['-rn', 'sh', '-c', TWO_PORTS]).status === 0;

test('names the ports that are used up, to the client and in the log', {
  skip: !hasNetwork && 'no separate network can be made here',
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'sentry-ports-'));
  context.after(() => rm(folder, { recursive: true }));
  const socket = join(folder, 'socket');
  const program = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { connect, createServer } from 'node:net';
    const sentry = createServer(() => {}).listen(9000, '127.0.0.1');
    const args = ['--listen=unix:${socket}', '--sentry-uri=http://127.0.0.1:9000', '--token=token-of-the-test'];
    const proxy = spawn(process.execPath, ['${PROGRAM}', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let log = '';
    proxy.stdout.on('data', (bytes) => { log += bytes; });
    while (!log.includes('listening')) await once(proxy.stdout, 'data');
    const request = () => connect('${socket}').on('error', () => {});
    for (let taken = 0; taken < 2; taken++) {
      request().write(${JSON.stringify(GET)});
      await once(sentry, 'connection');
    }
    const third = request();
    third.write(${JSON.stringify(GET)});
    let reply = '';
    for await (const bytes of third) reply += bytes;
    while (!log.includes('"error"')) await once(proxy.stdout, 'data');
    console.log(JSON.stringify({ reply, line: log.split('\\n').find((line) => line.includes('"error"')) }));
    proxy.kill('SIGKILL');
    process.exit(0);`;
  const command = [process.execPath, '--input-type=module', '-e', program];
  const child = startChild('unshare', ['-rn', 'sh', '-c', `${TWO_PORTS} && exec "$@"`, 'sh', ...command]);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(errors, '');
  const { reply, line } = JSON.parse(output);
  assert.match(reply, /^HTTP\/1\.1 503 /);
  assert.match(reply, /\r\nProxy-Status: sentry-api-proxy; error=connection_limit_reached\r\n/);
  assert.match(reply, /\r\nRetry-After: \d+\r\n/);
  assert.match(reply, /no free local port/);
  const { error, cause } = JSON.parse(line);
  assert.equal(error, 'upstream_no_port');
  assert.match(cause, /^EADDRNOTAVAIL: /);
});
