// What the log says of observed clients: every reason against a request at once, and the projects that it is about.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asClient, clientsFile } from '../../support/clients-file.ts';
import { eventually } from '../../support/operator.ts';
import { type ListeningProxy, type LogLine, startProxy } from '../../support/proxy-process.ts';
import { send } from '../../support/raw-client.ts';
import { response, type Script, Upstream } from '../../support/upstream.ts';

const READER = ['event:read'];
const CLIENTS = {
  anywhere: { scopes: READER, orgs: ['*'], mode: 'observe' },
  acme: { scopes: READER, orgs: ['acme'], mode: 'observe' },
  denied: { scopes: READER, orgs: ['acme'], deny: ['* /api/0/organizations/{org}/members/**'], mode: 'observe' },
  web: { scopes: READER, projects: ['acme/web'], mode: 'observe' },
  rated: { scopes: READER, orgs: ['acme'], rate: '1/h', mode: 'observe' },
  uploader: { scopes: ['project:releases'], projects: ['acme/web'] },
  ids: { scopes: READER, projects: ['acme/11', 'acme/12'] },
};

const json = (value: unknown) => response('200 OK', ['Content-Type: application/json'], JSON.stringify(value));
const WEB = { id: '11', slug: 'web' };
const MOBILE = { id: '12', slug: 'mobile' };

/** A Sentry with two projects, and an issue in each. */
const sentry: Script = async (connection) => {
  await connection.whole();
  const [path] = connection.request!.target.split('?');
  const known: Record<string, unknown> = {
    '/api/0/projects/acme/web/': WEB,
    '/api/0/projects/acme/11/': WEB,
    '/api/0/organizations/acme/issues/1/': { id: '1', project: WEB },
    '/api/0/organizations/acme/issues/2/': { id: '2', project: MOBILE },
    '/api/0/organizations/acme/releases/1.0/': { version: '1.0', projects: [WEB, MOBILE] },
  };
  connection.send(json(known[path!] ?? []));
  connection.finish();
};

let upstream: Upstream;
let proxy: ListeningProxy;
before(async () => {
  upstream = await Upstream.start();
  upstream.play(sentry);
  proxy = await startProxy(['--sentry-uri', upstream.uri, '--token', 'x', '--clients', clientsFile(CLIENTS)]);
});
after(async () => {
  await proxy?.stop();
  await upstream?.stop();
});

