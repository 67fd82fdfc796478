// Large bodies through workerd: neither is held in memory.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import { startWorkerd } from '../contract/edge-workerd.ts';
import type { RunningTarget } from '../contract/targets.ts';
import { builtWorker } from '../support/builds.ts';
import { endsWithTestFile } from '../support/test-file.ts';

const SIZE = 100 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, 'x');
/** Bytes by which workerd may grow during the test: buffers and garbage, far less than a body. */
const ROOM = 40 * 1024 * 1024;

const isLinux = process.platform === 'linux';

describe('a body of 100 MB through workerd', { skip: isLinux ? false : 'reads memory from /proc' }, () => {
  let upstream: Server;
  let target: RunningTarget | undefined;
  let workerd: readonly string[];
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
    // Also when what follows throws: while it listens, this process goes on.
    endsWithTestFile(() => upstream.close().closeAllConnections());
    const { port } = upstream.address() as AddressInfo;
    const bindings = { SENTRY_URI: `http://127.0.0.1:${port}`, SENTRY_TOKEN: 'token', ALLOW_ANY_CLIENT: 'true' };
    target = await startWorkerd(await builtWorker(), bindings);
    workerd = workerdProcesses();
    await exchange('GET', false);
  });
  after(() => target?.stop());

  /** Bytes of the response's content, and what they say if they are few. */
  function exchange(method: string, hasBody: boolean): Promise<{ size: number; text: string }> {
    const { host, port } = target!;
    return new Promise((resolve, reject) => {
      const headers = hasBody ? { 'Content-Length': SIZE } : {};
      const outgoing = request({ host, port, method, path: '/x', headers, agent: false });
      outgoing.on('error', reject).on('response', (response) => {
        let size = 0;
        let text = '';
        response.on('data', (piece) => {
          size += piece.length;
          if (size < 100) text += piece;
        });
        finished(response).then(() => resolve({ size, text }), reject);
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
      const begin = residentMemory(workerd);
      let peak = begin;
      const timer = setInterval(() => {
        peak = Math.max(peak, residentMemory(workerd));
      }, 20);
      const { size, text } = await exchange(method, hasBody).finally(() => clearInterval(timer));
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

/**
 * The ids of the workerd processes that this process started. All of /proc is read for that, which takes longer on a busy
 * machine than the time between two looks at the memory: looking that way, this process would do nothing else.
 */
function workerdProcesses(): string[] {
  const isOurs = (pid: string): boolean => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return /^Name:\s*workerd$/m.test(status) && status.includes(`\nPPid:\t${process.pid}\n`);
    } catch {
      return false; // It has ended.
    }
  };
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name));
  assert.ok(found.length > 0, 'no workerd is running');
  return found;
}

/** Bytes that these processes hold. */
function residentMemory(pids: readonly string[]): number {
  const kilobytes = pids.map((pid) => Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]));
  return kilobytes.reduce((sum, size) => sum + size) * 1024;
}
