// Who stays and who is turned away when connections take up all descriptors or all memory that they may have.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { setImmediate as round } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Capacity } from '../../adapters/http1/listen/capacity.ts';
import { type Place, Room, type TimedConnection } from '../../adapters/http1/listen/room.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'major' | 'minor' }) => void;

const KIB = 1024;
const ENDLESS = Number.POSITIVE_INFINITY;

/** A room, and who was turned away from it in which order. */
function makeRoom(capacity: Partial<Capacity>) {
  const away: string[] = [];
  let count = 0;
  let now = 0;
  const room = new Room(
    { descriptors: ENDLESS, bytes: ENDLESS, ...capacity },
    () => count++,
    () => now,
  );
  const wait = (milliseconds: number) => {
    now += milliseconds;
  };
  const enter = (name: string, isEncrypted = false): Place => room.enter(isEncrypted, () => away.push(name));
  /** All so far, after the rounds of the event loop for which silent ones may stay. */
  const turnedAway = async (): Promise<string[]> => {
    for (let i = 0; i < 3; i++) await round();
    assert.equal(count, away.length);
    return away.slice();
  };
  return { room, enter, turnedAway, wait };
}

describe('a room without a free place', () => {
  it('turns away who has been silent for a second, then who lingers, then the oldest head', async () => {
    const { enter, turnedAway, wait } = makeRoom({ descriptors: 8 });
    const [head, otherHead, lingering] = ['head', 'other head', 'lingering'].map((name) => enter(name));
    enter('silent');
    enter('other silent');
    head!.readHead(10);
    otherHead!.readHead(10);
    lingering!.request();
    lingering!.linger();
    wait(1000);
    assert.deepEqual(await turnedAway(), []);
    for (let i = 0; i < 6; i++) {
      const place = enter(`new ${i}`);
      await turnedAway();
      place.request();
      await turnedAway();
    }
    const order = await turnedAway();
    assert.deepEqual(order.slice(0, 5), ['silent', 'other silent', 'lingering', 'head', 'other head']);
    assert.deepEqual(order.slice(5), ['new 3', 'new 4', 'new 5'], 'requests stay, and the new ones go');
  });

  it('turns away the oldest of those whose heads have not ended, if none has been silent for long', async () => {
    const { enter, turnedAway, wait } = makeRoom({ descriptors: 4 });
    for (const name of ['head', 'silent', 'other head']) {
      const place = enter(name);
      if (name.includes('head')) place.readHead(10);
      wait(100);
    }
    for (let i = 0; i < 3; i++) {
      enter(`new ${i}`);
      await turnedAway();
    }
    assert.deepEqual(await turnedAway(), ['head', 'silent', 'other head']);
  });

  it('cuts the oldest request off where it may', async () => {
    const { enter, turnedAway } = makeRoom({ descriptors: 64, requests: 2 });
    for (let i = 0; i < 4; i++) enter(`request ${i}`).request();
    assert.deepEqual(await turnedAway(), ['request 0', 'request 1']);
    const { enter: enterSmall, turnedAway: fromSmall } = makeRoom({ descriptors: 4, requests: 16 });
    for (let i = 0; i < 3; i++) enterSmall(`request ${i}`).request();
    assert.deepEqual(await fromSmall(), ['request 0', 'request 1']);
  });

  it('keeps a silent one whose first bytes have only not been read', async () => {
    const { enter, turnedAway } = makeRoom({ descriptors: 16 });
    const places = Array.from({ length: 12 }, (_, i) => enter(String(i)));
    for (let i = 12; i < 15; i++) places.push(enter(String(i)));
    assert.equal(places[0]!.request(), true);
    assert.equal(places[1]!.request(), true);
    assert.ok(!(await turnedAway()).some((name) => ['0', '1'].includes(name)));
  });

  it('keeps no more such ones than there are spare descriptors', async () => {
    const { enter } = makeRoom({ descriptors: 16 });
    const places = Array.from({ length: 40 }, (_, i) => enter(String(i)));
    const open = places.filter(({ isLost }) => !isLost).length;
    assert.ok(open <= 16, `${open} are open`);
    await round();
  });

  it('counts what heads hold, and what TLS takes', async () => {
    const plain = makeRoom({ bytes: 64 * KIB });
    for (let i = 0; i < 10; i++) plain.enter(`plain ${i}`);
    assert.equal((await plain.turnedAway()).length, 2);
    const heads = makeRoom({ bytes: 64 * KIB });
    for (let i = 0; i < 4; i++) heads.enter(`head ${i}`).readHead(16 * KIB);
    assert.deepEqual(await heads.turnedAway(), ['head 0', 'head 1']);
    const growing = makeRoom({ bytes: 64 * KIB });
    const places = Array.from({ length: 3 }, (_, i) => growing.enter(`growing ${i}`));
    for (let held = KIB; held <= 16 * KIB; held += KIB) for (const place of places) place.readHead(held);
    assert.deepEqual(await growing.turnedAway(), ['growing 0']);
    const encrypted = makeRoom({ bytes: 256 * KIB });
    for (let i = 0; i < 6; i++) encrypted.enter(`encrypted ${i}`, true);
    assert.deepEqual(await encrypted.turnedAway(), ['encrypted 0', 'encrypted 1']);
  });

  it('has everything free again once all have left, whatever they did', async () => {
    const { room, enter, turnedAway } = makeRoom({ descriptors: 20, bytes: 200 * KIB });
    for (let i = 0; i < 200; i++) {
      const place = enter('x');
      if (i % 2 === 0) place.readHead(i * 10);
      if (i % 3 === 0) place.request();
      if (i % 5 === 0) place.linger();
      if (i % 7 !== 0) place.leave();
      place.leave();
    }
    await turnedAway();
    const places = Array.from({ length: 15 }, () => enter('y'));
    assert.ok(places.every(({ isLost }) => !isLost));
    for (const place of places) place.leave();
    let visited = 0;
    room.visit(() => visited++);
    assert.equal(visited, 0);
  });
});

test('connections that are gone are not kept until the next full garbage collection', () => {
  const { enter } = makeRoom({});
  const makePlace = (): Place => {
    const place = enter('x');
    place.connection = { state: new Array(256).fill(0) } as unknown as TimedConnection;
    return place;
  };
  const atOnce = 32;
  const open = Array.from({ length: atOnce }, makePlace);
  collect({ type: 'major' });
  const before = getHeapStatistics().used_heap_size;
  for (let i = 0; i < 20_000; i++) {
    open[i % atOnce]!.leave();
    const place = makePlace();
    open[i % atOnce] = place;
    place.request();
    if (i % 500 === 0) collect({ type: 'minor' });
  }
  collect({ type: 'minor' });
  const grown = getHeapStatistics().used_heap_size - before;
  assert.ok(grown < 4e6, `${grown} bytes of 20,000 connections with 2 KiB each are still there`);
});

test('connections: whoever leaves, all others remain, each once', () => {
  const { room, enter } = makeRoom({});
  const makePlace = (): Place => {
    const place = enter('x');
    place.connection = {} as TimedConnection;
    return place;
  };
  const open = new Set(Array.from({ length: 100 }, makePlace));
  for (const [index, place] of [...open].entries()) {
    if (index % 3 === 0) continue;
    place.leave();
    open.delete(place);
    if (index % 2 !== 0) open.add(makePlace());
  }
  const visited: TimedConnection[] = [];
  room.visit((connection) => visited.push(connection));
  assert.equal(visited.length, open.size);
  assert.deepEqual(new Set(visited), new Set([...open].map(({ connection }) => connection!)));
});
