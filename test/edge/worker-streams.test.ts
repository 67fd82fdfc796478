// Large bodies through workerd: neither is held in memory.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import { startWorkerd } from '../contract/edge-workerd.ts';
import type { RunningTarget } from '../contract/targets.ts';
import { builtWorker } from '../support/builds.ts';

const SIZE = 100 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, 'x');
/** Bytes by which workerd may grow meanwhile: buffers and garbage, and far from a body. */
const ROOM = 40 * 1024 * 1024;

const isLinux = process.platform === 'linux';

describe('a body of 100 MB through workerd', { skip: isLinux ? false : 'reads memory from /proc' }, () => {
  let upstream: Server;
  let target: RunningTarget;
  const uploads: (string | undefined)[] = [];

  before(async () => {
    upstream = createServer(async (incoming, outgoing) => {
      uploads.push(incoming.headers['content-length']);
      let received = 0;
      for await (const piece of incoming) received += piece.length;
      if (incoming.method === 'POST') return void outgoing.end(String(received));
      outgoing.setHeader('Content-Length', SIZE);
      await pipeline(pieces(), outgoing).catch(() => {});
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    const bindings = { SENTRY_URI: `http://127.0.0.1:${port}`, SENTRY_TOKEN: 'token', ALLOW_ANY_CLIENT: 'true' };
    target = await startWorkerd(await builtWorker(), bindings);
    await exchange('GET', false);
  });
  after(async () => {
    await target.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  /** Bytes of the response's content, and what they say if they are few. */
  function exchange(method: string, hasBody: boolean): Promise<{ size: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = hasBody ? { 'Content-Length': SIZE } : {};
      const outgoing = request({ host: target.host, port: target.port, method, path: '/x', headers, agent: false });
      outgoing.on('error', reject).on('response', async (response) => {
        let size = 0;
        let text = '';
        for await (const piece of response) {
          size += piece.length;
          if (size < 100) text += piece;
        }
        resolve({ size, text });
      });
      if (hasBody) pipeline(pieces(), outgoing).catch(reject);
      else outgoing.end();
    });
  }

  for (const [title, method, hasBody] of [
    ['goes up', 'POST', true],
    ['comes down', 'GET', false],
  ] as const) {
    it(`${title} whole, with memory flat`, async (t) => {
      const begin = residentMemory();
      let peak = begin;
      const timer = setInterval(() => {
        peak = Math.max(peak, residentMemory());
      }, 20);
      const { size, text } = await exchange(method, hasBody);
      clearInterval(timer);
      if (hasBody) assert.equal(text, String(SIZE));
      else assert.equal(size, SIZE);
      if (hasBody) assert.equal(uploads.at(-1), String(SIZE));
      t.diagnostic(`${Math.round((peak - begin) / 1024 / 1024)} MB above ${Math.round(begin / 1024 / 1024)} MB`);
      assert.ok(peak - begin < ROOM, `it grew by ${peak - begin} bytes`);
    });
  }
});

function pieces(): Readable {
  return Readable.from(
    (function* () {
      for (let sent = 0; sent < SIZE; sent += PIECE.length) yield PIECE;
    })(),
    { objectMode: false },
  );
}

/** Bytes that the workerd processes of this process hold. */
function residentMemory(): number {
  let kilobytes = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const isOurs = /^Name:\s*workerd$/m.test(status) && status.includes(`\nPPid:\t${process.pid}\n`);
      if (isOurs) kilobytes += Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      // It has ended meanwhile.
    }
  }
  assert.ok(kilobytes > 0, 'no workerd is running');
  return kilobytes * 1024;
}
