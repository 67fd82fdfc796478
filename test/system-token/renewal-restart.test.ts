// Another place to read the token from, while a read at the old place does not come to an end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Renewal, SystemToken } from '../../adapters/system-token/renewal.ts';
import { eventually, makeFolder, startProxy } from '../support/operator.ts';

/** A server that accepts connections and says nothing, until it is told to hang up. */
async function listenMutely(t: TestContext) {
  const connectedAt: number[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    connectedAt.push(performance.now());
    sockets.push(socket.on('error', () => {}).resume());
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const conn = `postgres://u@127.0.0.1:${port}/d?sslmode=disable&connect_timeout=60`;
  return { conn, connectedAt, sockets };
}

describe('a changed --pgx-conn-file', () => {
  it('has the new database asked within 1 s, though the old one hangs', async (t) => {
    const [before, after] = [await listenMutely(t), await listenMutely(t)];
    const file = join(makeFolder(t), 'conn');
    writeFileSync(file, before.conn);
    const proxy = await startProxy(['--pgx-conn-file', file, '--sentry-uri=http://127.0.0.1:9']);
    t.after(() => proxy.stop());
    await eventually(() => before.sockets.length === 1, 'the old one is asked');
    writeFileSync(file, after.conn);
    await proxy.logged(({ event }) => event === 'reload', 10_000);
    const reloaded = performance.now();
    await eventually(() => after.connectedAt.length === 1, 'the new one is asked');
    assert.ok(after.connectedAt[0]! - reloaded < 1000);
    await eventually(() => before.sockets[0]!.destroyed || before.sockets[0]!.readableEnded, 'the old one is left');
  });

  it('does not wait for the back-off of the old database', async (t) => {
    const after = await listenMutely(t);
    const file = join(makeFolder(t), 'conn');
    writeFileSync(file, 'postgres://u@127.0.0.1:9/d?sslmode=disable');
    const proxy = await startProxy(['--pgx-conn-file', file, '--sentry-uri=http://127.0.0.1:9', '--log-level=debug']);
    t.after(() => proxy.stop());
    // After the third failure the back-off is 3 s at least.
    await eventually(() => proxy.logLines().some(({ state }) => state === 'missing'), 'the old one refuses');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    writeFileSync(file, after.conn);
    await proxy.logged(({ event }) => event === 'reload', 10_000);
    const reloaded = performance.now();
    await eventually(() => after.connectedAt.length === 1, 'the new one is asked');
    assert.ok(after.connectedAt[0]! - reloaded < 1000);
  });
});

describe('a read that is given up', () => {
  interface Attempt {
    signal: AbortSignal;
    succeed(token: string): void;
    fail(error: Error): void;
  }

  function makeToken() {
    const attempts: Attempt[] = [];
    const renewals: Renewal[] = [];
    const token = new SystemToken({
      read: (signal) =>
        new Promise((succeed, fail) => {
          attempts.push({ signal, succeed, fail });
          signal.addEventListener('abort', () => fail(signal.reason));
        }),
      renewed: (renewal) => void renewals.push(renewal),
    });
    return { token, attempts, renewals };
  }

  it('gives requests that wait for the first token that of the new place', async () => {
    const { token, attempts, renewals } = makeToken();
    token.start();
    const waiting = token.get();
    token.restart();
    assert.equal(attempts[0]!.signal.aborted, true);
    attempts[1]!.succeed('new');
    assert.equal(await waiting, 'new');
    assert.deepEqual(
      renewals.map(({ result }) => result),
      ['changed'],
      'the one that was given up counts neither as read nor as failed',
    );
    token.stop();
  });

  it('gives a refused request the token of the new place, though the old one answers after all', async () => {
    const { token, attempts } = makeToken();
    token.start();
    attempts[0]!.succeed('old');
    assert.equal(await token.get(), 'old');
    const renewed = token.renew('old');
    token.restart();
    attempts[1]!.succeed('late');
    attempts[2]!.succeed('new');
    assert.equal(await renewed, 'new');
    assert.equal(await token.get(), 'new');
    token.stop();
  });
});
