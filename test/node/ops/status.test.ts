// What the status page shows: how it is gathered, that it is bounded, and what /status.json makes of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Finished } from '../../../adapters/http1/server/owner.ts';
import { Collector } from '../../../adapters/node/ops/status/collector.ts';
import { bucketOf, quantile } from '../../../adapters/node/ops/status/latencies.ts';
import { Minutes } from '../../../adapters/node/ops/status/minutes.ts';
import { makeStatus, type ShownCredentials, type Status } from '../../../adapters/node/ops/status/status.ts';
import type { TokenHolder } from '../../../adapters/node/token/token-holder.ts';
import type { Client } from '../../../src/policy/client.ts';
import { get, startWatched } from '../../support/operator.ts';
import { answer, OK, response, Upstream } from '../../support/upstream.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const READ = 'GET /api/0/organizations/{org}/issues/';
const DELETE = 'DELETE /api/0/organizations/{org}/issues/';
const UNLISTED = { mode: null, expires: null, expiry: 'no' };
const READY = { fault: undefined, tokenFault: undefined };
const TOKEN = { kind: 'system', current: 'a-secret-token', age: 90 } as unknown as TokenHolder;

type Details = Partial<Omit<Finished, 'trace'>> & { trace?: Partial<Finished['trace']> };

function finished({ trace, ...rest }: Details = {}): Finished {
  return {
    method: 'GET',
    target: '/api/0/',
    status: 200,
    duration: 10,
    ...rest,
    trace: { id: 'an-id', route: 'inject', attempts: 1, ...trace },
  };
}

const clientWith = (details: Pick<Client, 'name' | 'mode'> & Partial<Client>): Client => ({
  credentials: [],
  scopes: new Set(),
  hasAllScopes: false,
  boundary: { kind: 'all' },
  allow: [],
  deny: [],
  ...details,
});

/** A collector whose clock the test sets. */
function collecting() {
  let now = 10 * MINUTE;
  const collector = new Collector(() => now);
  return {
    collector,
    pass(milliseconds: number) {
      now += milliseconds;
    },
    request(details?: Details) {
      collector.started();
      collector.finished(finished(details));
    },
    status: (shown?: ShownCredentials): Status => makeStatus(collector, TOKEN, READY, shown),
  };
}

describe('counters of minutes', () => {
  it('keep an hour, and forget what is older', () => {
    const minutes = new Minutes(2, 5);
    minutes.count(5, 0);
    minutes.count(5, 1);
    minutes.count(6, 1);
    assert.equal(minutes.values(6, 0).at(-2), 1);
    assert.deepEqual([minutes.sum(6, 0), minutes.sum(6, 1), minutes.sum(6, 1, 1)], [1, 2, 1]);
    assert.deepEqual([minutes.sum(64, 0), minutes.sum(64, 1)], [1, 2]);
    assert.deepEqual([minutes.sum(65, 0), minutes.sum(65, 1)], [0, 1]);
    assert.equal(minutes.sum(1_000_000, 1), 0);
  });
});

describe('latencies', () => {
  it('are rounded up: no quantile is less than the duration it represents, or half as long again', () => {
    for (const duration of [0.1, 0.5, 0.6, 1, 7, 10, 99, 1234, 25_000]) {
      const counts = Array.from({ length: 36 }, (_, bucket) => (bucket === bucketOf(duration) ? 1 : 0));
      const told = quantile(counts, 0.5)!;
      assert.ok(told >= duration * 0.97, `${told} for ${duration}`);
      assert.ok(told <= Math.max(0.5, duration * 1.5), `${told} for ${duration}`);
    }
  });

  it('are split where the share says', () => {
    const counts = [90, 9, 1];
    assert.deepEqual([quantile(counts, 0.5), quantile(counts, 0.95), quantile(counts, 1)], [0.5, 0.71, 1]);
    assert.equal(quantile([0, 0], 0.5), undefined);
  });
});

