import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { matchesPattern, matchesRule, pathOf } from '../../src/identity/claims.ts';
import type { Json } from '../../src/json/members.ts';
import type { ClaimValue } from '../../src/policy/client.ts';
import { AUDIENCE, seconds, TestIssuer } from '../support/issuer.ts';
import { clientsOf, type Scene, sceneOf } from './scene.ts';

describe('a pattern of a claim', () => {
  it('has * for anything but separators and control characters', () => {
    for (const [pattern, text] of [
      ['refs/tags/v*', 'refs/tags/v1.2.3'],
      ['refs/tags/v*', 'refs/tags/v'],
      ['a*b*c', 'abc'],
      ['a*b*c', 'axxbxxbxc'],
      ['*', 'anything'],
      ['**', 'x'],
      ['repo:*/web:*', 'repo:acme/web:main'],
      ['*a*/*b', 'xax/b'],
      ['a*a', 'aa'],
    ] as const) {
      assert.ok(matchesPattern(pattern, text), `${pattern} ${text}`);
    }
    for (const [pattern, text] of [
      ['refs/heads/*', 'refs/heads/main/../x'],
      ['refs/heads/*', 'refs/heads/a/b'],
      ['refs/heads/main', 'refs/heads/Main'],
      ['refs/heads/main*', 'refs/heads/Main'],
      ['refs/heads/*', 'refs%2Fheads%2Fmain'],
      ['refs/*/main', 'refs/heads:x/main'],
      ['repo:*', 'repo:a:b'],
      ['a*a', 'a'],
      ['*', 'a/b'],
      ['a*', 'ab\nc'],
      ['a*b', 'a\u0000b'],
      ['/*', ':x'],
      ['v*.*', 'v1'],
      ['a*b*b', 'ab'],
    ] as const) {
      assert.ok(!matchesPattern(pattern, text), `${pattern} ${text}`);
    }
  });

  it('takes no longer for a pattern that is made to take long', () => {
    const begun = performance.now();
    assert.ok(!matchesPattern(`${'a*'.repeat(500)}b`, 'a'.repeat(6000)));
    assert.ok(performance.now() - begun < 1000);
  });
});

describe('a claim', () => {
  const matches = (claim: string, values: ClaimValue[], claims: Json) =>
    matchesRule({ claim, path: pathOf(claim)!, values }, claims);

  it('is compared without conversion', () => {
    assert.ok(matches('a', ['1'], { a: '1' }));
    assert.ok(matches('a', [1], { a: 1 }));
    assert.ok(matches('a', [true], { a: true }));
    for (const [value, found] of [
      ['1', 1],
      [1, '1'],
      [true, 'true'],
      ['true', true],
      [false, undefined],
      [0, false],
      ['a', 'A'],
      ['a', 'a '],
      ['main', 'mainx'],
      ['null', null],
      ['[object Object]', {}],
    ] as const) {
      assert.ok(!matches('a', [value], { a: found }), `${value} ${String(found)}`);
    }
  });

  it('that is a list has any of its values, and an object none', () => {
    assert.ok(matches('a', ['x', 'y'], { a: ['z', 'y'] }));
    assert.ok(!matches('a', ['x'], { a: [] }));
    assert.ok(!matches('a', ['x'], { a: [['x']] }));
    assert.ok(!matches('a', ['x'], { a: { x: 'x' } }));
    assert.ok(!matches('a', ['x'], {}));
    assert.ok(!matches('constructor', ['x'], {}));
    assert.ok(!matches('length', [0], {}));
  });

  it('is found by a JSON pointer', () => {
    const claims = JSON.parse('{"kubernetes.io":{"namespace":"n","a/b":{"~":"t"}},"list":["x",{"y":"z"}],"/x":"s"}');
    assert.ok(matches('/kubernetes.io/namespace', ['n'], claims));
    assert.ok(matches('/kubernetes.io/a~1b/~0', ['t'], claims));
    assert.ok(matches('/list/0', ['x'], claims));
    assert.ok(matches('/list/1/y', ['z'], claims));
    assert.ok(matches('/~1x', ['s'], claims));
    for (const pointer of ['/kubernetes.io', '/list/00', '/list/-', '/list/length', '/kubernetes.io/__proto__', '/']) {
      assert.ok(!matches(pointer, ['n', 'x', 2], claims), pointer);
    }
    assert.ok(!matches('kubernetes.io/namespace', ['n'], claims));
  });
});

