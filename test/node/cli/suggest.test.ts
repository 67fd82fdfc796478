import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { suggest } from '../../../adapters/node/cli/suggest.ts';
import { newToken } from '../../../adapters/node/cli/token.ts';
import { readClients } from '../../../src/clients/clients-file.ts';
import { decide } from '../../../src/policy/decide.ts';

type Request = readonly [client: string, method: string, path: string];

async function* logOf(requests: readonly Request[], extra: readonly string[] = []): AsyncGenerator<string> {
  yield* extra;
  for (const [client, method, path] of requests) {
    yield JSON.stringify({ event: 'request', route: 'inject', attempts: 1, client, method, path });
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
      /^a: could be limited to projects but for GET \/api\/0\/organizations\/\{org\}\/issues\//,
    );
  });

  it('names secrets and unknown paths in allow rules, never by scope', async () => {
    const [client] = await suggested([
      ['a', 'GET', '/api/0/projects/acme/web/keys/'],
      ['a', 'GET', '/api/0/internal/options/'],
    ]);
    assert.deepEqual(client.allow, ['GET /api/0/internal/options/', 'GET /api/0/projects/{org}/{project}/keys/']);
    assert.deepEqual(client.orgs, ['*']);
    assert.equal('scopes' in client, false);
  });

  it('passes over lines that are no requests of a client that reached Sentry', async () => {
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

describe('token', () => {
  it('is 64 hex digits, with the digest that the clients file takes', () => {
    const { token, digest } = newToken();
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.equal(digest, `sha256:${createHash('sha256').update(token).digest('hex')}`);
    assert.notEqual(newToken().token, token);
  });
});