describe('the status', () => {
  it('counts requests, failures and refusals of the last hour, minute by minute', () => {
    const { request, pass, status } = collecting();
    request();
    request({ status: 404 });
    pass(MINUTE);
    request({ status: 502, trace: { error: 'upstream_refused' } });
    request({ status: 500 });
    request({ status: 200, trace: { error: 'upstream_truncated' } });
    request({ status: 403, trace: { error: 'host_refused', attempts: 0 } });
    request({ status: 499, trace: { error: 'client_gone' } });
    const { last_hour, reasons, refusals } = status();
    assert.deepEqual([last_hour.requests, last_hour.failed, last_hour.refused], [7, 3, 1]);
    assert.deepEqual(
      last_hour.minutes.slice(-2).map(({ requests, failed, refused }) => [requests, failed, refused]),
      [
        [2, 0, 0],
        [5, 3, 1],
      ],
    );
    assert.equal(last_hour.minutes.length, 60);
    assert.deepEqual(
      new Set(reasons.map(({ reason }) => reason)),
      new Set(['upstream_refused', 'Sentry answered 500', 'upstream_truncated']),
    );
    assert.deepEqual(
      refusals.map(({ client, request, reason, count }) => [client, request, reason, count]),
      [['(inject)', null, 'host_refused', 1]],
    );
    pass(60 * MINUTE);
    const later = status();
    assert.deepEqual([later.last_hour.requests, later.reasons, later.refusals], [0, [], []]);
    assert.deepEqual([later.failures.length, later.last_refusals.length], [3, 1], 'they stay until others come');
  });

  it('knows clients by name, with their rates and what would be refused', () => {
    const { request, pass, status } = collecting();
    for (let i = 0; i < 10; i++) request({ trace: { client: 'grafana' } });
    pass(2 * MINUTE);
    request({ trace: { client: 'ci', observed: 'scope', asked: READ, cause: 'it lacks a scope' } });
    request({ status: 429, trace: { client: 'ci', error: 'client_limited', refusal: 'rate' } });
    request({ trace: { route: 'bypass' } });
    assert.deepEqual(status().clients, [
      { client: 'grafana', ...UNLISTED, per_minute: 5, requests: 10, failed: 0, refused: 0, observed: 0 },
      { client: 'ci', ...UNLISTED, per_minute: 1, requests: 2, failed: 0, refused: 1, observed: 1 },
      { client: '(bypass)', ...UNLISTED, per_minute: 0.5, requests: 1, failed: 0, refused: 0, observed: 0 },
    ]);
  });

  it('shows the mode and the expiry of each client of the file, also of those that send nothing', () => {
    const { request, status } = collecting();
    const inDays = (days: number) => Math.floor(Date.now() / DAY + days) * DAY;
    request({ trace: { client: 'agent' } });
    const { clients } = status({
      clients: [
        clientWith({ name: 'ci', mode: 'enforce', expiresAt: Date.parse('2020-02-01T00:00:00Z') }),
        clientWith({ name: 'agent', mode: 'observe', expiresAt: inDays(4) }),
        clientWith({ name: 'quiet', mode: 'enforce' }),
      ],
    });
    assert.deepEqual(
      clients.map(({ client, mode, expires, expiry, requests }) => [client, mode, expires, expiry, requests]),
      [
        ['agent', 'observe', new Date(inDays(3)).toISOString().slice(0, 10), 'soon', 1],
        ['ci', 'enforce', '2020-01-31', 'expired', 0],
        ['quiet', 'enforce', null, 'no', 0],
      ],
    );
  });

  it('lists what was refused, or would have been, by client and request with its cause, and not among failures', () => {
    const { request, status } = collecting();
    const denied = { client: 'ci', error: 'client_denied', refusal: 'scope', asked: DELETE } as const;
    request({ status: 403, trace: { ...denied, cause: 'first' } });
    request({ status: 403, trace: { ...denied, cause: 'second' } });
    request({ trace: { client: 'agent', observed: 'scope', asked: READ, cause: 'it lacks a scope' } });
    request({
      status: 502,
      trace: { client: 'agent', observed: 'scope', asked: READ, error: 'upstream_reset', cause: 'another' },
    });
    request({ trace: { client: 'agent', observed: 'project', asked: READ, cause: 'not its own' } });
    request({ status: 401, trace: { route: 'none', error: 'client_unknown', refusal: 'unknown' } });
    const { refusals, reasons, failures, last_refusals } = status();
    assert.deepEqual(refusals, [
      { client: 'ci', mode: 'enforce', request: DELETE, reason: 'scope', cause: 'second', count: 2 },
      { client: 'agent', mode: 'observe', request: READ, reason: 'scope', cause: 'it lacks a scope', count: 2 },
      { client: 'agent', mode: 'observe', request: READ, reason: 'project', cause: 'not its own', count: 1 },
      { client: '(none)', mode: 'enforce', request: null, reason: 'unknown', cause: null, count: 1 },
    ]);
    assert.deepEqual(reasons, [{ reason: 'upstream_reset', count: 1 }]);
    assert.deepEqual(
      failures.map(({ client, error }) => [client, error]),
      [['agent', 'upstream_reset']],
    );
    assert.deepEqual(
      last_refusals.map(({ client, error, cause }) => [client, error, cause]),
      [
        [undefined, 'client_unknown: unknown', undefined],
        ['ci', 'client_denied: scope', 'second'],
        ['ci', 'client_denied: scope', 'first'],
      ],
    );
  });

  it('leaves a client room for its refusals, even if another one causes many, and makes room when one is gone', () => {
    const { collector, request, status } = collecting();
    const refuse = (client: string, asked: string) =>
      request({ status: 403, trace: { client, asked, error: 'client_denied', refusal: 'scope' } });
    for (let number = 0; number < 500; number++) refuse('loud', `GET /${number}/`);
    refuse('quiet', READ);
    refuse('quiet', READ);
    const { refusals } = status();
    assert.equal(refusals.length, 100);
    assert.deepEqual([refusals[0]?.request, refusals[0]?.count], ['other', 400]);
    assert.deepEqual([refusals[1]?.client, refusals[1]?.request], ['quiet', READ]);
    collector.refusals.forget('loud');
    assert.deepEqual(
      status().refusals.map(({ client }) => client),
      ['quiet'],
    );
    refuse('loud', DELETE);
    assert.equal(status().refusals[1]?.request, DELETE);
  });

  it('shows the last 50 failures, the newest first, without queries', () => {
    const { request, status } = collecting();
    const fail = (number: number) =>
      request({
        target: `/api/${number}/?token=secret`,
        status: 502,
        trace: { id: `id-${number}`, error: 'upstream_reset' },
      });
    for (let number = 0; number < 60; number++) fail(number);
    const { failures } = status();
    assert.deepEqual([failures.length, failures[0]?.id, failures.at(-1)?.id], [50, 'id-59', 'id-10']);
    assert.equal(failures[0]?.path, '/api/59/');
    assert.doesNotMatch(JSON.stringify(status()), /secret/);
  });

  it('has a bounded size with any names and paths', () => {
    const { request, status, collector } = collecting();
    for (let number = 0; number < 2000; number++) {
      request({
        target: `/${'x'.repeat(10_000)}`,
        status: 500 + (number % 100),
        trace: {
          client: `client-${number}`,
          observed: `reason-${number}`,
          asked: READ,
          cause: 'y'.repeat(10_000),
          ...(number % 2 === 0 && { error: 'bad_request' }),
        },
      });
    }
    const made = status();
    assert.ok(made.clients.length <= 201);
    assert.ok(made.reasons.length <= 65 && made.refusals.length <= 100);
    assert.equal(made.clients[0]?.client, '(others)');
    assert.equal(
      made.clients.reduce((sum, { requests }) => sum + requests, 0),
      2000,
      'none is lost',
    );
    assert.ok(JSON.stringify(made).length < 100_000);
    assert.equal(collector.inFlight, 0);
  });

  it('leaves health checks out', () => {
    const { request, status } = collecting();
    request({ method: 'TRACE', target: '/', status: 405, trace: { route: 'none', error: 'method_not_allowed' } });
    const { last_hour, failures, in_flight } = status();
    assert.deepEqual([last_hour.requests, failures.length, in_flight], [0, 0, 0]);
  });

  it('says how old the token is and how it was read, and shows a fingerprint of it alone', () => {
    const { collector, status } = collecting();
    collector.renewed({ cause: 'start', result: 'changed', token: 'a-secret-token', isNews: true });
    collector.renewed({ cause: 'background', result: 'failed', token: 'a-secret-token', reason: 'down', isNews: true });
    const { token } = status();
    assert.deepEqual([token.kind, token.state, token.age_s], ['system', 'held', 90]);
    assert.deepEqual(token.renewals, { changed: 1, unchanged: 0, failed: 1 });
    assert.deepEqual([token.last_renewal?.cause, token.last_renewal?.reason], ['background', 'down']);
    assert.match(token.fingerprint!, /^[0-9a-f]{8}$/);
    assert.doesNotMatch(JSON.stringify(status()), /a-secret-token/);
  });
});

