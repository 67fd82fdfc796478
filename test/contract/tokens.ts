// Several Sentry tokens: which of them a request goes out with, and that it is never another.
import assert from 'node:assert/strict';
import { asClient, clientDigest } from '../support/clients-file.ts';
import { fieldValues } from '../support/message.ts';
import { answer, response } from '../support/upstream.ts';
import type { Contract } from './contract.ts';
import { AS_ALIAS, AS_SELF, INJECTED, request, useScene } from './scene.ts';

const CI = 'token-of-acme-ci-0123456789abcdef';
const PEOPLE = 'token-of-people-0123456789abcdef';
const TOKENS = JSON.stringify({
  tokens: [
    { name: 'acme-ci', token: CI, orgs: ['acme'], scopes: ['org:ci'] },
    { name: 'people', token: PEOPLE, orgs: ['*'], scopes: ['member:read', 'team:read'] },
  ],
});
const CLIENTS = JSON.stringify({
  clients: [
    { name: 'web-ci', token: clientDigest('web-ci'), scopes: ['org:ci', 'project:read'], orgs: ['acme'] },
    { name: 'pinned', token: clientDigest('pinned'), scopes: ['org:ci'], orgs: ['acme'], sentryToken: 'default' },
  ],
});

const RELEASES = '/api/0/organizations/acme/releases/';
const MEMBERS = '/api/0/organizations/other/members/';

export function severalTokens({ target, test }: Contract): void {
  const scene = useScene(target, { flags: { tokens: TOKENS, clients: CLIENTS }, secrets: [CI, PEOPLE] });
  const sentBy = async (line: string, credentials: string) => {
    const body = line.startsWith('POST') ? '{}' : '';
    const fields = [credentials, ...(body === '' ? [] : ['Content-Type: application/json', 'Content-Length: 2'])];
    const exchange = await scene.exchange(request(`${line} HTTP/1.1`, fields, body));
    return fieldValues(exchange.request, 'Authorization');
  };

  for (const [title, line, credentials, expected] of [
    ['an upload of an alias with the token of its organization', `POST ${RELEASES}`, AS_ALIAS, `Bearer ${CI}`],
    ['a client with the least powerful token that suffices', `POST ${RELEASES}`, asClient('web-ci'), `Bearer ${CI}`],
    ['a client with the token that it is pinned to', `POST ${RELEASES}`, asClient('pinned'), INJECTED],
    ['another organization with the token for all', `GET ${MEMBERS}`, AS_ALIAS, `Bearer ${PEOPLE}`],
    ["what no token's scopes admit with the default", 'GET /api/0/organizations/acme/issues/', AS_ALIAS, INJECTED],
    [
      'another spelling of the organization with the default',
      `POST /api/0/organizations/1/releases/`,
      AS_ALIAS,
      INJECTED,
    ],
    ['a path outside the table with the default', 'GET /x', AS_ALIAS, INJECTED],
  ] as const) {
    test(`sends ${title}`, async () => assert.deepEqual(await sentBy(line, credentials), [expected]));
  }

  test('sends no token with a bypassed request', async () => {
    assert.deepEqual(await sentBy(`GET ${RELEASES}`, AS_SELF), [AS_SELF.replace('Authorization: ', '')]);
  });

  test('never sends another token after a 401 or 403', async () => {
    for (const status of ['401 Unauthorized', '403 Forbidden']) {
      const asked = request(`GET ${RELEASES} HTTP/1.1`, [AS_ALIAS]);
      const exchange = await scene.exchange(asked, answer(response(status)));
      assert.deepEqual(fieldValues(exchange.request, 'Authorization'), [`Bearer ${CI}`]);
      assert.equal(String(exchange.reply.status), status.slice(0, 3));
    }
  });
}
