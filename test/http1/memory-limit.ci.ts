// Connections without credentials in a container with little memory: they must not get the process killed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { makeControlGroup } from '../support/control-group.ts';
import { eventually, get, makeFolder, selfSigned, startProxy } from '../support/operator.ts';
import type { ListeningProxy } from '../support/proxy-process.ts';
import { Upstream } from '../support/upstream.ts';

const MIB = 1024 * 1024;
/** What the program needs by itself, and not much more. */
const LIMIT = 96 * MIB;
const CROWD = { plain: 4000, tls: 1500 };

const HEAD_WITHOUT_END = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(15_900)}`;

function whyNot(): string | false {
  const group = makeControlGroup(LIMIT);
  if (group === undefined) return 'this user may not make a control group';
  group.remove();
  const descriptors = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  const isEnough = descriptors === 'unlimited' || Number(descriptors) > CROWD.plain + 100;
  return !isEnough && 'this process may not have enough descriptors';
}

describe('a limit of memory', { skip: whyNot() }, () => {
  let upstream: Upstream;
  before(async () => {
    upstream = await Upstream.start();
  });
  after(() => upstream.stop());

  async function start(t: TestContext, ...args: string[]): Promise<ListeningProxy> {
    const group = makeControlGroup(LIMIT)!;
    const settings = [
      '--token=x',
      '--alias-token=an-alias-of-16-chars',
      '--read-header-timeout=2m',
      '--read-timeout=2m',
    ];
    const proxy = await startProxy([...settings, `--sentry-uri=${upstream.uri}`, ...args], {
      controlGroup: group.processes,
    });
    t.after(async () => {
      proxy.kill('SIGKILL');
      await proxy.ended;
      group.remove();
    });
    return proxy;
  }

  async function crowd(t: TestContext, size: number, one: () => Socket, bytes: string): Promise<Socket[]> {
    const sockets: Socket[] = [];
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (let i = 0; i < size; i++) {
      const socket = one().on('error', () => {});
      sockets.push(socket);
      if (bytes !== '') socket.write(bytes);
      if (i % 100 === 99) await sleep(20);
    }
    await eventually(() => sockets.every(({ connecting }) => !connecting), 'all are connected or gone');
    return sockets;
  }

  const isOpen = ({ destroyed }: Socket): boolean => !destroyed;

  for (const [title, bytes] of [
    ['say nothing', ''],
    ['never end their heads', HEAD_WITHOUT_END],
  ] as const) {
    it(`is not exceeded by ${CROWD.plain} connections that ${title}: the oldest go, and others are served`, async (t) => {
      const proxy = await start(t);
      const sockets = await crowd(t, CROWD.plain, () => connect(proxy.port, proxy.host), bytes);
      for (let i = 0; i < 5; i++) assert.equal((await get(proxy, '/')).status, 200);
      assert.equal(proxy.child.exitCode ?? proxy.child.signalCode, null);
      if (bytes === '') return;
      await eventually(() => sockets.filter(isOpen).length < CROWD.plain / 2, 'most were turned away');
      await proxy.logged(({ event }) => event === 'overload');
    });
  }

  it(`is not exceeded by ${CROWD.tls} connections with TLS either`, async (t) => {
    const { cert, key } = await selfSigned(makeFolder(t), 'proxy.example');
    const proxy = await start(t, '--tls-cert', cert, '--tls-key', key);
    const one = () => connectTls({ port: proxy.port, host: proxy.host, rejectUnauthorized: false });
    const sockets = await crowd(t, CROWD.tls, one, HEAD_WITHOUT_END);
    for (let i = 0; i < 5; i++) assert.equal((await get(proxy, '/', { isTls: true })).status, 200);
    assert.equal(proxy.child.exitCode ?? proxy.child.signalCode, null);
    await eventually(() => sockets.filter(isOpen).length < CROWD.tls / 2, 'most were turned away');
  });
});