describe('/status.json', () => {
  it('says what the proxy has done', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const args = ['--token=a-secret-token', '--alias-token=an-alias-of-the-test', '--sentry-uri', upstream.uri];
    const { proxy, admin } = await startWatched(t, args);
    const injected = { headers: { Authorization: 'Bearer an-alias-of-the-test', 'X-Request-Id': 'the-failed-one' } };
    upstream.play(answer(OK));
    await get(proxy, '/good', injected);
    upstream.play(answer(response('503 Service Unavailable')));
    await get(proxy, '/bad?q=a-value', injected);
    const { status, headers, text } = await get(admin, '/status.json');
    assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
    const made: Status = JSON.parse(text);
    assert.deepEqual([made.state, made.token.kind, made.token.state], ['ready', 'static', 'held']);
    assert.deepEqual([made.last_hour.requests, made.last_hour.failed, made.in_flight], [2, 1, 0]);
    const [failure] = made.failures;
    assert.deepEqual([failure?.id, failure?.path, failure?.status], ['the-failed-one', '/bad', 503]);
    assert.doesNotMatch(text, /a-secret-token|an-alias|a-value/);
    assert.deepEqual(
      made.clients.map(({ client, requests, failed }) => [client, requests, failed]),
      [['alias-1', 2, 1]],
    );
    for (const path of ['/', '/status.json']) assert.equal((await get(admin, path, { method: 'HEAD' })).text, '');
  });
});
