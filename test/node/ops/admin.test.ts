// The admin listener: probes and metrics, and that nothing of it is on the proxy's port.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { TokenHealth } from '../../../adapters/node/token/token-health.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { ERRORS, ProxyError } from '../../../src/http/errors.ts';
import { onlyFields } from '../../../src/http/headers.ts';
import type { UpstreamResponse } from '../../../src/http/types.ts';
import { fieldValues } from '../../support/message.ts';
import {
  eventually,
  type Got,
  get,
  makeFolder,
  samplesOf,
  startProxy,
  startWatched,
  type WatchedProxy,
} from '../../support/operator.ts';
import { RawClient, send } from '../../support/raw-client.ts';
import { answer, OK, response, Upstream } from '../../support/upstream.ts';

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

  it('answer HEAD, refuse other methods, and show no stack for what is not a URL', async (t) => {
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
      assert.doesNotMatch(reply.bytes.toString(), /^\s*at |node_modules|\.ts:|TypeError/m, request);
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

  it('say "token refused" when Sentry challenges it for every client, and "ready" when it accepts it again', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const args = ['--token', TOKEN, '--alias-token', ALIAS, '--sentry-uri', upstream.uri];
    const watched = await startWatched(t, args);
    const ask = async (times: number, bearer = ALIAS) => {
      const headers = { Authorization: `Bearer ${bearer}` };
      for (let i = 0; i < times; i++) await get(watched.proxy, '/api/0/x/', { headers });
    };
    upstream.play(answer(response('401 Unauthorized', [], '{"detail":"This endpoint requires user info"}')));
    await ask(6);
    assert.deepEqual(
      await readiness(watched),
      [200, 'ready'],
      'a 401 without a challenge says nothing about the token',
    );
    const own = upstream.play(answer(REFUSED), '/api/0/ ');
    const rest = upstream.play(answer(REFUSED));
    await ask(6, 'credentials-of-a-client');
    assert.deepEqual(await readiness(watched), [200, 'ready'], "a client's own credentials are not the token");
    await ask(4);
    assert.deepEqual(await readiness(watched), [200, 'ready'], 'a few may be a coincidence');
    assert.deepEqual([own.length, rest.length], [0, 10]);
    await ask(1);
    await eventually(async () => (await readiness(watched))[1] === 'token refused', 'it is not ready');
    assert.deepEqual(await readiness(watched), [503, 'token refused']);
    await eventually(async () => {
      const { text } = await get(watched.admin, '/metrics');
      return samplesOf(text, 'sentry_api_proxy_token_valid').get('') === 0;
    }, 'the metric says so too');
    upstream.play(answer(OK));
    await ask(1, 'credentials-of-a-client');
    assert.deepEqual(await readiness(watched), [503, 'token refused']);
    await ask(1);
    assert.deepEqual(await readiness(watched), [200, 'ready']);
  });

  it('are not made to fail by the 401s of a client: the proxy itself asks Sentry, and not at each of them', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const args = ['--token', TOKEN, '--alias-token', ALIAS, '--sentry-uri', `${upstream.uri}/base`];
    const watched = await startWatched(t, args);
    upstream.play(answer(REFUSED));
    const own = upstream.play(answer(response('200 OK', [], '{"version":"0"}')), '/base/api/0/');
    const headers = { Authorization: `Bearer ${ALIAS}` };
    for (let i = 0; i < 20; i++) {
      assert.equal((await get(watched.proxy, '/refused', { headers })).status, 401);
      assert.deepEqual(await readiness(watched), [200, 'ready']);
    }
    await eventually(() => own.length > 0, 'it asks');
    assert.equal(own.length, 1, 'once in ten seconds');
    const { request } = own[0]!;
    assert.deepEqual([request?.method, request?.target], ['GET', '/base/api/0/']);
    assert.deepEqual(fieldValues(request!, 'authorization'), [`Bearer ${TOKEN}`]);
    assert.deepEqual(await readiness(watched), [200, 'ready']);
  });
});

