// The store of images that Sentry leads uploads of snapshots to, by way of its own public address: requests there have a
// token of the store's, and none of the proxy's clients (preprod/api/endpoints/project_preprod_upload_options.py).
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const STORE_TOKEN = 'e'.repeat(64);

export interface ObjectStore {
  /** The answer of `upload-options/`. */
  readonly options: object;
  /** Keys of the images that were stored. */
  readonly keys: ReadonlySet<string>;
  /** Requests with other credentials than the store's own. */
  readonly strangers: readonly string[];
  stop(): Promise<void>;
}

export async function startObjectStore(): Promise<ObjectStore> {
  const keys = new Set<string>();
  const strangers: string[] = [];
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== undefined || request.headers['x-os-auth'] !== `Bearer ${STORE_TOKEN}`)
      strangers.push(`${request.method} ${request.url}`);
    const operations = await operationsIn(request);
    const parts = operations.map(({ kind, key }, index) => {
      const status = kind === 'insert' ? '201 Created' : keys.has(key) ? '200 OK' : '404 Not Found';
      if (kind === 'insert') keys.add(key);
      return partOf(index, kind, key, status);
    });
    response.setHeader('Content-Type', 'multipart/form-data; boundary=b');
    response.end(`${parts.join('')}--b--\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const objectstore = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/0/organizations/1/objectstore`,
    usecase: 'snapshots',
    scopes: [
      ['org', '1'],
      ['project', '2'],
    ],
    authToken: STORE_TOKEN,
    expirationPolicy: 'tti:30 days',
  };
  return {
    options: { objectstore },
    keys,
    strangers,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The operations of a batch; the images themselves do not matter. */
async function operationsIn(request: IncomingMessage): Promise<{ kind: string; key: string }[]> {
  const text = (await buffer(request)).toString('latin1');
  const found = text.matchAll(/^x-sn-batch-operation-kind: (\w+)\r\nx-sn-batch-operation-key: (\S+)\r$/gm);
  return [...found].map(([, kind, key]) => ({ kind: kind!, key: decodeURIComponent(key!) }));
}

const partOf = (index: number, kind: string, key: string, status: string): string =>
  [
    '--b',
    'Content-Disposition: form-data; name="part"',
    `x-sn-batch-operation-index: ${index}`,
    `x-sn-batch-operation-kind: ${kind}`,
    `x-sn-batch-operation-key: ${encodeURIComponent(key)}`,
    `x-sn-batch-operation-status: ${status}`,
    '\r\n\r\n',
  ].join('\r\n');
