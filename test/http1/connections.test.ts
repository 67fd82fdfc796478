import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Connection } from '../../adapters/http1/server/connection.ts';
import { Connections } from '../../adapters/http1/server/connections.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'major' | 'minor' }) => void;

const makeConnection = (): Connection => ({ slot: 0, state: new Array(256).fill(0) }) as unknown as Connection;

test('connections: those that are gone are not kept until the next full garbage collection', () => {
  const atOnce = 32;
  const connections = new Connections();
  const open = Array.from({ length: atOnce }, makeConnection);
  for (const connection of open) connections.add(connection);
  collect({ type: 'major' });
  const before = getHeapStatistics().used_heap_size;
  for (let i = 0; i < 20_000; i++) {
    connections.delete(open[i % atOnce]!);
    const connection = makeConnection();
    open[i % atOnce] = connection;
    connections.add(connection);
    if (i % 500 === 0) collect({ type: 'minor' });
  }
  collect({ type: 'minor' });
  const grown = getHeapStatistics().used_heap_size - before;
  assert.ok(grown < 4e6, `${grown} bytes of 20,000 connections with 2 KiB each are still there`);
});

test('connections: whoever leaves, all others remain, each once', () => {
  const connections = new Connections();
  const open = new Set(Array.from({ length: 100 }, makeConnection));
  for (const connection of open) connections.add(connection);
  for (const [index, connection] of [...open].entries()) {
    if (index % 3 === 0) continue;
    connections.delete(connection);
    open.delete(connection);
    if (index % 2 === 0) continue;
    const another = makeConnection();
    connections.add(another);
    open.add(another);
  }
  assert.equal(connections.size, open.size);
  assert.deepEqual(new Set(connections), open);
  for (const connection of open) connections.delete(connection);
  assert.equal(connections.size, 0);
});