describe('the health of the token', () => {
  const refusal = { status: 401, statusText: '', headers: new Headers({ 'WWW-Authenticate': 'xBasic' }), body: null };
  const acceptance = { status: 200, statusText: '', headers: new Headers(), body: null };

  /** What Sentry answers is `answers()`; time passes with `tick`. */
  function watch(t: TestContext, answers: () => UpstreamResponse) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    let questions = 0;
    const health = new TokenHealth({
      url: 'http://x/api/0/',
      send: async () => {
        questions++;
        return answers();
      },
      token: () => TOKEN,
    });
    const refusing = health.observe(async () => refusal);
    const headers = onlyFields([['Authorization', `Bearer ${TOKEN}`]]);
    const { signal } = new AbortController();
    return {
      health,
      get questions() {
        return questions;
      },
      async refuse(times: number) {
        for (let i = 0; i < times; i++) await refusing('http://x/', { method: 'GET', headers, body: null, signal });
        await setImmediate();
      },
      async tick(milliseconds: number) {
        now += milliseconds;
        t.mock.timers.tick(milliseconds);
        await setImmediate();
      },
    };
  }

  it('is checked every ten seconds while the token is refused, so that a proxy without requests recovers', async (t) => {
    let answered: UpstreamResponse = refusal;
    const watched = watch(t, () => answered);
    await watched.refuse(5);
    assert.deepEqual([watched.health.isRefused, watched.questions], [true, 1]);
    await watched.refuse(50);
    await watched.tick(9000);
    assert.deepEqual([watched.health.isRefused, watched.questions], [true, 1]);
    await watched.tick(1000);
    assert.deepEqual([watched.health.isRefused, watched.questions], [true, 2]);
    answered = acceptance;
    await watched.tick(10_000);
    assert.deepEqual([watched.health.isRefused, watched.questions], [false, 3]);
    await watched.tick(60_000);
    assert.equal(watched.questions, 3, 'nothing more is asked');
  });

  it('is not doubted because Sentry is out of reach, nor restored by that', async (t) => {
    let answers = (): UpstreamResponse => {
      throw new ProxyError('upstream_refused');
    };
    const outage = answers;
    const watched = watch(t, () => answers());
    await watched.refuse(5);
    assert.deepEqual([watched.health.isRefused, watched.questions], [false, 1]);
    answers = () => refusal;
    await watched.tick(10_000);
    await watched.refuse(1);
    assert.deepEqual([watched.health.isRefused, watched.questions], [true, 2]);
    answers = outage;
    await watched.tick(10_000);
    assert.deepEqual([watched.health.isRefused, watched.questions], [true, 3]);
    answers = () => acceptance;
    await watched.tick(10_000);
    assert.equal(watched.health.isRefused, false);
  });
});

/** Milliseconds for which the proxy keeps the text of its metrics. */
const TEXT_LIFETIME = 1000;

/** A proxy with short deadlines, its own upstream, and its metrics. */
class Scraped {
  readonly upstream: Upstream;
  readonly watched: WatchedProxy;
  /** The last text. */
  text = '';
  #fresh = 0;

  private constructor(upstream: Upstream, watched: WatchedProxy) {
    this.upstream = upstream;
    this.watched = watched;
  }

  static async start(): Promise<Scraped> {
    const upstream = await Upstream.start();
    const args = ['--token', TOKEN, '--alias-token', ALIAS, '--sentry-uri', upstream.uri];
    const limits = ['--read-header-timeout=400ms', '--read-timeout=3s', '--write-timeout=3s'];
    // What it starts ends with the test file.
    return new Scraped(upstream, await startWatched({ after: () => {} }, [...args, ...limits]));
  }

  /** The text as it is now: the proxy makes a new one only when the last one is old enough. */
  async scrape(): Promise<string> {
    return (await this.response()).text;
  }

