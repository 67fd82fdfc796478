// The admin listener: probes and metrics, and that nothing of it is on the proxy's port.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import packageJson from '../package.json' with { type: 'json' };
import { onlyFields } from '../src/fields.ts';
import {
  eventually,
  get,
  makeFolder,
  samplesOf,
  startProxy,
  startWatched,
  type WatchedProxy,
} from './support/operator.ts';
import { RawClient, send } from './support/raw-client.ts';
import { answer, OK, response, Upstream } from './support/upstream.ts';

const TOKEN = 'a-sentry-token';
const ALIAS = 'an-alias';
const NOBODY = 'postgres://nobody@127.0.0.1:9/none?sslmode=disable&connect_timeout=1';
const REFUSED = response('401 Unauthorized', ['WWW-Authenticate: xBasic realm="api"'], '{"detail":"Invalid token"}');

const readiness = async ({ admin }: WatchedProxy) => {
  const { status, text } = await get(admin, '/readyz');
  return [status, text.trim()];
};

describe('probes', { concurrency: 2 }, () => {
  it('are on the admin listener and not on the port of the proxy', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const { proxy, admin } = await startWatched(t, ['--token', TOKEN, '--sentry-uri', upstream.uri]);
    assert.deepEqual([(await get(admin, '/livez')).status, (await get(admin, '/livez')).text], [200, 'alive\n']);
    assert.deepEqual(await readiness({ proxy, admin }), [200, 'ready']);
    const connections = upstream.play(answer(OK));
    for (const path of ['/livez', '/readyz', '/metrics']) {
      assert.equal((await get(proxy, path)).text, 'ok', `${path} is Sentry's`);
    }
    assert.deepEqual(
      connections.map(({ request }) => request?.target),
      ['/livez', '/readyz', '/metrics'],
    );
    assert.equal((await get(admin, '/api/0/')).status, 404, 'the admin listener forwards nothing');
    assert.equal(connections.length, 3, 'a probe asks Sentry nothing');
  });

  it('answer HEAD, refuse other methods, and show no stack for what is no URL', async (t) => {
    const { admin } = await startWatched(t, ['--token', TOKEN, '--sentry-uri', 'http://127.0.0.1:9']);
    assert.equal((await get(admin, '/livez', { method: 'HEAD' })).status, 200);
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await get(admin, '/metrics', { method });
      assert.deepEqual([method, status, headers.allow], [method, 405, 'GET, HEAD']);
    }
    for (const request of [
      'GET //// HTTP/1.1\r\nHost: a b\r\n\r\n',
      'GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /livez HTTP/1.1\r\nHost: [\r\n\r\n',
      'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
    ]) {
      const reply = await send(admin, request);
      assert.doesNotMatch(reply.bytes.toString(), /\bat |node_modules|\.ts:|TypeError/, request);
    }
    assert.equal((await get(admin, '/livez')).status, 200);
  });

  it('are off without --admin-listen', async (t) => {
    const proxy = await startProxy(['--token', TOKEN, '--sentry-uri', 'http://127.0.0.1:9']);
    t.after(() => proxy.stop());
    await proxy.logged(({ event }) => event === 'token');
    assert.ok(!proxy.logLines().some(({ event }) => event === 'admin'));
  });

  it('say "no token" while none could be read', async (t) => {
    const watched = await startWatched(t, ['--pgx-conn', NOBODY, '--sentry-uri', 'http://127.0.0.1:9']);
    assert.deepEqual(await readiness(watched), [503, 'no token']);
    assert.equal((await get(watched.admin, '/livez')).status, 200);
    const { text } = await get(watched.admin, '/metrics');
    assert.deepEqual([...samplesOf(text, 'sentry_api_proxy_token_valid').values()], [0]);
    assert.deepEqual([...samplesOf(text, 'sentry_api_proxy_token_age_seconds').values()], []);
    await eventually(async () => {
      const renewals = samplesOf((await get(watched.admin, '/metrics')).text, 'sentry_api_proxy_token_renewals_total');
      return (renewals.get('cause="start",result="failed"') ?? 0) === 1;
    }, 'the failed read is counted');
  });

  it('say "token refused" when Sentry goes on challenging it, and "ready" when it takes it again', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const args = ['--token', TOKEN, '--alias-token', ALIAS, '--sentry-uri', upstream.uri];
    const watched = await startWatched(t, args);
    const ask = async (times: number, bearer = ALIAS) => {
      const headers = { Authorization: `Bearer ${bearer}` };
      for (let i = 0; i < times; i++) await get(watched.proxy, '/api/0/', { headers });
    };
    upstream.play(answer(response('401 Unauthorized', [], '{"detail":"This endpoint requires user info"}')));
    await ask(6);
    assert.deepEqual(await readiness(watched), [200, 'ready'], 'a 401 without a challenge says nothing of the token');
    upstream.play(answer(REFUSED));
    await ask(6, 'credentials-of-a-client');
    assert.deepEqual(await readiness(watched), [200, 'ready'], "another one's credentials are not the token");
    await ask(4);
    assert.deepEqual(await readiness(watched), [200, 'ready'], 'a few may be a coincidence');
    await ask(1);
    assert.deepEqual(await readiness(watched), [503, 'token refused']);
    const { text } = await get(watched.admin, '/metrics');
    assert.deepEqual([...samplesOf(text, 'sentry_api_proxy_token_valid').values()], [0]);
    upstream.play(answer(OK));
    await ask(1, 'credentials-of-a-client');
    assert.deepEqual(await readiness(watched), [503, 'token refused']);
    await ask(1);
    assert.deepEqual(await readiness(watched), [200, 'ready']);
  });

  it('do not say it for ever: a proxy that is not ready is sent nothing that could tell', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const { TokenHolder } = await import('../adapters/node/token/token-holder.ts');
    const { readConfig } = await import('../adapters/node/config/config.ts');
    const { SETTINGS } = await import('../adapters/node/config/settings.ts');
    const given = Object.fromEntries(
      SETTINGS.map(({ variable, default: text }) => [variable, { text, origin: 'default' as const }]),
    );
    given.SENTRY_TOKEN = { text: TOKEN, origin: 'default' };
    const holder = new TokenHolder(readConfig(given, {}, {}, []), () => {});
    holder.start();
    const refusing = holder.judging(async () => ({
      status: 401,
      statusText: '',
      headers: new Headers({ 'WWW-Authenticate': 'xBasic' }),
      body: null,
    }));
    const ask = () => {
      const headers = onlyFields([['Authorization', `Bearer ${TOKEN}`]]);
      return refusing('http://x/', { method: 'GET', headers, body: null, signal: new AbortController().signal });
    };
    for (let i = 0; i < 5; i++) await ask();
    assert.equal(holder.fault, 'token refused');
    now = 61_000;
    assert.equal(holder.fault, undefined);
    await ask();
    assert.equal(holder.fault, 'token refused');
  });
});

