// Where the proxy listens: TLS with a certificate that changes, and Unix sockets.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import {
  eventually,
  get,
  makeFolder,
  mountSecret,
  runProxy,
  selfSigned,
  spawnProxy,
  startProxy,
} from '../../support/operator.ts';
import type { ProxyProcess } from '../../support/proxy-process.ts';
import { answer, response, Upstream } from '../../support/upstream.ts';

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

describe('TLS', { concurrency: 2 }, () => {
  const pem = (files: { cert: string; key: string }) => ({
    'tls.crt': readFileSync(files.cert, 'utf8'),
    'tls.key': readFileSync(files.key, 'utf8'),
  });

  async function started(t: TestContext, cert: string, key: string) {
    const proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri, '--tls-cert', cert, '--tls-key', key]);
    t.after(() => proxy.stop());
    return proxy;
  }

  /** What a client sees of a whole connection: the certificate's name, all that came, and how it ended. */
  async function exchange(to: { host: string; port: number }, pieces: (string | Buffer)[]) {
    const socket = connectTls({ host: to.host, port: to.port, rejectUnauthorized: false });
    const chunks: Buffer[] = [];
    let ending = 'cut';
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      ending = 'close_notify';
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      ending = error.code ?? 'error';
    });
    const closed = once(socket, 'close');
    await once(socket, 'secureConnect');
    const name = socket.getPeerX509Certificate()?.subject;
    for (const piece of pieces) socket.write(piece);
    await closed;
    return { name, text: Buffer.concat(chunks).toString('latin1'), ending };
  }

  it('is spoken, with the address told as https', async (t) => {
    const { cert, key } = await selfSigned(makeFolder(t), 'proxy.example');
    const proxy = await started(t, cert, key);
    const { address } = await proxy.logged(({ event }) => event === 'listening');
    assert.match(String(address), /^https:\/\/127\.0\.0\.1:/);
    const big = 'x'.repeat(300_000);
    const connections = upstream.play(answer(response('200 OK', [], big)), '/big');
    const request = ['POST /big HTTP/1.1\r\nHost: x\r\n', `Content-Length: ${big.length}\r\n\r\n`, big];
    const { name, text, ending } = await exchange(proxy, request);
    assert.equal(name, 'CN=proxy.example');
    assert.ok(text.startsWith('HTTP/1.1 200 OK\r\n') && text.endsWith(big));
    assert.equal(ending, 'close_notify');
    assert.equal(connections[0]?.request?.content.length, big.length);
  });

  it('cuts a response that broke off', async (t) => {
    const { cert, key } = await selfSigned(makeFolder(t), 'proxy.example');
    const proxy = await started(t, cert, key);
    upstream.play(answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'), '/cut');
    const { text } = await exchange(proxy, ['GET /cut HTTP/1.1\r\nHost: x\r\n\r\n']);
    assert.match(text, /hello/);
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
  });

  it('gives plain HTTP no answer, and survives it', async (t) => {
    const { cert, key } = await selfSigned(makeFolder(t), 'proxy.example');
    const proxy = await started(t, cert, key);
    await assert.rejects(get(proxy, '/'));
    assert.equal((await get(proxy, '/', { isTls: true })).status, 200);
  });

  it('takes over a new certificate and key, without a lost request', async (t) => {
    const folder = makeFolder(t);
    const first = await selfSigned(folder, 'first.example');
    const second = await selfSigned(folder, 'second.example');
    mountSecret(folder, pem(first));
    const proxy = await started(t, join(folder, 'tls.crt'), join(folder, 'tls.key'));
    const ask = () => exchange(proxy, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n']);
    assert.equal((await ask()).name, 'CN=first.example');
    mountSecret(folder, pem(second));
    await eventually(async () => {
      const { name, text } = await ask();
      assert.match(text, /^HTTP\/1\.1 200 /);
      return name === 'CN=second.example';
    }, 'the new certificate is shown');
  });

  it('keeps the old certificate when the new key does not fit, and says so', async (t) => {
    const folder = makeFolder(t);
    const first = await selfSigned(folder, 'first.example');
    const second = await selfSigned(folder, 'second.example');
    const [cert, key] = [join(folder, 'c.pem'), join(folder, 'k.pem')];
    copyFileSync(first.cert, cert);
    copyFileSync(first.key, key);
    const proxy = await started(t, cert, key);
    copyFileSync(second.cert, cert);
    const line = await proxy.logged(({ event }) => event === 'reload', 10_000);
    assert.equal(line.level, 'error');
    assert.match(String(line.error), /--tls-cert.*not a certificate and its key/);
    assert.equal((await exchange(proxy, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'])).name, 'CN=first.example');
    copyFileSync(second.key, key);
    await proxy.logged(({ event, level }) => event === 'reload' && level === 'info', 10_000);
    assert.equal((await exchange(proxy, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'])).name, 'CN=second.example');
  });

  it('is refused when only one of certificate and key is given, or they do not belong together', async (t) => {
    const folder = makeFolder(t);
    const [one, other] = [await selfSigned(folder, 'one'), await selfSigned(folder, 'other')];
    for (const [args, says] of [
      [['--tls-cert', one.cert], /belong together/],
      [['--tls-key', one.key], /belong together/],
      [['--tls-cert', one.cert, '--tls-key', other.key], /not a certificate and its key/],
      [
        ['--sentry-uri=https://sentry.example', '--sentry-cert', one.cert, '--sentry-key', other.key],
        /--sentry-cert \(SENTRY_CERT\) and --sentry-key \(SENTRY_KEY\) are not a certificate and its key$/m,
      ],
    ] as const) {
      const { code, stderr } = await runProxy(['--token=x', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, says);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    }
  });
});

describe('a Unix socket', { concurrency: 2 }, () => {
  const args = (socketPath: string) => ['--token=x', '--sentry-uri', upstream.uri, `--listen=unix:${socketPath}`];

  async function started(t: TestContext, socketPath: string): Promise<ProxyProcess> {
    const proxy = await startProxy(args(socketPath));
    t.after(() => proxy.stop());
    return proxy;
  }

  it("is listened on, is its owner's alone, and goes with the proxy", async (t) => {
    const socketPath = join(makeFolder(t), 'proxy.sock');
    const proxy = await started(t, socketPath);
    const { address } = await proxy.logged(({ event }) => event === 'listening');
    assert.equal(address, `unix:${socketPath}`);
    assert.equal(lstatSync(socketPath).mode & 0o777, 0o600);
    assert.deepEqual((await get({ socketPath }, '/')).text, 'ok');
    // Only its owner gets there, so there is nothing to warn of.
    assert.ok(!proxy.logLines().some(({ event }) => event === 'open'));
    await proxy.stop();
    assert.ok(!existsSync(socketPath));
  });

  it('replaces the one that a killed process left behind', async (t) => {
    const socketPath = join(makeFolder(t), 'proxy.sock');
    const killed = await startProxy(args(socketPath));
    killed.kill('SIGKILL');
    await killed.ended;
    assert.ok(lstatSync(socketPath).isSocket());
    await started(t, socketPath);
    assert.equal((await get({ socketPath }, '/')).status, 200);
  });

  it('is not taken from a process that listens on it', async (t) => {
    const socketPath = join(makeFolder(t), 'proxy.sock');
    await started(t, socketPath);
    const { code, stdout, stderr } = await runProxy(args(socketPath));
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^[^\n]*proxy\.sock[^\n]*in use[^\n]*--listen\n$/);
    assert.equal((await get({ socketPath }, '/')).status, 200);
  });

  it('is not taken from a process that is too busy to accept, with its backlog full', async (t) => {
    const socketPath = join(makeFolder(t), 'proxy.sock');
    const listen =
      'require("node:net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => console.log())';
    const busy = spawn(process.execPath, ['-e', listen, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    const fillers: Socket[] = [];
    t.after(() => {
      busy.kill('SIGKILL');
      for (const filler of fillers) filler.destroy();
    });
    await once(busy.stdout, 'data');
    busy.kill('SIGSTOP');
    const isFull = async () => {
      const filler = connect(socketPath);
      fillers.push(filler);
      const [error] = await Promise.race([once(filler, 'connect'), once(filler, 'close').then(() => ['closed'])]).catch(
        (thrown: NodeJS.ErrnoException) => [thrown.code],
      );
      return error === 'EAGAIN';
    };
    await eventually(isFull, 'the backlog is full');
    const inode = lstatSync(socketPath).ino;
    const { code, stderr } = await runProxy(args(socketPath));
    assert.equal(code, 1, stderr);
    assert.match(stderr, /in use/);
    assert.equal(lstatSync(socketPath).ino, inode);
  });

  it('does not replace a file that is not a socket, nor one in a folder that is not there', async (t) => {
    const folder = makeFolder(t);
    writeFileSync(join(folder, 'file'), 'precious');
    for (const [path, says] of [
      [join(folder, 'file'), /: another file is there; choose another with --listen$/],
      [join(folder, 'none/proxy.sock'), /: its folder does not exist; choose/],
      [folder, /: it is a folder; choose/],
    ] as const) {
      const { code, stderr } = await runProxy(args(path));
      assert.equal(code, 1);
      assert.match(stderr.trim(), says);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.ok(stderr.includes(path));
    }
    assert.equal(readFileSync(join(folder, 'file'), 'utf8'), 'precious');
  });
});

describe('all addresses', { concurrency: 2 }, () => {
  const statusAt = async (host: string, port: number) => (await get({ host, port }, '/')).status;
  const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

  for (const listen of ['[::]:0', ':0']) {
    it(`are those of IPv4 and IPv6: ${listen}`, { skip: !hasIPv6 && 'this machine has no ::1' }, async (t) => {
      const proxy = await startProxy(['--token=x', '--sentry-uri', upstream.uri, `--listen=${listen}`]);
      t.after(() => proxy.stop());
      for (const host of ['127.0.0.1', '::1']) {
        assert.equal(await statusAt(host, proxy.port), 200, host);
        const isLogged = await proxy.logged(({ event, remote }) => event === 'request' && remote === host);
        assert.ok(isLogged, `the log names ${host} as it is written`);
      }
    });

    it(`are those of IPv4 where there is no IPv6: ${listen}`, async (t) => {
      const hasPython = spawnSync('python3', ['--version']).status === 0;
      if (process.platform !== 'linux' || !hasPython) return t.skip('it needs python3 on Linux to take IPv6 away');
      const launcher = ['python3', join(import.meta.dirname, '../../support/without-ipv6.py')];
      const args = ['--token=x', '--sentry-uri', upstream.uri];
      const proxy = await startProxy([...args, `--listen=${listen}`], { launcher });
      t.after(() => proxy.stop());
      const { address } = await proxy.logged(({ event }) => event === 'listening');
      assert.equal(address, `http://0.0.0.0:${proxy.port}`);
      assert.equal(await statusAt('127.0.0.1', proxy.port), 200);
      const { code, stderr } = await runProxy([...args, '--listen=[::1]:0'], { launcher });
      const says = 'cannot listen on [::1]:0: this system has no IPv6; listen on an IPv4 address with --listen';
      assert.deepEqual([code, stderr], [1, `sentry-api-proxy: ${says}\n`]);
    });
  }
});

describe('--reuse-port', () => {
  it('lets several processes share a port, and one of them go', async (t) => {
    const first = await startProxy(['--token=x', '--sentry-uri', upstream.uri, '--reuse-port']);
    t.after(() => first.stop());
    const second = await startProxy([
      ...['--token=x', '--sentry-uri', upstream.uri],
      ...['--reuse-port=true', `--listen=127.0.0.1:${first.port}`],
    ]);
    t.after(() => second.stop());
    assert.equal(second.port, first.port);
    const served = (proxy: ProxyProcess) => proxy.logLines().filter(({ event }) => event === 'request').length;
    await eventually(async () => {
      assert.equal((await get(first, '/')).status, 200);
      return served(first) > 0 && served(second) > 0;
    }, 'both serve');
    await first.stop();
    for (let i = 0; i < 5; i++) assert.equal((await get(second, '/')).status, 200);
    const alone = await spawnProxy(['--token=x', `--listen=127.0.0.1:${first.port}`]);
    assert.equal((await alone.ended).code, 1, 'one that does not say so does not get the port');
    const socket = connect(second.port, second.host);
    await once(socket, 'connect');
    socket.destroy();
  });
});
