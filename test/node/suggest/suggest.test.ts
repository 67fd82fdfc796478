import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { suggest } from '../../../adapters/node/suggest/suggest.ts';
import { readClients } from '../../../src/clients/clients-file.ts';
import type { ClientJson } from '../../../src/clients/clients-json.ts';
import { decide } from '../../../src/policy/decide.ts';

type Request = readonly [client: string, method: string, path: string, more?: Readonly<Record<string, unknown>>];

async function* logOf(requests: readonly Request[], extra: readonly string[] = []): AsyncGenerator<string> {
  yield* extra;
  for (const [client, method, path, more] of requests) {
    yield JSON.stringify({
      event: 'request',
      route: 'inject',
      attempts: 1,
      client,
      method,
      path,
      status: 200,
      ...more,
    });
  }
}

const suggested = async (requests: readonly Request[]) => JSON.parse((await suggest(logOf(requests))).json!).clients;

describe('suggest', () => {
  it('gives the least scopes that the requests need', async () => {
    const [ci] = await suggested([
      ['ci', 'GET', '/api/0/organizations/acme/chunk-upload/'],
      ['ci', 'POST', '/api/0/organizations/acme/chunk-upload/'],
      ['ci', 'POST', '/api/0/projects/acme/web/files/difs/assemble/'],
      ['ci', 'POST', '/api/0/organizations/acme/releases/'],
    ]);
    assert.deepEqual(ci.scopes, ['org:ci']);
    assert.deepEqual(ci.orgs, ['acme']);
  });

  it('keeps everything of a client in the file but its rights', async () => {
    const issuers = { it: { url: 'https://issuer.example', audience: 'sentry' } };
    const client: ClientJson = {
      name: 'ci',
      identity: { issuer: 'it', claims: { repo: 'acme/web' } },
      scopes: ['org:ci'],
      orgs: ['acme'],
      deny: ['DELETE /**'],
      rate: '5/s',
      concurrency: 2,
      expires: '2099-12-31',
      sentryToken: 'acme-ci',
      mode: 'enforce',
    };
    const read = readClients(JSON.stringify({ issuers, clients: [client] }));
    assert.ok('clients' in read);
    const known = { frame: { issuers }, byName: new Map([['ci', { json: client, client: read.clients[0]! }]]) };
    const { json } = await suggest(logOf([['ci', 'GET', '/api/0/organizations/acme/releases/']]), known);
    const made = JSON.parse(json!);
    assert.deepEqual({ ...made.clients[0], scopes: client.scopes }, client);
    assert.notDeepEqual(made.clients[0].scopes, client.scopes);
    assert.deepEqual(made.issuers, issuers);
  });

  it('limits to projects if every request shows its project', async () => {
    const [agent] = await suggested([
      ['agent', 'GET', '/api/0/projects/acme/web/issues/'],
      ['agent', 'GET', '/api/0/organizations/acme/issues/API-1A2/'],
    ]);
    assert.deepEqual(agent.projects, ['acme/api', 'acme/web']);
    assert.deepEqual(agent.scopes, ['event:read']);
  });

  it('limits to projects although requests pass that show none, filtered or not', async () => {
    const [agent] = await suggested([
      ['agent', 'GET', '/api/0/projects/acme/web/issues/'],
      ['agent', 'GET', '/api/0/organizations/acme/'],
      ['agent', 'GET', '/api/0/organizations/acme/projects/'],
      ['agent', 'GET', '/api/0/organizations/acme/chunk-upload/'],
    ]);
    assert.deepEqual(agent.projects, ['acme/web']);
  });

  it('says which requests kept it from limiting to projects', async () => {
    const { json, notes } = await suggest(
      logOf([
        ['a', 'GET', '/api/0/projects/acme/web/issues/'],
        ['a', 'GET', '/api/0/organizations/acme/issues/?project&query'],
      ]),
    );
    assert.deepEqual(JSON.parse(json!).clients[0].orgs, ['acme']);
    assert.match(
      notes.join('\n'),
      /^a: could be limited to projects except for GET \/api\/0\/organizations\/\{org\}\/issues\//,
    );
  });

  it('names secrets in allow rules, never by scope', async () => {
    const [client] = await suggested([['a', 'GET', '/api/0/projects/acme/web/keys/']]);
    assert.deepEqual(client.allow, ['GET /api/0/projects/{org}/{project}/keys/']);
    assert.deepEqual(client.projects, ['acme/web']);
    assert.equal('scopes' in client, false);
  });

  const PLANTED: Record<string, readonly [method: string, path: string]> = {
    'a wildcard for everything': ['GET', '/**'],
    'a wildcard below an organization': ['GET', '/api/0/organizations/acme/**'],
    'a wildcard in the place of an organization': ['GET', '/api/0/organizations/*/members/'],
    'an encoded wildcard': ['GET', '/api/0/organizations/acme/%2A%2A'],
    'a parameter': ['GET', '/api/0/organizations/{org}/secrets/{any}/'],
    'a parameter in the place of a project': ['GET', '/api/0/projects/acme/{project}/keys/'],
    'the wildcard of methods': ['*', '/api/0/projects/acme/web/keys/'],
    'a method that is none': ['GET /api/0/x/ POST', '/api/0/projects/acme/web/keys/'],
    'a path without an organization': ['GET', '/api/0/internal/options/'],
    'a path outside the API': ['POST', '/auth/login/'],
    'a path that the table lacks': ['GET', '/api/0/organizations/acme/unheard-of/4711/'],
    'an id in a path that the table lacks': ['DELETE', '/api/0/projects/acme/web/unheard-of/4711/'],
    'a dot segment': ['GET', '/api/0/organizations/acme/../../**'],
  };
  for (const [title, [method, path]] of Object.entries(PLANTED)) {
    it(`lets an observed client plant nothing: ${title}`, async () => {
      const { json, notes } = await suggest(
        logOf([
          ['a', 'GET', '/api/0/organizations/acme/issues/'],
          ['a', method, path],
        ]),
      );
      const [client] = JSON.parse(json!).clients;
      assert.deepEqual([client.scopes, client.orgs, client.projects], [['event:read'], ['acme'], undefined]);
      for (const rule of client.allow ?? []) assert.equal(rule, 'GET /api/0/projects/{org}/{project}/keys/');
      assert.ok(
        notes.some((note) => note.startsWith(`a: ${method} ${path} is not covered: `)),
        notes.join('\n'),
      );
    });
  }

  it('writes no rule for everything because of one request without an organization', async () => {
    const { json, notes } = await suggest(logOf([['a', 'GET', '/api/0/users/me/']]));
    const [client] = JSON.parse(json!).clients;
    assert.deepEqual([client.orgs, client.allow], [[], ['GET /api/0/']]);
    assert.match(notes.join('\n'), /^a: no request names an organization; fill in "orgs"$/m);
    assert.ok('problems' in readClients(json!.replace('REPLACE-WITH-THE-DIGEST', '0'.repeat(64))));
  });

  it('writes nothing of a client to the terminal but visible characters, and not too many', async () => {
    const path = `/api/0/organizations/acme/\u001b[2J\r\n${'x'.repeat(9000)}`;
    const { notes } = await suggest(logOf([['a', 'GET', path]]));
    assert.ok(
      notes.every((note) => /^[\x20-\x7e]{1,500}$/.test(note)),
      notes.join('\n'),
    );
  });

  it('leaves out what Sentry refused, and names it', async () => {
    const { json, notes } = await suggest(
      logOf([
        ['a', 'GET', '/api/0/projects/acme/web/issues/'],
        ['a', 'GET', '/api/0/organizations/other/issues/', { status: 404 }],
        ['a', 'DELETE', '/api/0/projects/acme/web/', { status: 403 }],
        ['b', 'GET', '/api/0/organizations/other/', { status: 404 }],
      ]),
    );
    const clients = JSON.parse(json!).clients;
    assert.deepEqual(
      clients.map(({ name, scopes, projects }: Record<string, unknown>) => ({ name, scopes, projects })),
      [{ name: 'a', scopes: ['event:read'], projects: ['acme/web'] }],
    );
    assert.match(
      notes.join('\n'),
      /^a: left out, .*: GET \/api\/0\/organizations\/other\/issues\/ \(404\), DELETE \/api\/0\/projects\/acme\/web\/ \(403\)$/m,
    );
    assert.match(notes.join('\n'), /^b: is not suggested, because the log has no successful request of it$/m);
  });

  it('proposes the projects that lookups and narrowings of the log show', async () => {
    const [client] = await suggested([
      ['a', 'GET', '/api/0/organizations/acme/issues/?project&query', { projects: 'acme/web,acme/2' }],
      ['a', 'GET', '/api/0/organizations/acme/issues/4711/', { projects: 'acme/api' }],
    ]);
    assert.deepEqual(client.projects, ['acme/2', 'acme/api', 'acme/web']);
  });

  it('proposes no projects if one request of a kind does not show its own', async () => {
    const [client] = await suggested([
      ['a', 'GET', '/api/0/organizations/acme/issues/?project', { projects: 'acme/web' }],
      ['a', 'GET', '/api/0/organizations/acme/issues/'],
    ]);
    assert.deepEqual([client.orgs, client.projects], [['acme'], undefined]);
  });

  it('says which requests could be limited to projects, and which could not', async () => {
    const { notes } = await suggest(
      logOf([
        ['a', 'GET', '/api/0/projects/acme/web/issues/'],
        ['a', 'GET', '/api/0/organizations/acme/members/'],
      ]),
    );
    assert.match(
      notes[0]!,
      /^a: could be limited to projects except for GET \/api\/0\/organizations\/\{org\}\/members\//,
    );
    assert.match(
      notes[1]!,
      /^a: these .* could be limited to projects: GET \/api\/0\/projects\/\{org\}\/\{project\}\/issues\/$/,
    );
  });

  it('names a missing last slash as such', async () => {
    const { notes } = await suggest(logOf([['a', 'GET', '/api/0/organizations/acme/issues', { status: 301 }]]));
    assert.match(notes.join('\n'), /^a: GET \/api\/0\/organizations\/acme\/issues is not covered: .*last slash$/m);
  });

  for (const prefix of [
    'web-1  | ',
    'Nov 29 10:00:00 host sentry-api-proxy[12]: ',
    '2026-11-29T10:00:00.0Z stdout F ',
  ]) {
    it(`reads lines with a prefix: ${prefix}`, async () => {
      const lines = [];
      for await (const line of logOf([['a', 'GET', '/api/0/organizations/acme/issues/']])) lines.push(prefix + line);
      const { json } = await suggest(logOf([], lines));
      assert.deepEqual(JSON.parse(json!).clients[0].scopes, ['event:read']);
    });
  }

  it('passes over lines that are not requests of a client that reached Sentry', async () => {
    const lines = ['not JSON', '{"event":"listening"}', '{broken', '{"event":"request","route":"bypass","attempts":1}'];
    const { json, notes } = await suggest(logOf([], lines));
    assert.equal(json, undefined);
    assert.match(notes.join(), /no request of a client/);
  });

  it('is refused by the checker until the digest is filled in, and then allows what was observed', async () => {
    const requests: Request[] = [
      ['grafana', 'GET', '/api/0/organizations/acme/projects/'],
      ['grafana', 'GET', '/api/0/organizations/acme/events/'],
      ['grafana', 'PUT', '/api/0/projects/acme/web/issues/'],
    ];
    const { json } = await suggest(logOf(requests));
    assert.ok('problems' in readClients(json!));
    const read = readClients(json!.replace('REPLACE-WITH-THE-DIGEST', '0'.repeat(64)));
    assert.ok('clients' in read);
    for (const [, method, path] of requests) {
      assert.notEqual(decide(read.clients[0]!, method, path, Date.now()).kind, 'refuse', `${method} ${path}`);
    }
  });
});
