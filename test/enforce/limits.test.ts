// The limits of clients: a place is freed however a request ends, and rates hold under load, in one process and in two.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { asClient, clientSecrets, clientsFile } from '../support/clients-file.ts';
import { eventually } from '../support/operator.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { RawClient, type Reply, send } from '../support/raw-client.ts';
import { type Redis, redisServer, startRedis, tell } from '../support/redis.ts';
import { answer, OK, response, type Script, Upstream } from '../support/upstream.ts';

const SECRET = 'sentry-token-of-the-limits-tests';
const ISSUES = '/api/0/organizations/acme/issues/';
const RELEASES = '/api/0/organizations/acme/releases/';
const WEB = '/api/0/projects/acme/web/';
const JSON_TYPE = 'Content-Type: application/json';
const READER = { scopes: ['org:read', 'project:read', 'event:read'], orgs: ['acme'] };
const CLIENTS = {
  lone: { ...READER, scopes: ['org:read', 'project:read', 'event:write', 'project:releases'], concurrency: 1 },
  'lone-web': { scopes: ['event:read', 'project:releases'], projects: ['acme/web'], concurrency: 1 },
  'lone-watched': { scopes: ['event:read'], projects: ['acme/web'], concurrency: 1, mode: 'observe' },
  web: { scopes: ['event:read', 'project:releases'], projects: ['acme/web'] },
  'web-watched': { scopes: ['event:read', 'project:releases'], projects: ['acme/web'], mode: 'observe' },
  five: { ...READER, concurrency: 5 },
  rated: { ...READER, rate: '100/h' },
  shared: { ...READER, rate: '40/h' },
  'shared-lone': { ...READER, concurrency: 1 },
};

const head = (name: string, line: string, ...fields: string[]): string =>
  `${[`${line} HTTP/1.1`, 'Host: proxy.example', asClient(name), ...fields].join('\r\n')}\r\n\r\n`;
const get = (name: string, target = ISSUES): string => head(name, `GET ${target}`);

/** Sentry's response to `/api/0/`, which every client may ask for. */
const ROOT = response('200 OK', ['Content-Type: application/json'], '{"version":"0"}');

const args = (upstream: Upstream): string[] => ['--sentry-uri', upstream.uri, '--token', SECRET];

