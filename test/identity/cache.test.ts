import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdentityCache } from '../../src/identity/identity-cache.ts';
import type { IssuerKeys } from '../../src/identity/keys/issuer-keys.ts';
import { Places } from '../../src/identity/places.ts';
import type { Client } from '../../src/policy/client.ts';
import { AUDIENCE, makeKey, seconds } from '../support/issuer.ts';
import { clientsOf, digestOf, oneClient, sceneOf } from './scene.ts';

const MINUTE = 60_000;

describe('a token that was seen before', () => {
  it('is known at once, without a promise', async () => {
    const { issuer, identities, identify } = await oneClient();
    const token = await issuer.token({ repo: '1', sub: 'me' });
    assert.ok(identities.identify(token, digestOf(token)) instanceof Promise);
    await identify(token);
    const found = identities.identify(token, digestOf(token));
    assert.ok(found !== undefined && 'client' in found);
    assert.deepEqual([found.client.name, found.issuer, found.subject], ['ci', 'it', 'me']);
  });

  it('is forgotten when it expires, and after five minutes', async () => {
    const { issuer, identities, identify, pass } = await oneClient();
    const isKnown = (token: string) => !(identities.identify(token, digestOf(token)) instanceof Promise);
    const short = await issuer.token({ repo: '1', exp: seconds() + 60 });
    const long = await issuer.token({ repo: '1', exp: seconds() + 3600 });
    await identify(short);
    await identify(long);
    assert.deepEqual([isKnown(short), isKnown(long)], [true, true]);
    pass(MINUTE + 1000);
    assert.deepEqual([isKnown(short), isKnown(long)], [false, true]);
    pass(30_000);
    assert.equal(await identify(short), 'expired');
    pass(4 * MINUTE);
    assert.equal(isKnown(long), false);
  });

  it('is not known to another clients file', async () => {
    const { issuer, identify } = await oneClient();
    const token = await issuer.token({ repo: '1' });
    assert.equal(await identify(token), 'ci');
    const without = sceneOf({
      issuers: { it: { url: issuer.url, audience: AUDIENCE } },
      clients: clientsOf({ other: { issuer: 'it', claims: { repo: '2' } } }),
    });
    assert.equal(await without.identify(token), 'no_client');
  });

  it('is known by its digest alone, and by no part of it', async () => {
    const { issuer, identify } = await oneClient();
    const token = await issuer.token({ repo: '1' });
    assert.equal(await identify(token), 'ci');
    const other = await makeKey('first');
    const [, , signature] = (await issuer.token({ repo: '1' }, { key: other })).split('.');
    assert.equal(await identify(token.replace(/[^.]*$/, signature!)), 'signature');
  });

  it('takes the place of the oldest of 10,000', () => {
    const cache = new IdentityCache();
    const keys = { has: () => true } as unknown as IssuerKeys;
    const known = { client: {} as Client, keys, keyId: 'k', expiresAt: 10_000, subject: undefined };
    for (let n = 0; n < 10_001; n++) cache.keep(`digest-${n}`, known, 0);
    assert.equal(cache.size, 10_000);
    assert.equal(cache.good('digest-0', 1), undefined);
    assert.equal(cache.good('digest-10000', 1), known);
    for (let n = 0; n < 20_000; n++) cache.keepBad(`bad-${n}`, keys, 'k', 0);
    assert.equal(cache.good('digest-10000', 1), known, 'bad tokens take no room of good ones');
    assert.equal(cache.bad('bad-0', 1), undefined);
    assert.equal(cache.bad('bad-19999', 1), keys);
    assert.equal(cache.bad('bad-19999', 60_001), undefined);
    const gone = { has: () => false } as unknown as IssuerKeys;
    cache.keepBad('of a removed key', gone, 'k', 0);
    assert.equal(cache.bad('of a removed key', 1), undefined);
  });
});

describe('verifications', () => {
  it('are 64 at a time, and another one waits for a second at most', async () => {
    const places = new Places();
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const task = async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running--;
      return 'done';
    };
    const all = Array.from({ length: 70 }, () => places.run(task));
    for (const end of ends.splice(0, 3)) end();
    const results = await Promise.all([...all.slice(0, 3), ...all.slice(67)]);
    assert.deepEqual(results, ['done', 'done', 'done', undefined, undefined, undefined]);
    for (const end of ends.splice(0)) end();
    await Promise.all(all);
    assert.equal(most, 64);
    assert.equal(running, 0);
    const again = Array.from({ length: 64 }, () => places.run(task));
    assert.equal(running, 64);
    for (const end of ends.splice(0)) end();
    await Promise.all(again);
  });

  it('of a flood of forged tokens end in refusals, or are told to come again', async () => {
    const { issuer, identify } = await oneClient();
    assert.equal(await identify(await issuer.token({ repo: '1' })), 'ci');
    const forger = await makeKey('first');
    const pattern = await issuer.token({ repo: '1' }, { key: forger });
    const [header, , signature] = pattern.split('.');
    const forged = Array.from({ length: 4000 }, (_, n) => {
      const claims = { iss: issuer.url, aud: AUDIENCE, exp: seconds() + 60, repo: '1', n };
      return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    });
    for (const result of await Promise.all(forged.map(identify))) {
      assert.match(result ?? '', /^(?:signature|unavailable)$/);
    }
    assert.equal(await identify(await issuer.token({ repo: '1', n: 1 })), 'ci');
  });
});
