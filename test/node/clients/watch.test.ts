// What an operator sees of clients: the log, the metrics, the status page, and none of it with a secret.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { METHODS } from '../../../src/policy/sentry/endpoint.ts';
import { makeEndpoints } from '../../../src/policy/sentry/endpoint-table.ts';
import { asClient, clientSecrets, clientsFile } from '../../support/clients-file.ts';
import { eventually, get, makeFolder, samplesOf, startWatched } from '../../support/operator.ts';
import { runProxy } from '../../support/proxy-process.ts';
import { send } from '../../support/raw-client.ts';
import { answer, OK, response, Upstream } from '../../support/upstream.ts';

const SECRET = 'sentry-token-of-the-watch-tests';
const ALIASES = ['first-alias-of-the-watch-tests', 'second-alias-of-the-watch-tests'];
const PASSWORD = 'password-of-the-limit-store';
const ISSUES = '/api/0/organizations/acme/issues/';
const ISSUES_TEMPLATE = '/api/0/organizations/{org}/issues/';
const READER = { scopes: ['event:read'], orgs: ['acme'] };
const CLIENTS = {
  reader: READER,
  rated: { ...READER, rate: '1/h' },
  gone: { ...READER, expires: '2020-01-01' },
  web: { scopes: ['event:read', 'project:releases'], projects: ['acme/web'] },
  watched: { scopes: ['event:read', 'project:releases'], projects: ['acme/11'], mode: 'observe' },
};

const request = (line: string, field: string, body = ''): string =>
  `${line} HTTP/1.1\r\nHost: proxy.example\r\n${field}\r\n${body && `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`}\r\n${body}`;

