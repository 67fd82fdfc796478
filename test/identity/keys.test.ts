import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readKeySet } from '../../src/identity/keys/key-set.ts';
import { makeKey, TestIssuer } from '../support/issuer.ts';
import { clientsOf, oneClient, sceneOf } from './scene.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('the keys of an issuer', () => {
  it('are found by discovery, and fetched once', async () => {
    const { issuer, identify } = await oneClient();
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => issuer.token({ repo: '1', n })));
    assert.deepEqual([...new Set(await Promise.all(tokens.map(identify)))], ['ci']);
    assert.deepEqual(
      issuer.requests.map(({ path }) => path),
      ['/.well-known/openid-configuration', '/keys'],
    );
  });

  it('are fetched from jwks without discovery', async () => {
    const { issuer } = await oneClient();
    issuer.scripts.set('/.well-known/openid-configuration', (_, response) => void response.writeHead(500).end());
    const scene = sceneOf({
      issuers: { it: { url: issuer.url, audience: 'https://sentry-proxy.example.com', jwks: `${issuer.url}/keys` } },
      clients: clientsOf({ ci: { issuer: 'it', claims: { repo: '1' } } }),
    });
    assert.equal(await scene.identify(await issuer.token({ repo: '1' })), 'ci');
    assert.equal(issuer.requests.length, 1);
  });

  it('stand in the file, with no request to anybody', async () => {
    const key = await makeKey('k');
    const issuer = await TestIssuer.start([key]);
    const scene = sceneOf({
      issuers: { it: { url: issuer.url, audience: 'https://sentry-proxy.example.com', keys: { keys: [key.jwk] } } },
      clients: clientsOf({ ci: { issuer: 'it', claims: { repo: '1' } } }),
    });
    assert.equal(await scene.identify(await issuer.token({ repo: '1' })), 'ci');
    scene.pass(2 * DAY);
    const exp = Math.floor(Date.now() / 1000) + 2 * 86_400 + 60;
    assert.equal(await scene.identify(await issuer.token({ repo: '1', iat: exp - 60, exp })), 'ci');
    assert.deepEqual(issuer.requests, []);
  });

  it('stand in their own file, which is read again', async () => {
    const [first, second] = [await makeKey('first'), await makeKey('second')];
    let text = JSON.stringify({ keys: [first.jwk] });
    const { issuer, identify, keys, pass } = await oneClient(
      { keysFile: '/keys.json' },
      { readFile: async () => text },
    );
    assert.equal(await identify(await issuer.token({ repo: '1' }, { key: first })), 'ci');
    text = JSON.stringify({ keys: [second.jwk] });
    pass(1100);
    await keys[0]!.refresh();
    assert.equal(await identify(await issuer.token({ repo: '1' }, { key: second })), 'ci');
    assert.equal(await identify(await issuer.token({ repo: '1', n: 2 }, { key: first })), 'key');
    text = '{';
    pass(1100);
    await keys[0]!.refresh();
    assert.equal(keys[0]!.state.fault, 'the key set is not JSON');
    assert.equal(await identify(await issuer.token({ repo: '1', n: 3 }, { key: second })), 'ci');
  });

  it('are fetched again after ten minutes, and an old token of a removed key stops', async () => {
    const { issuer, identify, keys, pass } = await oneClient();
    const old = await issuer.token({ repo: '1', exp: Math.floor(Date.now() / 1000) + 3600 });
    assert.equal(await identify(old), 'ci');
    issuer.keys = [await makeKey('next')];
    pass(9 * MINUTE);
    await keys[0]!.refresh();
    assert.equal(issuer.fetches, 1);
    pass(2 * MINUTE);
    assert.equal(await identify(old), 'ci');
    await keys[0]!.refresh();
    assert.equal(issuer.fetches, 2);
    assert.equal(await identify(old), 'key');
  });

  it('are fetched for an unknown key, once in 30 s', async () => {
    const { issuer, identify, pass } = await oneClient();
    assert.equal(await identify(await issuer.token({ repo: '1' })), 'ci');
    const next = await makeKey('next');
    issuer.keys = [...issuer.keys, next];
    const burst = await Promise.all(
      Array.from({ length: 10 }, (_, n) => issuer.token({ repo: '1', n }, { key: next })),
    );
    assert.deepEqual([...new Set(await Promise.all(burst.map(identify)))], ['ci']);
    assert.equal(issuer.fetches, 2);

    const forger = await makeKey('x', 'ES256');
    const pattern = await issuer.token({ repo: '1' }, { key: forger });
    const rest = pattern.slice(pattern.indexOf('.'));
    const forged = Array.from({ length: 10_000 }, (_, n) => {
      const header = { alg: 'ES256', kid: `forged-${n}` };
      return Buffer.from(JSON.stringify(header)).toString('base64url') + rest;
    });
    assert.deepEqual([...new Set(await Promise.all(forged.map(identify)))], ['key']);
    assert.equal(issuer.fetches, 2);
    pass(31_000);
    assert.deepEqual(new Set(await Promise.all(forged.slice(0, 50).map(identify))), new Set(['key']));
    assert.equal(issuer.fetches, 3);
  });

  it('serve for a day while the issuer is down, and then no client is let in', async () => {
    const { issuer, identify, keys, pass } = await oneClient();
    const tokenAt = (passed: number) => {
      const iat = Math.floor((Date.now() + passed) / 1000);
      return issuer.token({ repo: '1', iat, nbf: iat, exp: iat + 60 });
    };
    assert.equal(await identify(await tokenAt(0)), 'ci');
    issuer.scripts.set('/keys', (_, response) => void response.writeHead(500).end());
    pass(DAY - MINUTE);
    await keys[0]!.refresh();
    assert.equal(await identify(await tokenAt(DAY - MINUTE)), 'ci');
    pass(2 * MINUTE);
    assert.equal(await identify(await tokenAt(DAY + MINUTE)), 'unavailable');
    issuer.scripts.clear();
    pass(2 * MINUTE);
    assert.equal(await identify(await tokenAt(DAY + 3 * MINUTE)), 'ci');
  });

  it('are requested after 1, 2, 4 … 60 s while the issuer is down, even if tokens arrive', async () => {
    const { issuer, identify, keys, pass } = await oneClient();
    issuer.scripts.set('/keys', (_, response) => void response.writeHead(500).end());
    const token = await issuer.token({ repo: '1' });
    const gaps: number[] = [];
    let gap = 0;
    await keys[0]!.refresh();
    for (let second = 0; second < 200; second++) {
      const before = issuer.fetches;
      pass(1000);
      gap++;
      assert.equal(await identify(token), 'unavailable');
      if (issuer.fetches === before) continue;
      gaps.push(gap);
      gap = 0;
    }
    assert.deepEqual(gaps, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('are all gone if the issuer says so', async () => {
    const { issuer, identify, pass, keys } = await oneClient();
    const token = await issuer.token({ repo: '1' });
    assert.equal(await identify(token), 'ci');
    issuer.keySet = { keys: [] };
    pass(11 * MINUTE);
    await keys[0]!.refresh();
    assert.equal(await identify(await issuer.token({ repo: '1', exp: Math.floor(Date.now() / 1000) + 3600 })), 'key');
  });

  it('that one issuer does not have concern no other', async () => {
    const [up, down] = [await TestIssuer.start(), await TestIssuer.start()];
    down.scripts.set('/.well-known/openid-configuration', () => {});
    const scene = sceneOf({
      issuers: {
        up: { url: up.url, audience: 'https://sentry-proxy.example.com' },
        down: { url: down.url, audience: 'https://sentry-proxy.example.com' },
      },
      clients: clientsOf({
        a: { issuer: 'up', claims: { repo: '1' } },
        b: { issuer: 'down', claims: { repo: '1' } },
      }),
    });
    const hanging = Array.from({ length: 200 }, async (_, n) => scene.identify(await down.token({ repo: '1', n })));
    const settled = Promise.all(hanging);
    const begun = performance.now();
    assert.equal(await scene.identify(await up.token({ repo: '1' })), 'a');
    assert.ok(performance.now() - begun < 2000);
    assert.deepEqual([...new Set(await settled)], ['unavailable']);
    assert.ok(performance.now() - begun < 9000);
  });

  it('are fetched by each request itself where requests may not wait for each other', async () => {
    const { issuer, identify } = await oneClient({}, { isShared: false });
    const tokens = await Promise.all(Array.from({ length: 5 }, (_, n) => issuer.token({ repo: '1', n })));
    assert.deepEqual([...new Set(await Promise.all(tokens.map(identify)))], ['ci']);
    assert.equal(issuer.fetches, 5);
    assert.equal(await identify(await issuer.token({ repo: '1', n: 6 })), 'ci');
    assert.equal(issuer.fetches, 5);
  });
});

describe('the fetch of keys', () => {
  const faultOf = async (prepare: (issuer: TestIssuer) => void, more: object = {}) => {
    const { issuer, keys } = await oneClient(more);
    prepare(issuer);
    return { fault: await keys[0]!.probe(), issuer };
  };

  const cases: [string, RegExp, (issuer: TestIssuer) => void][] = [
    [
      'fails with an error',
      /responded with status 500/,
      on('/keys', (_, response) => void response.writeHead(500).end()),
    ],
    ['reads no HTML', /key set is not JSON/, on('/keys', (_, response) => void response.end('<html>keys</html>'))],
    [
      'reads 100 KiB at most',
      /more than 102400 bytes/,
      on('/keys', (_, response) => void response.end(`{"keys":[],"x":"${'x'.repeat(3_000_000)}"}`)),
    ],
    [
      'reads 50 keys at most',
      /more than 50 keys/,
      (issuer) => {
        issuer.keySet = { keys: Array.from({ length: 51 }, () => ({})) };
      },
    ],
    [
      'follows no redirect',
      /responded with status 302; redirects are not followed/,
      on('/keys', (_, response) => void response.writeHead(302, { Location: '/other' }).end()),
    ],
    [
      'follows no redirect of discovery to a metadata address',
      /redirects are not followed/,
      on(
        '/.well-known/openid-configuration',
        (_, response) => void response.writeHead(301, { Location: 'http://169.254.169.254/latest' }).end(),
      ),
    ],
    [
      'believes no discovery of another issuer',
      /names another issuer/,
      (issuer) => {
        issuer.discovery = { issuer: `${issuer.url}/`, jwks_uri: `${issuer.url}/keys` };
      },
    ],
    ...['http://169.254.169.254/keys', 'file:///etc/passwd', '/keys', 5, undefined, 'https://user@x.example.com'].map(
      (uri): [string, RegExp, (issuer: TestIssuer) => void] => [
        `goes to no such place: ${uri}`,
        /jwks_uri of discovery is not a URL with https/,
        (issuer) => {
          issuer.discovery = { issuer: issuer.url, jwks_uri: uri };
        },
      ],
    ),
    [
      'reads a name once',
      /key set has a key twice/,
      on('/keys', (_, response) => void response.end('{"keys":[],"keys":[]}')),
    ],
    ['reads UTF-8', /other than UTF-8/, on('/keys', (_, response) => void response.end(Buffer.from([0x7b, 0xff])))],
    ['reads a set', /is not a JSON Web Key Set/, on('/keys', (_, response) => void response.end('[]'))],
    ['meets a closed connection', /could not be fetched/, on('/keys', (request) => void request.socket.destroy())],
  ];
  for (const [name, expected, prepare] of cases) {
    it(name, async () => {
      const { fault, issuer } = await faultOf(prepare);
      assert.match(fault ?? '', expected);
      assert.ok(issuer.requests.every(({ path }) => path !== '/other'));
    });
  }

  it('waits 5 s for a response, and not for one that trickles', { timeout: 30_000 }, async () => {
    const begun = performance.now();
    const [hanging, trickling] = await Promise.all([
      faultOf(on('/keys', () => {})),
      faultOf(
        on('/keys', (_, response) => {
          const timer = setInterval(() => response.write(' '), 100);
          response.on('close', () => clearInterval(timer));
        }),
      ),
    ]);
    for (const { fault } of [hanging, trickling]) assert.match(fault ?? '', /no complete response in 5 s/);
    assert.ok(performance.now() - begun < 15_000);
  });

  it('sends the bearer to the origin that the file names, and to no other', async () => {
    const { issuer, keys } = await oneClient({ bearerFile: '/token' }, { readFile: async () => 'secret-bearer\n' });
    assert.equal(await keys[0]!.probe(), undefined);
    assert.deepEqual(
      issuer.requests.map(({ authorization }) => authorization),
      ['Bearer secret-bearer', 'Bearer secret-bearer'],
    );
    const other = await TestIssuer.start();
    issuer.discovery = { issuer: issuer.url, jwks_uri: `${other.url}/keys` };
    assert.equal(await keys[0]!.probe(), undefined);
    assert.deepEqual(
      other.requests.map(({ authorization }) => authorization),
      [undefined],
    );
  });

  it('does not happen without the bearer that it should have', async () => {
    const missing = async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOENT' }));
    const { issuer, keys } = await oneClient({ bearerFile: '/token' }, { readFile: missing });
    assert.equal(await keys[0]!.probe(), 'bearerFile could not be read (ENOENT)');
    assert.deepEqual(issuer.requests, []);
    const torn = await oneClient({ bearerFile: '/token' }, { readFile: async () => 'a\nb' });
    assert.equal(await torn.keys[0]!.probe(), 'bearerFile has no token that can be sent');
  });

  it('reports what it changed', async () => {
    const { issuer, keys, fetched, pass } = await oneClient();
    await keys[0]!.refresh();
    pass(11 * MINUTE);
    await keys[0]!.refresh();
    issuer.keySet = { keys: [...issuer.keys.map(({ jwk }) => jwk), { kty: 'oct', k: 'c2VjcmV0' }] };
    pass(11 * MINUTE);
    await keys[0]!.refresh();
    await issuer.close();
    pass(11 * MINUTE);
    await keys[0]!.refresh();
    assert.deepEqual(
      fetched.map(({ result }) => result),
      ['changed', 'same', 'changed', 'failed'],
    );
    assert.deepEqual(fetched[2]!.warnings, ['key 2 is left out: it is symmetric']);
    assert.doesNotMatch(JSON.stringify(fetched), /c2VjcmV0/);
  });
});

describe('a key set', () => {
  const warningOf = (jwk: object): string => {
    const set = readKeySet(JSON.stringify({ keys: [jwk] }));
    assert.ok('keys' in set);
    assert.equal(set.keys.length + set.warnings.length, 1);
    return set.warnings[0] ?? '';
  };

  it('leaves out what no token may be verified with', async () => {
    const [rsa, ec, ed] = (await Promise.all(['RS256', 'ES256', 'EdDSA'].map((alg) => makeKey('k', alg)))).map(
      ({ jwk }) => jwk,
    ) as [object, object, object];
    for (const good of [
      rsa,
      ec,
      ed,
      { ...rsa, alg: undefined },
      { ...ed, alg: 'Ed25519' },
      { ...rsa, key_ops: ['verify'] },
    ]) {
      assert.equal(warningOf(good), '');
    }
    const modulus = (bytes: number) => Buffer.alloc(bytes, 255).toString('base64url');
    for (const [jwk, expected] of [
      [{ kty: 'oct', k: 'AAAA' }, /symmetric/],
      [{ ...rsa, d: 'AAAA' }, /private members/],
      [{ ...ec, d: 'AAAA' }, /private members/],
      [{ ...rsa, p: 'AAAA' }, /private members/],
      [{ ...rsa, k: 'AAAA' }, /private members/],
      [{ ...rsa, use: 'enc' }, /use is not sig/],
      [{ ...rsa, use: 5 }, /use is not sig/],
      [{ ...rsa, key_ops: ['sign'] }, /key_ops lack verify/],
      [{ ...rsa, key_ops: 'verify' }, /key_ops lack verify/],
      [{ ...rsa, kid: 5 }, /kid is not a string/],
      [{ ...rsa, alg: 'RS512' }, /alg is not accepted/],
      [{ ...rsa, alg: 'HS256' }, /alg is not accepted/],
      [{ ...rsa, alg: 'ES256' }, /alg does not fit/],
      [{ ...rsa, n: modulus(128) }, /fewer than 2048/],
      [{ ...rsa, n: modulus(255) }, /fewer than 2048/],
      [{ ...rsa, n: `${modulus(256)}==` }, /not base64url/],
      [{ ...rsa, n: modulus(2048) }, /more than 8192/],
      [{ ...rsa, e: 'AQ' }, /exponent/],
      [{ ...rsa, e: 'AA' }, /exponent/],
      [{ ...rsa, n: undefined }, /not base64url/],
      [{ ...ec, crv: 'P-521' }, /curve is not/],
      [{ ...ec, crv: 'secp256k1' }, /curve is not/],
      [{ ...ec, crv: '__proto__' }, /curve is not/],
      [{ ...ec, kty: 'OKP' }, /curve is not/],
      [{ ...ed, crv: 'X25519' }, /curve is not/],
      [{ ...ec, x: 'AAAA' }, /right length/],
      [{ kty: 'AKP' }, /type is unknown/],
      [5, /not an object/],
    ] as [object, RegExp][]) {
      assert.match(warningOf(jwk), expected, JSON.stringify(jwk));
    }
  });
});

/** What an issuer does instead at one path. */
function on(path: string, script: Parameters<TestIssuer['scripts']['set']>[1]): (issuer: TestIssuer) => void {
  return (issuer) => void issuer.scripts.set(path, script);
}
