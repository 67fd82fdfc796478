// Bodies of any size, made and checked without holding them: node bench/transfers.ts store PORT SIZE serves them,
// node bench/transfers.ts client PORT SIZE UPLOADS DOWNLOADS carries them and ends with status 1 if one is not the same.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const CHUNK = 64 * 1024;

/** No two chunks and no two bodies are the same. */
function* bodyOf(seed: number, size: number): Generator<Buffer> {
  const pattern = Buffer.alloc(CHUNK);
  for (let i = 0; i < CHUNK; i++) pattern[i] = (i * (2 * seed + 1) + (i >> 8)) & 0xff;
  for (let at = 0; at < size; at += CHUNK) {
    const chunk = Buffer.from(pattern.subarray(0, Math.min(CHUNK, size - at)));
    chunk.writeDoubleLE(at, 0);
    yield chunk;
  }
}

async function hashOf(body: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

function serve(port: number, size: number): void {
  const server = createServer(async (incoming, response) => {
    if (incoming.method === 'PUT') {
      response.end(await hashOf(incoming));
      return;
    }
    response.setHeader('Content-Length', size);
    await pipeline(Readable.from(bodyOf(Number(incoming.url!.slice(1)), size)), response);
  });
  server.listen(port, '127.0.0.1');
}

async function carry(port: number, size: number, uploads: number, downloads: number): Promise<void> {
  const upload = async (seed: number) => {
    const headers = { 'Content-Length': size };
    const outgoing = request({ host: '127.0.0.1', port, path: `/${seed}`, method: 'PUT', headers });
    const response = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    await pipeline(Readable.from(bodyOf(seed, size)), outgoing);
    const [incoming] = await response;
    assert.equal(incoming.statusCode, 200);
    const [received] = await incoming.setEncoding('utf8').toArray();
    assert.equal(received, await hashOf(bodyOf(seed, size)));
  };
  const download = async (seed: number) => {
    const outgoing = request({ host: '127.0.0.1', port, path: `/${seed}` }).end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    assert.equal(await hashOf(incoming), await hashOf(bodyOf(seed, size)));
  };
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  await Promise.all([...numbered(uploads).map(upload), ...numbered(downloads).map(download)]);
}

const [role, ...numbers] = process.argv.slice(2);
const [port = 0, size = 0, uploads = 0, downloads = 0] = numbers.map(Number);
if (role === 'store') serve(port, size);
else await carry(port, size, uploads, downloads);
