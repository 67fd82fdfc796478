import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeastToken } from '../../src/tokens/token-choice.ts';
import { staticToken } from '../../src/tokens/token-source.ts';
import { readTokens } from '../../src/tokens/tokens-file.ts';

const FILE = {
  tokens: [
    { name: 'acme-ci', token: 'ci', orgs: ['acme'], scopes: ['org:ci'] },
    { name: 'acme-read', token: 'read', orgs: ['acme', '4711'], scopes: ['event:read', 'org:read'] },
    { name: 'people', token: 'people', orgs: ['*'], scopes: ['member:admin', 'event:read'] },
  ],
};

const { entries } = readTokens(JSON.stringify(FILE), false);
const choice = new LeastToken(
  staticToken('default'),
  entries.map((entry) => ({ ...entry, source: staticToken('token' in entry.origin ? entry.origin.token : '') })),
);

/** Requests with the token that they are sent with. */
const CASES: readonly (readonly [request: string, token: string])[] = [
  ['POST /api/0/organizations/acme/releases/', 'acme-ci'],
  ['POST /api/0/organizations/acme/chunk-upload/', 'acme-ci'],
  ['GET /api/0/organizations/acme/chunk-upload/', 'acme-ci'],
  ['POST /api/0/organizations/acme/artifactbundle/assemble/', 'acme-ci'],
  ['POST /api/0/projects/acme/web/files/difs/assemble/', 'acme-ci'],
  ['POST /api/0/organizations/other/releases/', 'default'],
  ['GET /api/0/organizations/acme/issues/', 'acme-read'],
  ['HEAD /api/0/organizations/acme/issues/', 'acme-read'],
  ['GET /api/0/organizations/acme/issues/?project=1&query=%23', 'acme-read'],
  ['GET /api/0/organizations/4711/issues/', 'acme-read'],
  ['GET /api/0/organizations/other/issues/', 'people'],
  ['GET /api/0/organizations/acme/members/', 'people'],
  // Scopes do not reach beyond what they imply.
  ['PUT /api/0/organizations/acme/issues/', 'default'],
  // Other spellings of an organization are not the one that the file names.
  ['POST /api/0/organizations/%61cme/releases/', 'default'],
  ['POST /api/0/organizations/ACME/releases/', 'default'],
  ['POST /api/0/organizations/04711/releases/', 'default'],
  // Nothing says what these need.
  ['GET /api/0/', 'default'],
  ['GET /api/0/organizations/', 'default'],
  ['GET /api/0/organizations/acme/unheard-of/', 'default'],
  ['OPTIONS /api/0/organizations/acme/issues/', 'default'],
  ['PATCH /api/0/organizations/acme/issues/', 'default'],
  ['POST /api/0/organizations/acme/releases', 'default'],
  ['POST //api/0/organizations/acme/releases/', 'default'],
  ['GET /', 'default'],
];

describe('the token of a request', () => {
  for (const [request, expected] of CASES) {
    const [method = '', target = ''] = request.split(' ');
    it(`${request}: ${expected}`, () => assert.equal(choice.choose(method, target).name, expected));
  }

  it('is the one that its client is pinned to, for every request', () => {
    for (const name of ['people', 'acme-ci', 'default']) {
      assert.equal(choice.choose('GET', '/api/0/organizations/acme/issues/', name).name, name);
    }
  });

  it('is none if the one that its client is pinned to is gone', async () => {
    const { name, source } = choice.choose('GET', '/api/0/organizations/acme/issues/', 'gone');
    assert.deepEqual([name, await source.get()], ['gone', undefined]);
  });
});