describe('metrics', () => {
  let upstream: Upstream;
  let watched: WatchedProxy;
  const cleaning: (() => void | Promise<void>)[] = [];
  before(async () => {
    upstream = await Upstream.start();
    const args = ['--token', TOKEN, '--alias-token', ALIAS, '--sentry-uri', upstream.uri];
    const limits = ['--read-header-timeout=400ms', '--read-timeout=500ms', '--write-timeout=700ms'];
    const after = (clean: () => void | Promise<void>) => void cleaning.push(clean);
    watched = await startWatched({ after } as never, [...args, ...limits]);
  });
  after(async () => {
    for (const clean of cleaning) await clean();
    await upstream.stop();
  });

  const scrape = async () => (await get(watched.admin, '/metrics')).text;
  const inFlight = async () => samplesOf(await scrape(), 'sentry_api_proxy_requests_in_flight').get('');
  const counted = async (labels: string) =>
    samplesOf(await scrape(), 'sentry_api_proxy_requests_total').get(labels) ?? 0;
  const injected = { headers: { Authorization: `Bearer ${ALIAS}` } };

  it("are Prometheus' text format, with help and type for each, the version and Node's own", async () => {
    const { headers, text } = await get(watched.admin, '/metrics');
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4; charset=utf-8$/);
    const names = new Set(
      [...text.matchAll(/^([a-z_0-9]+?)(?:_bucket|_sum|_count)?(?:\{| )/gm)].map(([, name]) => name),
    );
    for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} .+\\n# TYPE ${name} `, 'm'));
    assert.ok(names.has('nodejs_heap_size_used_bytes') && names.has('process_cpu_seconds_total'));
    const build = [...samplesOf(text, 'sentry_api_proxy_build_info')];
    assert.deepEqual(build, [[`version="${packageJson.version}",node="${process.version}"`, 1]]);
  });

  it('count requests by route, status class and error, their durations, and the attempts', async () => {
    await get(watched.proxy, '/a', injected);
    await get(watched.proxy, '/b');
    upstream.play(answer(response('404 Not Found')), '/c');
    await get(watched.proxy, '/c');
    upstream.play(answer(''), '/d');
    await get(watched.proxy, '/d', injected);
    await get(watched.proxy, '/e', { method: 'TRACE' });
    const expected = {
      'route="inject",status="2xx",error=""': 1,
      'route="bypass",status="2xx",error=""': 1,
      'route="bypass",status="4xx",error=""': 1,
      'route="inject",status="5xx",error="upstream_reset"': 1,
      'route="none",status="4xx",error="method_not_allowed"': 1,
    };
    for (const [labels, count] of Object.entries(expected)) assert.equal(await counted(labels), count, labels);
    const text = await scrape();
    const attempts = Object.fromEntries(samplesOf(text, 'sentry_api_proxy_upstream_attempts_total'));
    assert.deepEqual(attempts, { 'route="inject"': 2, 'route="bypass"': 2 });
    const durations = samplesOf(text, 'sentry_api_proxy_request_duration_seconds_count');
    assert.deepEqual([durations.get('route="inject"'), durations.get('route="bypass"')], [2, 2]);
    const within = samplesOf(text, 'sentry_api_proxy_request_duration_seconds_bucket');
    assert.equal(within.get('le="25",route="inject"'), 2);
    assert.deepEqual([...samplesOf(text, 'sentry_api_proxy_token_valid').values()], [1]);
    const [age] = samplesOf(text, 'sentry_api_proxy_token_age_seconds').values();
    assert.ok(age !== undefined && age > 0 && age < 60);
  });

  it('get no label from what a client sends', async () => {
    const before = (await scrape()).split('\n').length;
    for (let i = 0; i < 40; i++) {
      const fields = `Host: h${i}.example\r\nX-Request-Id: id-${i}\r\nAuthorization: Bearer nobody${i}`;
      await send(watched.proxy, `METHOD${i} /path-${i}?q=${i} HTTP/1.1\r\n${fields}\r\n\r\n`);
      await send(watched.proxy, `nonsense-${i}\r\n\r\n`);
    }
    const text = await scrape();
    assert.doesNotMatch(text, /METHOD|path-|nonsense|id-\d|nobody|h\d+\.example/);
    assert.ok(text.split('\n').length - before < 25, 'the number of samples does not grow with what clients send');
  });

  const part = 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc';
  const whole = 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n';
  const endings: Record<string, () => Promise<unknown>> = {
    'an answer': () => send(watched.proxy, whole),
    'a head that is refused': () => send(watched.proxy, 'GET /x HTTP/9.9\r\n\r\n'),
    'a head that is too large': () => send(watched.proxy, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`),
    'a head that never ends': () => send(watched.proxy, 'GET /x HTTP/1.1\r\nHost'),
    'a client that sends nothing': async () => (await RawClient.connect(watched.proxy)).reply(2000),
    'a request that is refused': () => send(watched.proxy, 'TRACE /x HTTP/1.1\r\nHost: x\r\n\r\n'),
    'a body that never ends': () => send(watched.proxy, part),
    'a body with a bad chunk': () =>
      send(watched.proxy, 'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    'an upstream that resets': () => {
      upstream.play((connection) => connection.reset());
      return send(watched.proxy, whole);
    },
    'an upstream that breaks off inside a body': () => {
      upstream.play(answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
      return send(watched.proxy, whole);
    },
    'an upstream that is silent': () => {
      upstream.play(() => {});
      return send(watched.proxy, whole);
    },
    'an upstream that stops inside a body': () => {
      upstream.play((connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
      return send(watched.proxy, whole);
    },
    'an answer before the body was sent': () => send(watched.proxy, part),
    'an HTTP/1.0 client': () => send(watched.proxy, 'GET /x HTTP/1.0\r\nHost: x\r\n\r\n'),
  };
  for (const leave of ['leave', 'reset'] as const) {
    for (const [when, bytes] of [
      ['inside a head', 'GET /x'],
      ['inside a body', part],
      ['while it waits', whole],
    ] as const) {
      endings[`a client that goes away ${when} (${leave === 'leave' ? 'FIN' : 'RST'})`] = async () => {
        upstream.play(() => {});
        const client = await RawClient.connect(watched.proxy);
        await client.write(bytes);
        if (bytes !== 'GET /x') await eventually(async () => (await inFlight()) === 1, 'it is in flight');
        client[leave]();
      };
    }
    endings[`a client that goes away inside a response (${leave})`] = async () => {
      upstream.play((connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
      const client = await RawClient.connect(watched.proxy);
      await client.write(whole);
      await client.until((received) => received.endsWith('x'));
      client[leave]();
    };
  }
  for (const [ending, run] of Object.entries(endings)) {
    it(`have nothing in flight after ${ending}`, async () => {
      upstream.play(answer(OK));
      await run();
      await eventually(async () => (await inFlight()) === 0, 'nothing is in flight');
    });
  }

  it('show what is in flight', async () => {
    upstream.play(() => {});
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(watched.proxy)));
    for (const client of clients) await client.write(whole);
    await eventually(async () => (await inFlight()) === 3, 'three are in flight');
    for (const client of clients) client.leave();
    await eventually(async () => (await inFlight()) === 0, 'none is');
  });

  it('have no negative value and no status class but 2xx to 5xx', async () => {
    const text = await scrape();
    assert.doesNotMatch(text, /^sentry_api_proxy\S* -/m);
    for (const labels of samplesOf(text, 'sentry_api_proxy_requests_total').keys()) {
      assert.match(labels, /^route="(inject|bypass|none)",status="[2-5]xx",error="[a-z_]*"$/);
    }
  });
});

describe('a Unix socket', () => {
  it('can carry the admin listener', async (t) => {
    const socketPath = `${makeFolder(t)}/admin.sock`;
    const args = ['--token', TOKEN, '--sentry-uri', 'http://127.0.0.1:9', '--admin-listen', `unix:${socketPath}`];
    const proxy = await startProxy(args);
    t.after(() => proxy.stop());
    assert.equal((await get({ socketPath }, '/readyz')).text, 'ready\n');
  });
});