describe('a place of a client', () => {
  let upstream: Upstream;
  let proxy: ListeningProxy;
  before(async () => {
    upstream = await Upstream.start();
    const deadlines = ['--read-header-timeout=2', '--read-timeout=2', '--write-timeout=3', '--replay-limit=1000'];
    proxy = await startProxy([...args(upstream), '--clients', clientsFile(CLIENTS), ...deadlines]);
  });
  after(async () => {
    await proxy?.stop();
    await upstream.stop();
  });

  let asked = 0;
  const isFree = async (name: string) => {
    upstream.play(answer(ROOT));
    if (name === 'lone-watched') return isFreeOfObserved(name);
    await eventually(
      async () => (await send(proxy, get(name, '/api/0/'))).status === 200,
      `a place of ${name} is free`,
    );
    // Freed only once: there is one place, not two.
    const go = Promise.withResolvers<void>();
    let arrived = 0;
    upstream.play(async (connection) => {
      arrived++;
      await go.promise;
      await answer(ROOT)(connection);
    });
    const two = [send(proxy, get(name, '/api/0/')), send(proxy, get(name, '/api/0/'))];
    await eventually(() => arrived > 0, 'one has the place');
    await sleep(50);
    assert.equal(arrived, 1, 'the other one waits for it');
    go.resolve();
    assert.deepEqual(
      (await Promise.all(two)).map(({ status }) => status),
      [200, 200],
    );
  };

  /** What the log says of so many requests of an observed client at a time: it is refused nothing. */
  const observedOf = async (count: number): Promise<unknown[]> => {
    const go = Promise.withResolvers<void>();
    let arrived = 0;
    upstream.play(async (connection) => {
      arrived++;
      await go.promise;
      await answer(ROOT)(connection);
    });
    const targets = Array.from({ length: count }, () => `/api/0/?n${asked++}`);
    const replies = targets.map((target) => send(proxy, get('lone-watched', `${target}=`)));
    await eventually(() => arrived === count, 'all are running');
    go.resolve();
    for (const reply of replies) assert.equal((await reply).status, 200);
    const lines = targets.map((target) => proxy.logged(({ event, path }) => event === 'request' && path === target));
    return (await Promise.all(lines)).map(({ observed }) => observed);
  };

  /** One at a time, and sixteen that would wait. */
  const isFreeOfObserved = (name: string) =>
    eventually(
      async () => (await observedOf(17)).every((observed) => observed === undefined),
      `a place of ${name} is free`,
    );

  const partly: Script = async (connection) => {
    await connection.whole();
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(100_000)}`);
  };
  const silent: Script = () => {};

  /** How requests end: what the client sends, what Sentry does, and what the client does then. */
  const ends: Record<string, readonly [bytes: string, script: Script, then?: (client: RawClient) => unknown]> = {
    'a whole response': [get('lone'), answer(OK)],
    HEAD: [head('lone', `HEAD ${ISSUES}`), answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')],
    '204': [head('lone', `PUT ${ISSUES}1/`, 'Content-Length: 0'), answer('HTTP/1.1 204 No Content\r\n\r\n')],
    '304': [get('lone'), answer('HTTP/1.1 304 Not Modified\r\n\r\n')],
    'a response that ends with its connection': [get('lone'), answer('HTTP/1.1 200 OK\r\n\r\nhello')],
    'a refusal by its rights': [get('lone', '/api/0/users/'), silent],
    'a refusal by its fields': [`${head('lone', `GET ${ISSUES}`, 'Content-Length: 1')}x`, silent],
    'a refusal of its body': [`${head('lone-web', `POST ${RELEASES}`, JSON_TYPE, 'Content-Length: 2')}{}`, silent],
    'a refusal of a body that is too large': [
      `${head('lone-web', `POST ${RELEASES}`, JSON_TYPE, 'Content-Length: 3000000')}${' '.repeat(1_500_000)}`,
      silent,
    ],
    'a malformed body': [`${head('lone', `POST ${RELEASES}`, 'Transfer-Encoding: chunked')}nonsense\r\n`, silent],
    'a body that is too large to be gathered': [
      `${head('lone', `POST ${RELEASES}`, 'Transfer-Encoding: chunked')}7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`,
      silent,
    ],
    'a connection that Sentry resets': [get('lone'), (connection) => connection.reset()],
    'a malformed response': [get('lone'), answer('nonsense\r\n\r\n')],
    'a response that breaks off': [
      get('lone'),
      async (connection) => {
        await connection.whole();
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx');
        await connection.reset();
      },
    ],
    'an early answer': [
      `${head('lone', `POST ${RELEASES}`, 'Content-Length: 1000000')}x`,
      async (connection) => {
        await connection.head();
        connection.send(response('413 Content Too Large', [], 'no'));
        connection.finish();
      },
    ],
    'a response that is scrubbed': [get('lone', WEB), answer(response('200 OK', [JSON_TYPE], '{"securityToken":"x"}'))],
    'a response that is withheld': [get('lone', WEB), answer(response('200 OK', [JSON_TYPE], '{'))],
    'a response that is kept inside': [
      get('lone', '/api/0/organizations/acme/'),
      answer(response('200 OK', [JSON_TYPE], '{"links":{"regionUrl":"https://us.sentry.example"}}')),
    ],
    'a lookup that fails': [get('lone-web', `${ISSUES}1/`), answer(response('500 Oops', [], ''))],
    'a lookup that fails for an observed client': [get('lone-watched', `${ISSUES}2/`), answer(response('500 Oops'))],
    'what an observed client may not do': [get('lone-watched', '/api/0/users/'), answer(OK)],
    'a timeout of Sentry': [get('lone'), silent],
    'a timeout of an upload': [`${head('lone', `POST ${RELEASES}`, 'Content-Length: 100')}x`, silent],
    'a timeout of a body to check': [
      `${head('lone-web', `POST ${RELEASES}`, JSON_TYPE, 'Content-Length: 100')}{`,
      silent,
    ],
    'Expect that is never followed': [
      head('lone-web', `POST ${RELEASES}`, JSON_TYPE, 'Content-Length: 100', 'Expect: 100-continue'),
      silent,
    ],
    'a client that does not read': [get('lone'), partly, (client) => client.socket.pause()],
    'a client that leaves and waits for the answer': [get('lone'), silent, (client) => client.leave()],
    'a client that resets and waits for the answer': [get('lone'), silent, (client) => client.reset()],
    'a client that resets and waits for a lookup': [get('lone-web', `${ISSUES}3/`), silent, (client) => client.reset()],
    'a client that resets in its upload': [
      `${head('lone', `POST ${RELEASES}`, 'Content-Length: 100')}x`,
      silent,
      (client) => client.reset(),
    ],
    'a client that resets in a body to check': [
      `${head('lone-web', `POST ${RELEASES}`, JSON_TYPE, 'Content-Length: 100')}{`,
      silent,
      (client) => client.reset(),
    ],
    'a client that resets in the response': [get('lone'), partly, (client) => client.reset()],
    'a client that keeps sending after its request': [`${get('lone')}${get('lone')}`, answer(OK)],
  };
  for (const [title, [bytes, script, then]] of Object.entries(ends)) {
    it(`is free after ${title}`, async () => {
      upstream.play(script);
      const client = await RawClient.connect(proxy, bytes.split(' ')[0]);
      await client.write(bytes);
      await sleep(50);
      if (then === undefined) await client.reply(8000);
      else {
        then(client);
        await sleep(100);
      }
      await isFree(/token-of-the-client-([a-z-]+)\./.exec(bytes)![1]!);
      client.leave();
    });
  }

  it('is one of five under load: never more are running, and all are free again', async () => {
    let underWay = 0;
    let most = 0;
    upstream.play(async (connection) => {
      most = Math.max(most, ++underWay);
      await connection.whole();
      await sleep(20);
      underWay--;
      await answer(OK)(connection);
    });
    const replies = await Promise.all(Array.from({ length: 120 }, () => send(proxy, get('five'))));
    const counts = Map.groupBy(replies, ({ status }) => status);
    assert.ok(most <= 5, `${most} running`);
    assert.ok((counts.get(200)?.length ?? 0) >= 5);
    assert.equal((counts.get(200)?.length ?? 0) + (counts.get(429)?.length ?? 0), 120);
    const five = await Promise.all(Array.from({ length: 5 }, () => send(proxy, get('five'))));
    assert.deepEqual(
      five.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
  });

  it('is waited for by at most sixteen requests, in their order', async () => {
    const go = Promise.withResolvers<void>();
    const order: string[] = [];
    upstream.play(async (connection) => {
      await connection.whole();
      order.push(connection.request!.target.split('?')[1]!);
      await go.promise;
      await answer(ROOT)(connection);
    });
    const replies: Promise<Reply>[] = [];
    for (let i = 0; i < 17; i++) {
      replies.push(send(proxy, get('lone', `/api/0/?${i}`)));
      await sleep(20);
    }
    const begun = performance.now();
    const refused = await send(proxy, get('lone', '/api/0/?17'));
    assert.equal(refused.status, 429);
    assert.match(refused.content.toString(), /client lone has reached its concurrency limit/);
    assert.ok(performance.now() - begun < 2000, 'it is refused at once');
    go.resolve();
    for (const reply of replies) assert.equal((await reply).status, 200);
    assert.deepEqual(
      order,
      Array.from({ length: 17 }, (_, i) => String(i)),
    );
  });

  it('is waited for up to five seconds', async () => {
    // The proxy of the other tests waits for Sentry for three.
    const own = await startProxy([...args(upstream), '--clients', clientsFile(CLIENTS)]);
    try {
      const go = Promise.withResolvers<void>();
      upstream.play(async (connection) => {
        await go.promise;
        await answer(ROOT)(connection);
      });
      const first = send(own, get('lone', '/api/0/'));
      await sleep(200);
      const begun = performance.now();
      assert.equal((await send({ ...own, patience: 10_000 }, get('lone', '/api/0/'))).status, 429);
      const waited = performance.now() - begun;
      assert.ok(waited > 4500 && waited < 9000, `${waited} ms`);
      go.resolve();
      assert.equal((await first).status, 200);
    } finally {
      await own.stop();
    }
  });

  it('is given to the next one in line if the one that waits leaves', async () => {
    const go = Promise.withResolvers<void>();
    const targets: string[] = [];
    upstream.play(async (connection) => {
      await connection.whole();
      targets.push(connection.request!.target);
      await go.promise;
      await answer(ROOT)(connection);
    });
    const first = send(proxy, get('lone', '/api/0/?first'));
    await eventually(() => targets.length === 1, 'the first is running');
    const leaving = await RawClient.connect(proxy);
    await leaving.write(get('lone', '/api/0/?leaves'));
    await sleep(50);
    const last = send(proxy, get('lone', '/api/0/?last'));
    await sleep(50);
    leaving.reset();
    await sleep(50);
    go.resolve();
    assert.deepEqual([(await first).status, (await last).status], [200, 200]);
    assert.deepEqual(targets, ['/api/0/?first', '/api/0/?last']);
  });

  it('of an observed client is counted without a wait, and the log says where there would be no room to wait', async () => {
    const observed = await observedOf(18);
    assert.deepEqual(
      observed.filter((cause) => cause !== undefined),
      ['concurrency'],
    );
  });

  it('does not hold the process up when it is told to stop', async () => {
    const own = await startProxy([...args(upstream), '--clients', clientsFile(CLIENTS)]);
    upstream.play(async (connection) => {
      await sleep(500);
      await answer(OK)(connection);
    });
    const reply = send(own, get('lone'));
    await sleep(200);
    const [{ status }, { code }] = await Promise.all([reply, own.stop()]);
    assert.equal(status, 200);
    assert.equal(code, 0);
  });

  it('has a rate as well, which holds under load', async () => {
    upstream.play(answer(OK));
    const statuses: number[] = [];
    const lane = async () => {
      for (let i = 0; i < 10; i++) statuses.push((await send(proxy, get('rated'))).status);
    };
    await Promise.all(Array.from({ length: 20 }, lane));
    const passed = statuses.filter((status) => status === 200).length;
    // In an hour a hundred: in the seconds that this takes there may be one more.
    assert.ok(passed === 100 || passed === 101, `${passed} passed`);
    assert.equal(statuses.filter((status) => status === 429).length, 200 - passed);
  });
});

describe('a body that is read for a check', () => {
  const upload = (name: string, body: string): string =>
    head(name, `POST ${RELEASES}`, JSON_TYPE, 'Content-Length: 60000') + body;
  const whole = '{"version":"1.0","projects":["web"]}'.padEnd(60_000);
  const isRefused = ({ status, content }: Reply) => status === 503 && content.includes('cannot buffer more');

  it('takes room from what the proxy keeps of all bodies, until its request ends', async () => {
    const upstream = await Upstream.start();
    const flags = ['--clients', clientsFile(CLIENTS), '--replay-limit=1000', '--replay-limit-total=100000'];
    const proxy = await startProxy([...args(upstream), ...flags]);
    try {
      upstream.play(answer(OK));
      const slow = await RawClient.connect(proxy, 'POST');
      await slow.write(upload('web', whole.slice(1)));
      await eventually(async () => isRefused(await send(proxy, upload('web', whole))), 'there is no more room');
      assert.equal((await send(proxy, upload('web-watched', whole))).status, 200);
      await slow.reset();
      await eventually(async () => !isRefused(await send(proxy, upload('web', whole))), 'there is room again');
      for (let i = 0; i < 5; i++) assert.ok(!isRefused(await send(proxy, upload('web', whole))), 'room is given back');
    } finally {
      await proxy.stop();
      await upstream.stop();
    }
  });
});

describe('a response that is read for an edit', () => {
  it('takes room from what the proxy keeps of all bodies, until its request ends', async () => {
    const upstream = await Upstream.start();
    const flags = ['--clients', clientsFile(CLIENTS), '--replay-limit=1000', '--replay-limit-total=100000'];
    const proxy = await startProxy([...args(upstream), ...flags]);
    const body = '{"slug":"acme"}'.padEnd(60_000);
    const isRefused = ({ status, content }: Reply) => status === 503 && content.includes('cannot buffer more');
    try {
      const connections = upstream.play(async (connection) => {
        if (connections.length > 1) return answer(response('200 OK', [JSON_TYPE], body))(connection);
        await connection.whole();
        connection.send(`HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\nContent-Length: 60001\r\n\r\n${body}`);
      });
      const slow = await RawClient.connect(proxy, 'GET');
      await slow.write(get('five', '/api/0/organizations/acme/'));
      await eventually(() => connections.length === 1, 'the request is running');
      const ask = () => send(proxy, get('five', '/api/0/organizations/acme/'));
      await eventually(async () => isRefused(await ask()), 'there is no more room');
      await slow.reset();
      await eventually(async () => !isRefused(await ask()), 'there is room again');
      for (let i = 0; i < 5; i++) assert.ok(!isRefused(await ask()), 'room is given back');
    } finally {
      await proxy.stop();
      await upstream.stop();
    }
  });
});

describe('limits that two processes share', {
  skip: redisServer === undefined && 'redis-server is not installed',
}, () => {
  let upstream: Upstream;
  let redis: Redis;
  let proxies: ListeningProxy[];
  before(async () => {
    upstream = await Upstream.start();
    redis = await startRedis();
    const flags = [...args(upstream), '--clients', clientsFile(CLIENTS), '--limit-store'];
    proxies = await Promise.all([startProxy([...flags, redis.url]), startProxy([...flags, redis.url])]);
    for (const proxy of proxies) await proxy.logged(({ event, state }) => event === 'limit_store' && state === 'up');
  });
  after(async () => {
    await Promise.all(proxies?.map((proxy) => proxy.stop()) ?? []);
    await redis?.stop();
    await upstream.stop();
  });

  /** What the log said of the store from the n-th time on. */
  const statesFrom = (proxy: ListeningProxy, n = 0) =>
    proxy
      .logLines()
      .flatMap(({ event, state }) => (event === 'limit_store' ? [state] : []))
      .slice(n);
  const become = (states: () => unknown[], expected: string[]) =>
    eventually(() => isDeepStrictEqual(states(), expected), `the store is ${expected.at(-1)}`);

  it('let the rate through once, not once for each', async () => {
    upstream.play(answer(OK));
    const statuses: number[] = [];
    // Few at a time: on a loaded machine the store would answer many too late, and the local limits would decide.
    const lane = async (proxy: ListeningProxy) => {
      for (let i = 0; i < 15; i++) statuses.push((await send(proxy, get('shared'))).status);
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => lane(proxies[i % 2]!)));
    const passed = statuses.filter((status) => status === 200).length;
    assert.ok(passed === 40 || passed === 41, `${passed} passed`);
    assert.equal(statuses.filter((status) => status === 429).length, 120 - passed);
  });

  it('give a place of one to the other once it is free, also by a process that is told to stop', async () => {
    const [one, other] = proxies as [ListeningProxy, ListeningProxy];
    const isEmpty = async () => (await tell(redis, 'ZCARD sentry-api-proxy:{shared-lone}:requests'))[0] === ':0';
    for (const isStopped of [false, true]) {
      // A place is returned after the response: that of the last request may still be taken.
      await eventually(isEmpty, 'no place is taken');
      const go = Promise.withResolvers<void>();
      const connections = upstream.play(async (connection) => {
        await go.promise;
        await answer(OK)(connection);
      });
      const first = send(one, get('shared-lone'));
      await eventually(() => connections.length === 1, 'the request is running');
      const next = send(other, get('shared-lone'));
      await sleep(300);
      assert.equal(connections.length, 1, 'the other one waits for the place');
      const stopping = isStopped ? one.stop() : undefined;
      go.resolve();
      assert.equal((await first).status, 200);
      assert.equal((await next).status, 200);
      await stopping;
    }
  });

  it('do not refuse a request whose place becomes free in this very moment', async () => {
    const other = proxies[1]!;
    upstream.play(answer(OK));
    for (let i = 0; i < 5; i++) {
      // The place of another replica, until a moment after the store is asked for the first time.
      await tell(redis, `ZADD sentry-api-proxy:{shared-lone}:requests ${Date.now() + 40} another`);
      assert.equal((await send(other, get('shared-lone'))).status, 200);
    }
  });

  it('free a place whose request ended while the store was away', async () => {
    const flags = [...args(upstream), '--clients', clientsFile(CLIENTS), '--limit-store', redis.url];
    const pair = await Promise.all([startProxy(flags), startProxy(flags)]);
    const [one, other] = pair as [ListeningProxy, ListeningProxy];
    try {
      const areNow = (...states: string[]) => Promise.all(pair.map((proxy) => become(() => statesFrom(proxy), states)));
      await areNow('up');
      const go = Promise.withResolvers<void>();
      const connections = upstream.play(async (connection) => {
        await go.promise;
        await answer(OK)(connection);
      });
      const first = send(one, get('shared-lone'));
      await eventually(() => connections.length === 1, 'the request is running');
      await tell(redis, 'CLIENT KILL TYPE normal SKIPME yes', 'CLIENT PAUSE 700 ALL');
      await areNow('up', 'down');
      go.resolve();
      assert.equal((await first).status, 200);
      assert.deepEqual(statesFrom(one), ['up', 'down']);
      await areNow('up', 'down', 'up');
      const isFree = async () => (await send(other, get('shared-lone'))).status === 200;
      await eventually(isFree, 'the place is free');
    } finally {
      await Promise.all(pair.map((proxy) => proxy.stop()));
    }
  });

  it('do not make every request wait for a store that hangs', async () => {
    const other = proxies[1]!;
    const before = statesFrom(other).length;
    upstream.play(answer(OK));
    await tell(redis, 'CLIENT PAUSE 8000 ALL');
    const start = performance.now();
    for (let i = 0; i < 20; i++) assert.equal((await send(other, get('shared-lone'))).status, 200);
    // If each of them waited, that would take 5 s.
    assert.ok(performance.now() - start < 4000, `${performance.now() - start} ms`);
    await become(() => statesFrom(other, before), ['down']);
    const { port } = redis;
    await redis.stop();
    redis = await startRedis(port);
    await become(() => statesFrom(other, before), ['down', 'up']);
  });

  it('are shared again as soon as the store answers, also if it refuses', async () => {
    const other = proxies[1]!;
    const before = statesFrom(other).length;
    upstream.play(answer(OK));
    const place = 'sentry-api-proxy:{shared-lone}:requests';
    await tell(redis, `ZADD ${place} ${Date.now() + 60_000} another`, 'CLIENT PAUSE 600 ALL');
    assert.equal((await send(other, get('shared-lone'))).status, 200);
    await become(() => statesFrom(other, before), ['down']);
    const isRefused = async () => (await send(other, get('shared-lone'))).status === 429;
    await eventually(isRefused, 'the store refuses');
    await become(() => statesFrom(other, before), ['down', 'up']);
    await tell(redis, `DEL ${place}`);
  });

  it('are not shared if the store refuses the password: the log says why, and not the password', async () => {
    await tell(redis, 'CONFIG SET requirepass sesame');
    const url = redis.url.replace('://', '://:a-wrong-password@');
    const proxy = await startProxy([...args(upstream), '--clients', clientsFile(CLIENTS), '--limit-store', url]);
    const down = await proxy.logged(({ event, state }) => event === 'limit_store' && state === 'down');
    await tell(redis, 'AUTH sesame', 'CONFIG SET requirepass ""');
    assert.equal(down.reason, 'WRONGPASS');
    upstream.play(answer(OK));
    assert.equal((await send(proxy, get('shared-lone'))).status, 200);
    assert.ok(!proxy.output.includes('a-wrong-password'));
    await proxy.stop();
  });

  it('become those of each process while the store is away, which the log says once, and come back with it', async () => {
    const other = proxies[1]!;
    const before = statesFrom(other).length;
    upstream.play(answer(OK));
    const { port } = redis;
    await redis.stop();
    const replies = await Promise.all(Array.from({ length: 60 }, () => send(other, get('shared'))));
    const passed = replies.filter(({ status }) => status === 200).length;
    assert.ok(passed === 40 || passed === 41, `${passed} passed`);
    const down = await other.logged(({ event, state }) => event === 'limit_store' && state === 'down');
    assert.equal(down.level, 'warn');
    redis = await startRedis(port);
    await become(() => statesFrom(other, before), ['down', 'up']);
    assert.equal((await send(other, get('shared'))).status, 200);
    assert.deepEqual(statesFrom(other, before), ['down', 'up']);
    for (const secret of clientSecrets(Object.keys(CLIENTS))) assert.ok(!other.output.includes(secret));
  });
});