describe('requests of clients', () => {
  let upstream: Upstream;
  before(async () => {
    upstream = await Upstream.start();
  });
  after(() => upstream.stop());

  it('are logged, counted and shown by client and reason, and no secret is', async (t) => {
    const { proxy, admin } = await startWatched(t, [
      ...['--sentry-uri', upstream.uri, '--token', SECRET, '--clients', clientsFile(CLIENTS, 'reject')],
      ...['--alias-token', ALIASES.join(';')],
      ...['--limit-store', `redis://somebody:${PASSWORD}@127.0.0.1:1/0`],
    ]);
    const before = (await get(admin, '/metrics')).text;
    const refusals = (text: string) => samplesOf(text, 'sentry_api_proxy_client_refusals_total');
    assert.equal(refusals(before).get('client="reader",reason="scope",mode="enforce"'), 0);
    assert.equal(refusals(before).get('client="watched",reason="body",mode="observe"'), 0);

    const releases = '/api/0/organizations/acme/releases/';
    const large = `{"projects":["11"],"a":"${'x'.repeat(1024 * 1024)}"}`;
    const asAlias = (index: number) => `Authorization: Bearer ${ALIASES[index]}`;
    const issue = `${ISSUES}1/`;
    const connections = upstream.play(answer(OK));
    upstream.play(answer(response('500 Oops')), issue);
    const statuses: number[] = [];
    for (const bytes of [
      request(`GET ${ISSUES}`, asClient('reader')),
      request('GET /api/0/organizations/acme/members/', asClient('reader')),
      request('GET /api/0/users/', asClient('reader')),
      request(`GET ${ISSUES}`, asClient('rated')),
      request(`GET ${ISSUES}`, asClient('rated')),
      request(`GET ${ISSUES}`, asClient('gone')),
      request(`GET ${issue}`, asClient('web')),
      request('GET /api/0/organizations/other/members/', asClient('watched')),
      request(`POST ${releases}`, asClient('watched'), large),
      request(`GET ${ISSUES}`, asAlias(0)),
      request(`GET ${ISSUES}`, asAlias(1)),
      request(`GET ${ISSUES}`, 'Authorization: Bearer nobody'),
    ]) {
      statuses.push((await send(proxy, bytes)).status);
    }
    assert.deepEqual(statuses, [200, 403, 403, 200, 429, 401, 503, 200, 200, 200, 200, 401]);
    assert.equal(
      connections.find(({ request }) => request?.target === releases)!.request!.content.length,
      large.length,
    );

    await eventually(() => proxy.logLines().filter(({ event }) => event === 'request').length === 12, 'all are logged');
    const logged = proxy.logLines().filter(({ event }) => event === 'request');
    assert.deepEqual(
      logged.map(({ client, refusal, observed }) => [client, refusal, observed]),
      [
        ['reader', undefined, undefined],
        ['reader', 'scope', undefined],
        ['reader', 'no_rule', undefined],
        ['rated', undefined, undefined],
        ['rated', 'rate', undefined],
        ['gone', 'expired', undefined],
        ['web', 'look_up_failed', undefined],
        ['watched', undefined, 'scope'],
        ['watched', undefined, 'body'],
        ['alias-1', undefined, undefined],
        ['alias-2', undefined, undefined],
        [undefined, 'unknown', undefined],
      ],
    );

    // The text is at most a second old.
    let text = '';
    await eventually(async () => {
      text = (await get(admin, '/metrics')).text;
      return refusals(text).get('client="none",reason="unknown",mode="enforce"') === 1;
    }, 'the metrics are up to date');
    for (const [labels, count] of Object.entries({
      'client="reader",reason="scope",mode="enforce"': 1,
      'client="reader",reason="no_rule",mode="enforce"': 1,
      'client="rated",reason="rate",mode="enforce"': 1,
      'client="gone",reason="expired",mode="enforce"': 1,
      'client="web",reason="look_up_failed",mode="enforce"': 1,
      'client="watched",reason="scope",mode="observe"': 1,
      'client="watched",reason="body",mode="observe"': 1,
    })) {
      assert.equal(refusals(text).get(labels), count, labels);
    }
    const byRequest = samplesOf(text, 'sentry_api_proxy_client_refused_requests_total');
    assert.deepEqual(Object.fromEntries(byRequest), {
      'client="reader",request="GET /api/0/organizations/{org}/members/",reason="scope",mode="enforce"': 1,
      'client="reader",request="GET other path",reason="no_rule",mode="enforce"': 1,
      [`client="rated",request="GET ${ISSUES_TEMPLATE}",reason="rate",mode="enforce"`]: 1,
      [`client="gone",request="GET ${ISSUES_TEMPLATE}",reason="expired",mode="enforce"`]: 1,
      [`client="web",request="GET ${ISSUES_TEMPLATE}{issue_id}/",reason="look_up_failed",mode="enforce"`]: 1,
      'client="watched",request="GET /api/0/organizations/{org}/members/",reason="scope",mode="observe"': 1,
      'client="watched",request="POST /api/0/organizations/{org}/releases/",reason="body",mode="observe"': 1,
    });
    const modes = samplesOf(text, 'sentry_api_proxy_client_info');
    assert.deepEqual([modes.size, modes.get('client="watched",mode="observe"')], [Object.keys(CLIENTS).length, 1]);
    assert.deepEqual(Object.fromEntries(samplesOf(text, 'sentry_api_proxy_client_expires_timestamp_seconds')), {
      'client="gone"': Date.parse('2020-01-02T00:00:00Z') / 1000,
    });
    const requests = samplesOf(text, 'sentry_api_proxy_client_requests_total');
    for (const [labels, count] of Object.entries({
      'client="reader",status="2xx"': 1,
      'client="reader",status="4xx"': 2,
      'client="alias",status="2xx"': 2,
      'client="none",status="4xx"': 1,
      'client="anyone",status="2xx"': 0,
      'client="web",status="5xx"': 1,
    })) {
      assert.equal(requests.get(labels), count, labels);
    }
    assert.equal(samplesOf(text, 'sentry_api_proxy_look_ups_total').get('result="failed"'), 1);
    assert.equal(samplesOf(text, 'sentry_api_proxy_limit_store_up').get(''), 0);

    let status = JSON.parse('{}');
    await eventually(async () => {
      status = JSON.parse((await get(admin, '/status.json')).text);
      return status.last_hour.requests === 12;
    }, 'the status is up to date');
    const shown = (name: string) => status.clients.find(({ client }: { client: string }) => client === name);
    assert.equal(shown('reader').requests, 3);
    assert.equal(shown('reader').refused, 2);
    assert.equal(shown('watched').observed, 2);
    assert.equal(shown('web').failed, 1);
    assert.deepEqual(
      [shown('reader').mode, shown('watched').mode, shown('alias-1').mode],
      ['enforce', 'observe', null],
    );
    assert.deepEqual([shown('gone').expires, shown('gone').expiry], ['2020-01-01', 'expired']);
    const listed = status.refusals.map(({ client, mode, request, reason, cause }: Record<string, string>) =>
      [client, mode, request, reason, cause].join(' | '),
    );
    assert.deepEqual(listed.sort(), [
      `(none) | enforce |  | unknown | `,
      `gone | enforce | GET ${ISSUES_TEMPLATE} | expired | client gone has expired`,
      `rated | enforce | GET ${ISSUES_TEMPLATE} | rate | client rated has exceeded its rate`,
      `reader | enforce | GET /api/0/organizations/{org}/members/ | scope | client reader needs the scope member:read for GET /api/0/organizations/{org}/members/`,
      `reader | enforce | GET other path | no_rule | client reader needs an allow rule: "GET /api/0/users/"`,
      `watched | observe | GET /api/0/organizations/{org}/members/ | scope | client watched needs the scope member:read for GET /api/0/organizations/{org}/members/; may not reach this organization`,
      `watched | observe | POST /api/0/organizations/{org}/releases/ | body | client watched sent a body larger than 1048576 bytes`,
    ]);
    assert.deepEqual(
      status.failures.map(({ client, error }: Record<string, string>) => [client, error]),
      [['web', 'look_up_failed: look_up_failed']],
    );
    assert.equal(status.last_refusals.length, 5);

    const page = (await get(admin, '/')).text;
    for (const place of [proxy.output, text, JSON.stringify(status), page]) {
      for (const secret of [SECRET, PASSWORD, ...ALIASES, ...clientSecrets(Object.keys(CLIENTS))]) {
        assert.ok(!place.includes(secret), 'a secret is shown');
      }
    }
  });

  it('have a bounded number of series, however many clients there are', async (t) => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`c-${i}`, READER]));
    const file = join(makeFolder(t), 'clients.json');
    writeFileSync(file, clientsFile(many));
    const { proxy, admin } = await startWatched(t, [
      ...['--sentry-uri', upstream.uri, '--token', SECRET, '--clients-file', file],
    ]);
    assert.equal((await send(proxy, request('GET /api/0/users/', asClient('c-1999')))).status, 403);
    let text = '';
    const refused = 'client="c-1999",reason="no_rule",mode="enforce"';
    await eventually(async () => {
      text = (await get(admin, '/metrics')).text;
      return samplesOf(text, 'sentry_api_proxy_client_refusals_total').get(refused) === 1;
    }, 'a client beyond those that begin at 0 is counted');
    assert.ok(text.split('\n').length < 6000, `${text.split('\n').length} lines`);
  });

  it('get no label from what a client sends, and a bounded number of series for any refused requests', async (t) => {
    const { proxy, admin } = await startWatched(t, [
      ...['--sentry-uri', upstream.uri, '--token', SECRET, '--clients', clientsFile({ reader: READER })],
    ]);
    const templates = Object.keys(makeEndpoints()).slice(0, 60);
    const lines = templates.flatMap((path) =>
      ['DELETE', 'PUT', 'X-MADE-UP'].map((method) => `${method} ${path.replaceAll(/\{.*?\}/g, 'made-up')}`),
    );
    for (const line of lines) await send(proxy, request(line, asClient('reader')));
    await send(proxy, request('GET /made-up/path/?made-up=1', asClient('reader')));
    let samples = new Map<string, number>();
    const total = () => [...samples.values()].reduce((sum, count) => sum + count, 0);
    await eventually(async () => {
      samples = samplesOf((await get(admin, '/metrics')).text, 'sentry_api_proxy_client_refused_requests_total');
      return total() === lines.length + 1;
    }, 'all are counted');
    assert.ok(samples.size >= 100 && samples.size < 120, `${samples.size} series`);
    for (const labels of samples.keys()) {
      const name = /^client="reader",request="([^"]*)"/.exec(labels)?.[1] ?? '';
      const [, method, path] = /^([A-Z]+|other method) (.*)$/.exec(name) ?? ['', 'GET', 'other path'];
      assert.ok(name === 'other' || method === 'other method' || METHODS.includes(method!), labels);
      assert.ok(name === 'other' || path === 'other path' || path! in makeEndpoints(), labels);
    }
  });

  it('have no series by request once they are gone from the file', async (t) => {
    const file = join(makeFolder(t), 'clients.json');
    writeFileSync(file, clientsFile({ reader: READER, other: { ...READER, mode: 'observe' } }));
    const { proxy, admin } = await startWatched(t, [
      ...['--sentry-uri', upstream.uri, '--token', SECRET, '--clients-file', file],
    ]);
    for (const name of ['reader', 'other']) await send(proxy, request('GET /api/0/users/', asClient(name)));
    const clientsOf = async (name: string) =>
      [...samplesOf((await get(admin, '/metrics')).text, name).keys()].map((labels) => /"(.*?)"/.exec(labels)?.[1]);
    const counted = () => clientsOf('sentry_api_proxy_client_refused_requests_total');
    await eventually(async () => (await counted()).join() === 'reader,other', 'both are counted');
    writeFileSync(file, clientsFile({ reader: READER }));
    await eventually(async () => (await counted()).join() === 'reader', 'one is forgotten');
    assert.deepEqual(await clientsOf('sentry_api_proxy_client_info'), ['reader']);
    const { clients, refusals } = JSON.parse((await get(admin, '/status.json')).text);
    for (const rows of [clients, refusals]) {
      assert.ok(rows.some(({ client }: { client: string }) => client === 'reader'));
    }
    assert.ok(!refusals.some(({ client }: { client: string }) => client === 'other'));
  });
});

describe('check with a clients file', () => {
  it('shows no token, no digest and no password', async () => {
    const upstream = await Upstream.start();
    const good = clientsFile(CLIENTS);
    const bad = JSON.stringify({
      clients: [
        { ...JSON.parse(good).clients[0], token: 'short' },
        JSON.parse(good).clients[1],
        JSON.parse(good).clients[1],
      ],
    });
    for (const text of [good, bad]) {
      const { stdout, stderr } = await runProxy([
        ...['check', '--sentry-uri', upstream.uri, '--token', SECRET, '--clients', text],
        ...['--limit-store', `redis://somebody:${PASSWORD}@127.0.0.1:1/0`],
      ]);
      assert.notEqual(stdout + stderr, '');
      for (const secret of [SECRET, PASSWORD, ...clientSecrets(Object.keys(CLIENTS))]) {
        assert.ok(!`${stdout}${stderr}`.includes(secret), 'a secret is shown');
      }
    }
    await upstream.stop();
  });
});