describe('what a token says of itself', () => {
  let issuer: TestIssuer;
  let scene: Scene;

  before(async () => {
    issuer = await TestIssuer.start();
    scene = sceneOf({
      issuers: { it: { url: issuer.url, audience: [AUDIENCE, 'second'] } },
      clients: clientsOf({
        ci: { issuer: 'it', claims: { repo: '1' } },
        twin: { issuer: 'it', claims: { repo: '1', twin: true } },
        pulls: { issuer: 'it', claims: { repo: '2', event_name: ['push', 'pull_request'] } },
        any: { issuer: 'it', claims: { repo: '2', event_name: '*' } },
        named: { issuer: 'it', claims: { repo: '3', sub: 'me' } },
        several: [
          { issuer: 'it', claims: { repo: '4' } },
          { issuer: 'it', claims: { repo: '4', x: '1' } },
        ],
      }),
    });
  });

  const identify = async (claims: object) => scene.identify(await issuer.token({ repo: '1', ...claims }));

  it('has to be for this proxy', async () => {
    for (const aud of ['second', [AUDIENCE], ['x', AUDIENCE]]) assert.equal(await identify({ aud }), 'ci');
    for (const aud of [
      undefined,
      '',
      5,
      null,
      {},
      [],
      [[AUDIENCE]],
      [AUDIENCE, 5],
      { aud: AUDIENCE },
      `${AUDIENCE}/`,
      AUDIENCE.slice(0, -1),
      AUDIENCE.toUpperCase(),
      Array.from({ length: 1000 }, () => 'x'),
    ]) {
      assert.equal(await identify({ aud }), 'audience', JSON.stringify(aud));
    }
  });

  it('has to be of now', async () => {
    const now = seconds();
    assert.equal(await identify({ exp: now - 20 }), 'ci');
    assert.equal(await identify({ exp: now - 31 }), 'expired');
    for (const exp of [0, -1, -1e300]) assert.equal(await identify({ exp }), 'expired', String(exp));
    for (const exp of [undefined, '5', String(now + 60), null, [now + 60], {}]) {
      assert.equal(await identify({ exp }), 'malformed', JSON.stringify(exp));
    }
    assert.equal(await identify({ nbf: now + 25 }), 'ci');
    assert.equal(await identify({ iat: now + 25 }), 'ci');
    assert.equal(await identify({ nbf: now + 35 }), 'not_yet');
    assert.equal(await identify({ iat: now + 35 }), 'not_yet');
    for (const wrong of ['1', null, {}]) {
      assert.equal(await identify({ nbf: wrong }), 'malformed');
      assert.equal(await identify({ iat: wrong }), 'malformed');
    }
    assert.equal(await identify({ nbf: undefined, iat: undefined }), 'ci');
  });

  it('has to be finite', async () => {
    const payload = JSON.stringify({ iss: issuer.url, aud: AUDIENCE, iat: seconds(), repo: '1' });
    const good = await issuer.token({ repo: '1' });
    const [header, , signature] = good.split('.');
    for (const member of ['"exp":1e400', '"exp":-1e400', `"exp":${seconds() + 60},"nbf":-1e400`]) {
      const text = `${payload.slice(0, -1)},${member}}`;
      assert.equal(
        await scene.identify(`${header}.${Buffer.from(text).toString('base64url')}.${signature}`),
        'malformed',
      );
    }
  });

  it('lasts a day at most', async () => {
    const iat = seconds();
    const day = 24 * 60 * 60;
    assert.equal(await identify({ iat, exp: iat + day }), 'ci');
    assert.equal(await identify({ iat, exp: iat + day + 1 }), 'lifetime');
    assert.equal(await identify({ iat: iat - day, exp: iat + 60 }), 'lifetime');
    assert.equal(await identify({ iat, exp: iat + 365 * day }), 'lifetime');
    assert.equal(await identify({ iat: undefined, exp: iat + 365 * day }), 'lifetime');
  });

  it('is of its issuer, character by character', async () => {
    const port = new URL(issuer.url).port;
    for (const iss of [
      `${issuer.url}/`,
      issuer.url.toUpperCase(),
      issuer.url.replace('127.0.0.1', '127.0.0.1.'),
      issuer.url.replace('127.0.0.1', 'localhost'),
      `${issuer.url}#x`,
      ` ${issuer.url}`,
      issuer.url.replace(`:${port}`, `:0${port}`),
      undefined,
      [issuer.url],
      { url: issuer.url },
      '',
    ]) {
      assert.equal(await identify({ iss }), undefined, JSON.stringify(iss));
    }
  });

  it('leads to one client, or to none', async () => {
    assert.equal(await identify({ repo: 'x' }), 'no_client');
    assert.equal(await identify({ repo: undefined }), 'no_client');
    assert.equal(await identify({ twin: true }), 'ambiguous');
    assert.equal(await identify({ repo: '4', x: '1' }), 'several');
    const token = await issuer.token({ repo: '1', twin: true });
    const found = await scene.identities.identify(token, 'digest');
    assert.deepEqual(found, { refusal: 'ambiguous', issuer: 'it', names: ['ci', 'twin'] });
  });

  it('counts for events of outsiders if the client names them', async () => {
    for (const event of [
      'pull_request',
      'pull_request_target',
      'workflow_run',
      'pull_request_review',
      'pull_request_review_comment',
      'issues',
      'issue_comment',
      'discussion',
      'discussion_comment',
      'fork',
      'watch',
      'gollum',
    ]) {
      assert.equal(await identify({ event_name: event }), 'event', event);
      assert.equal(await identify({ event_name: [event] }), 'event', event);
    }
    for (const event of ['push', 'schedule', 'workflow_dispatch', 'release']) {
      assert.equal(await identify({ event_name: event }), 'ci', event);
    }
    assert.equal(await identify({ repo: '2', event_name: 'pull_request' }), 'pulls');
    // * names no event.
    assert.equal(await identify({ repo: '2', event_name: 'workflow_run' }), 'event');
  });

  it('has a subject that is a text, and is shown in part', async () => {
    for (const sub of [5, null, ['me'], {}]) assert.equal(await identify({ sub }), 'malformed', JSON.stringify(sub));
    assert.equal(await identify({ repo: '3', sub: 'me' }), 'named');
    assert.equal(await identify({ repo: '3', sub: 'me\n' }), 'no_client');
    const token = await issuer.token({ repo: '1', sub: 'x'.repeat(300) });
    const found = await scene.identities.identify(token, 'another digest');
    assert.ok(found !== undefined && 'subject' in found);
    assert.equal(found.subject?.length, 255);
  });
});