  /** The whole response to that. */
  async response(): Promise<Got> {
    await sleep(Math.max(0, this.#fresh - performance.now()));
    const got = await get(this.watched.admin, '/metrics');
    this.#fresh = performance.now() + TEXT_LIFETIME;
    this.text = got.text;
    return got;
  }

  /** How many requests are in flight. */
  async inFlight(): Promise<number | undefined> {
    return samplesOf(await this.scrape(), 'sentry_api_proxy_requests_in_flight').get('');
  }

  async stop(): Promise<void> {
    await this.watched.proxy.stop();
    await this.upstream.stop();
  }
}

/** Asserts that no value is negative, and that there is no status class but 2xx to 5xx. */
function isSound(metrics: string): void {
  assert.doesNotMatch(metrics, /^sentry_api_proxy\S* -/m);
  for (const labels of samplesOf(metrics, 'sentry_api_proxy_requests_total').keys()) {
    assert.match(labels, /^route="(inject|bypass|none)",status="[2-5]xx",error="[a-z_]*"$/);
  }
}

describe('metrics', () => {
  let scraped: Scraped;
  let upstream: Upstream;
  let watched: WatchedProxy;
  before(async () => {
    scraped = await Scraped.start();
    ({ upstream, watched } = scraped);
  });
  after(() => scraped.stop());

  const scrape = () => scraped.scrape();
  const inFlight = () => scraped.inFlight();
  const injected = { headers: { Authorization: `Bearer ${ALIAS}` } };

  it("are Prometheus' text format, with help and type for each, the version and Node's own", async () => {
    const { headers, text } = await scraped.response();
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
    const text = await scrape();
    const requests = samplesOf(text, 'sentry_api_proxy_requests_total');
    for (const [labels, count] of Object.entries(expected)) assert.equal(requests.get(labels), count, labels);
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

  it('begin at 0 for each error, so that an alert sees the first one', async (t) => {
    const { admin } = await startWatched(t, ['--token', TOKEN, '--sentry-uri', upstream.uri]);
    const { text } = await get(admin, '/metrics');
    const requests = samplesOf(text, 'sentry_api_proxy_requests_total');
    for (const [error, { status }] of Object.entries(ERRORS)) {
      const labels = `route="inject",status="${Math.floor(status / 100)}xx",error="${error}"`;
      assert.equal(requests.get(labels), 0, labels);
    }
    assert.equal(requests.get('route="inject",status="2xx",error="internal_error"'), 0, 'inside a response too');
    assert.equal(requests.get('route="bypass",status="5xx",error=""'), 0);
    const renewals = samplesOf(text, 'sentry_api_proxy_token_renewals_total');
    assert.equal(renewals.get('cause="background",result="failed"'), 0);
  });

  it('do not count a health check, and count another TRACE as an error', async () => {
    const trace = 'route="none",status="4xx",error="method_not_allowed"';
    const total = (text: string) => {
      const requests = samplesOf(text, 'sentry_api_proxy_requests_total');
      return { errors: requests.get(trace)!, all: [...requests.values()].reduce((sum, value) => sum + value, 0) };
    };
    const before = total(await scrape());
    assert.equal((await send(watched.proxy, 'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 405);
    assert.deepEqual(total(await scrape()), before);
    assert.equal(await inFlight(), 0);
    await send(watched.proxy, 'TRACE /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.deepEqual(total(await scrape()), { errors: before.errors + 1, all: before.all + 1 });
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

  it('show what is in flight', async () => {
    upstream.play(() => {});
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(watched.proxy)));
    for (const client of clients) await client.write(WHOLE);
    await eventually(async () => (await inFlight()) === 3, 'three are in flight');
    for (const client of clients) client.leave();
    await eventually(async () => (await inFlight()) === 0, 'none is');
  });

  it('have no negative value and no status class but 2xx to 5xx', async () => isSound(await scrape()));
});

/** How a request may end. */
type Ending = (on: { proxy: WatchedProxy['proxy']; upstream: Upstream; scraped: Scraped }) => Promise<unknown>;

const PART = 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc';
const WHOLE = 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n';

describe('metrics', { concurrency: 4 }, () => {
  /** Each ending has its own proxy. */
  const free: Scraped[] = [];
  after(() => Promise.all(free.map((scraped) => scraped.stop())));

  const endings: Record<string, Ending> = {
    'an answer': ({ proxy }) => send(proxy, WHOLE),
    'a head that is refused': ({ proxy }) => send(proxy, 'GET /x HTTP/9.9\r\n\r\n'),
    'a head that is too large': ({ proxy }) => send(proxy, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`),
    'a head that never ends': ({ proxy }) => send(proxy, 'GET /x HTTP/1.1\r\nHost'),
    'a client that sends nothing': async ({ proxy }) => (await RawClient.connect(proxy)).reply(2000),
    'a request that is refused': ({ proxy }) => send(proxy, 'TRACE /x HTTP/1.1\r\nHost: x\r\n\r\n'),
    'a body that never ends': ({ proxy }) => send(proxy, PART),
    'a body with a bad chunk': ({ proxy }) =>
      send(proxy, 'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    'an upstream that resets': ({ proxy, upstream }) => {
      upstream.play((connection) => connection.reset());
      return send(proxy, WHOLE);
    },
    'an upstream that breaks off inside a body': ({ proxy, upstream }) => {
      upstream.play(answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
      return send(proxy, WHOLE);
    },
    'an upstream that is silent': ({ proxy, upstream }) => {
      upstream.play(() => {});
      return send(proxy, WHOLE);
    },
    'an upstream that stops inside a body': ({ proxy, upstream }) => {
      upstream.play((connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
      return send(proxy, WHOLE);
    },
    'an answer before the body was sent': ({ proxy }) => send(proxy, PART),
    'an HTTP/1.0 client': ({ proxy }) => send(proxy, 'GET /x HTTP/1.0\r\nHost: x\r\n\r\n'),
  };
  for (const leave of ['leave', 'reset'] as const) {
    for (const [when, bytes] of [
      ['inside a head', 'GET /x'],
      ['inside a body', PART],
      ['while it waits', WHOLE],
    ] as const) {
      endings[`a client that goes away ${when} (${leave === 'leave' ? 'FIN' : 'RST'})`] = async ({
        proxy,
        upstream,
        scraped,
      }) => {
        upstream.play(() => {});
        const client = await RawClient.connect(proxy);
        await client.write(bytes);
        if (bytes !== 'GET /x') await eventually(async () => (await scraped.inFlight()) === 1, 'it is in flight');
        client[leave]();
      };
    }
    endings[`a client that goes away inside a response (${leave})`] = async ({ proxy, upstream }) => {
      upstream.play((connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'));
      const client = await RawClient.connect(proxy);
      await client.write(WHOLE);
      await client.until((received) => received.endsWith('x'));
      client[leave]();
    };
  }
  for (const [ending, run] of Object.entries(endings)) {
    it(`have nothing in flight after ${ending}`, async () => {
      const scraped = free.pop() ?? (await Scraped.start());
      const { upstream, watched } = scraped;
      upstream.play(answer(OK));
      await run({ proxy: watched.proxy, upstream, scraped });
      await eventually(async () => (await scraped.inFlight()) === 0, 'nothing is in flight');
      isSound(scraped.text);
      free.push(scraped);
    });
  }
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