let asked = 0;
/** The line of a request of this client. */
async function lineOf(client: string, line: string, body?: object): Promise<LogLine> {
  const id = `request-${asked++}`;
  const text = body === undefined ? '' : JSON.stringify(body);
  const fields = body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n`;
  await send(
    proxy,
    `${line} HTTP/1.1\r\nHost: proxy.example\r\nX-Request-Id: ${id}\r\n${asClient(client)}\r\n${fields}\r\n${text}`,
  );
  let found: LogLine | undefined;
  await eventually(() => {
    found = proxy.logLines().find((one) => one.event === 'request' && one.id === id);
    return found !== undefined;
  }, 'it is logged');
  return found!;
}

describe('the line of an observed request', () => {
  const cases: Record<string, readonly [client: string, line: string, observed: string | undefined, cause: RegExp]> = {
    'a right that is lacking': [
      'acme',
      'DELETE /api/0/organizations/acme/issues/1/',
      'scope',
      /^client acme needs the scope event:admin for DELETE [^;]+$/,
    ],
    'a right that is lacking, in another organization': [
      'acme',
      'GET /api/0/organizations/other/members/',
      'scope',
      /^client acme needs the scope member:read for [^;]+; may not reach this organization$/,
    ],
    'a deny rule, a right that is lacking, and another organization': [
      'denied',
      'GET /api/0/organizations/other/members/',
      'deny_rule',
      /^client denied has a deny rule for [^;]+; needs the scope member:read for [^;]+; may not reach this organization$/,
    ],
    'a secret of another project': [
      'web',
      'GET /api/0/projects/acme/mobile/keys/',
      'secret',
      /^client web needs an allow rule[^;]+;.*; may not reach this project$/,
    ],
    'a right that is lacking, for an issue of another project': [
      'web',
      'DELETE /api/0/organizations/acme/issues/2/',
      'scope',
      /^client web needs the scope event:admin for [^;]+; may not reach this issue, or there is none$/,
    ],
    'an issue of another project': [
      'web',
      'GET /api/0/organizations/acme/issues/2/',
      'project',
      /^client web may not reach this issue, or there is none$/,
    ],
    'no reason against it': ['web', 'GET /api/0/organizations/acme/issues/1/', undefined, /^undefined$/],
  };
  for (const [title, [client, line, observed, cause]] of Object.entries(cases)) {
    it(`has the cause that the refusal would have, all of it at once: ${title}`, async () => {
      const logged = await lineOf(client, line);
      assert.equal(logged.observed, observed);
      assert.match(String(logged.cause), cause);
      assert.equal(logged.status, 200);
    });
  }

  it('has that cause also if the request fails, with the cause of the failure after it', async () => {
    const path = '/api/0/organizations/acme/broken/';
    upstream.play((connection) => connection.reset(), path);
    const { status, error, observed, cause } = await lineOf('acme', `DELETE ${path}`);
    assert.deepEqual([status, error, observed], [502, 'upstream_reset', 'no_rule']);
    assert.match(String(cause), /^client acme needs an allow rule: "[^"]+"; .+$/);
  });

  it('says what limit it is over', async () => {
    await lineOf('rated', 'GET /api/0/organizations/acme/issues/');
    const { observed, cause } = await lineOf('rated', 'GET /api/0/organizations/acme/issues/');
    assert.deepEqual([observed, cause], ['rate', 'client rated has exceeded its rate']);
  });
});

describe('the projects in the line of a request', () => {
  const releases = 'POST /api/0/organizations/acme/releases/';
  const cases: Record<string, readonly [client: string, line: string, body: object | undefined, projects: unknown]> = {
    'a lookup of an issue': ['web', 'GET /api/0/organizations/acme/issues/1/', undefined, 'acme/web'],
    'a lookup of an issue that is not the clients': [
      ...(['web', 'GET /api/0/organizations/acme/issues/2/', undefined, 'acme/mobile'] as const),
    ],
    'a lookup of a release': [
      ...(['uploader', 'GET /api/0/organizations/acme/releases/1.0/', undefined, 'acme/web,acme/mobile'] as const),
    ],
    'a query that is narrowed by a lookup': [
      ...(['web', 'GET /api/0/organizations/acme/issues/?query=x', undefined, 'acme/web'] as const),
    ],
    'a query that is narrowed to ids': [
      ...(['ids', 'GET /api/0/organizations/acme/issues/?project=12', undefined, 'acme/12'] as const),
    ],
    'a body': ['uploader', releases, { version: '2.0', projects: ['web'] }, 'acme/web'],
    'an observed client that is not limited to projects, by an issue': [
      ...(['anywhere', 'GET /api/0/organizations/acme/issues/2/', undefined, 'acme/mobile'] as const),
    ],
    'an observed client that is not limited to projects, by a query': [
      ...(['acme', 'GET /api/0/organizations/acme/issues/?project=12', undefined, 'acme/12'] as const),
    ],
    'an observed client that is not limited to projects, by a body': [
      ...(['anywhere', releases, { version: '2.0', projects: ['web'] }, 'acme/web'] as const),
    ],
    'an observed client whose request names none': [
      ...(['anywhere', 'GET /api/0/organizations/acme/issues/', undefined, undefined] as const),
    ],
  };
  for (const [title, [client, line, body, projects]] of Object.entries(cases)) {
    it(`are those of ${title}`, async () => {
      assert.equal((await lineOf(client, line, body)).projects, projects);
    });
  }
});
