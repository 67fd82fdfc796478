// `check` of a clients file with issuers: what it lists, what it fetches, and which client a token is.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { clientDigest, clientToken } from '../../support/clients-file.ts';
import { AUDIENCE, makeKey, type SigningKey, seconds, TestIssuer } from '../../support/issuer.ts';
import { makeFolder, runProxy } from '../../support/operator.ts';

const RIGHTS = { scopes: ['org:read'], orgs: ['acme'] };
const SETTINGS = ['--token', 'sentry-token-of-the-check-tests', '--sentry-uri', 'http://127.0.0.1:9'];

async function check(t: TestContext, file: object, ...args: string[]) {
  const path = join(makeFolder(t), 'clients.json');
  writeFileSync(path, JSON.stringify(file));
  return runProxy(['check', ...SETTINGS, '--clients-file', path, ...args]);
}

describe('check', () => {
  it('lists issuers, and warns of identities that are loose', async (t) => {
    const { code, stdout } = await check(t, {
      issuers: { github: { url: 'https://token.actions.githubusercontent.com', audience: AUDIENCE } },
      clients: [{ name: 'ci', identity: { issuer: 'github', claims: { repository_id: '1' } }, ...RIGHTS }],
    });
    assert.equal(code, 0);
    assert.match(stdout, /warning: +ci has neither ref, environment nor job_workflow_ref/);
    assert.match(
      stdout,
      /^issuer +url +audience +keys\ngithub +https:\/\/token\.actions\S+ +https:\S+ +by discovery$/m,
    );
    assert.match(stdout, /^client .* issuers$/m);
  });

  it('fetches the keys of every issuer with --probe, and exits with 1 if one has none', async (t) => {
    const [up, empty] = [await TestIssuer.start(), await TestIssuer.start()];
    empty.keySet = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] };
    const { code, stdout } = await check(
      t,
      {
        issuers: {
          down: { url: 'http://127.0.0.1:9', audience: AUDIENCE },
          up: { url: up.url, audience: AUDIENCE },
          empty: { url: empty.url, audience: AUDIENCE },
        },
        clients: [{ name: 'ci', identity: { issuer: 'up', claims: { a: 'b' } }, ...RIGHTS }],
      },
      '--probe',
    );
    assert.equal(code, 1);
    assert.match(stdout, /^issuer down: +http:\S+ could not be fetched/m);
    assert.match(stdout, /^issuer up: +1 key that can be used$/m);
    assert.match(stdout, /^issuer empty: +0 keys that can be used; key 1 is left out: it is symmetric$/m);
    assert.doesNotMatch(stdout, /c2VjcmV0/);
  });
});

describe('check --as-token', () => {
  let key: SigningKey;
  let issuer: TestIssuer;
  let file: object;

  before(async () => {
    key = await makeKey('k');
    issuer = await TestIssuer.start([key]);
    const claims = { repo: '1', ref: ['refs/heads/main', 'refs/tags/v*'] };
    file = {
      issuers: {
        it: { url: issuer.url, audience: AUDIENCE, keys: { keys: [key.jwk] } },
        remote: { url: 'https://idp.example.com', audience: AUDIENCE },
      },
      clients: [
        { name: 'ci', token: clientDigest('ci'), identity: { issuer: 'it', claims }, ...RIGHTS },
        { name: 'twin', identity: { issuer: 'it', claims: { repo: '1', twin: true } }, ...RIGHTS },
        { name: 'old', identity: { issuer: 'it', claims: { repo: 'old' } }, ...RIGHTS, expires: '2020-01-01' },
        { name: 'far', identity: { issuer: 'remote', claims: { repo: '1' } }, ...RIGHTS },
      ],
    };
  });

  const ask = async (t: TestContext, token: string) => {
    const path = join(makeFolder(t), 'token');
    writeFileSync(path, `${token}\n`);
    const result = await check(t, file, '--as-token', path);
    for (const part of token.split('.').filter((one) => one.length > 10)) {
      assert.ok(!(result.stdout + result.stderr).includes(part), 'the token is shown');
    }
    return result;
  };

  it('says which client a token is', async (t) => {
    for (const [token, expected] of [
      [clientToken('ci'), /^client ci, by its token of the file\n$/],
      [await issuer.token({ repo: '1', ref: 'refs/tags/v1' }), /^client ci, by a token of it\n$/],
      [
        await issuer.token({ iss: 'https://idp.example.com', repo: '1' }),
        /^client far, by a token of remote\nprovided that remote signed it/,
      ],
    ] as const) {
      const { code, stdout } = await ask(t, token);
      assert.match(stdout, expected);
      assert.equal(code, 0);
    }
  });

  it('says which check fails, and which claims of each client', async (t) => {
    for (const [token, expected] of [
      ['somebody', /^no client: neither a token of the file, nor a JSON Web Token/],
      [await issuer.token({ iss: 'https://idp.example.com/' }), /differs from that of remote in a slash/],
      [await issuer.token({ iss: 'https://x.example.com' }), /^no client: iss is not the url of any issuer\n$/],
      [await issuer.token({ repo: '1', exp: seconds() - 60 }), /exp has passed\n.*identity_refused, expired/],
      [await issuer.token({ repo: '1', aud: 'x' }), /aud has none of: https:\/\/sentry-proxy/],
      [await issuer.token({ repo: '1', ref: 'refs/tags/v1' }, { key: await makeKey('k') }), /, signature\n/],
      [await issuer.token({ repo: '1' }, { key: await makeKey('x') }), /no key of it fits kid and alg/],
      [await issuer.token({ repo: 'old' }), /^refused: the client old, .* has expired/],
      [await issuer.token({ repo: '1', ref: 'refs/tags/v1', twin: true }), /the claims are those of ci and twin/],
      [
        await issuer.token({ repo: 1, ref: 'refs/heads/private-name' }),
        /\nci: repo is not "1", but a number; ref is not "refs\/heads\/main" or "refs\/tags\/v\*"\ntwin: repo is not "1", but a number; twin is missing\n/,
      ],
      [
        await issuer.token({ repo: '1', ref: 'refs/heads/main', event_name: 'pull_request' }),
        /, event\nci: outsiders can trigger this event/,
      ],
    ] as const) {
      const { code, stdout } = await ask(t, token);
      assert.match(stdout, expected);
      assert.equal(code, 1);
      assert.doesNotMatch(stdout, /private-name/);
    }
  });

  it('needs a file that can be read', async (t) => {
    const missing = await check(t, file, '--as-token', join(makeFolder(t), 'missing'));
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /could not be read \(ENOENT\)/);
    const without = await check(t, file, '--as-token');
    assert.equal(without.code, 2);
    assert.match(without.stderr, /check --as-token needs FILE/);
  });
});
