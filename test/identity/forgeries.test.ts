import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { EncryptJWT, GeneralSign, SignJWT } from 'jose';
import { AUDIENCE, forged, makeKey, type SigningKey, seconds } from '../support/issuer.ts';
import { oneClient } from './scene.ts';

describe('a token without a signature, or signed in another way than by its issuer', () => {
  let scene: Awaited<ReturnType<typeof oneClient>>;
  let rsa: SigningKey;
  let ec: SigningKey;
  let claims: Record<string, unknown>;

  before(async () => {
    [rsa, ec] = await Promise.all([makeKey('rsa', 'RS256'), makeKey('ec', 'ES256')]);
    scene = await oneClient();
    scene.issuer.keys = [rsa, ec];
    claims = { iss: scene.issuer.url, aud: AUDIENCE, exp: seconds() + 300, iat: seconds(), repo: '1' };
  });

  const refuses = async (token: string, reason: string) => assert.equal(await scene.identify(token), reason, token);

  it('is told from a good one', async () => {
    assert.equal(await scene.identify(await scene.issuer.token({ repo: '1' })), 'ci');
    assert.equal(await scene.identify(await scene.issuer.token({ repo: '1' }, { key: ec })), 'ci');
  });

  it('is refused without an algorithm', async () => {
    for (const alg of ['none', 'NONE', 'None', '', null, undefined, ['RS256'], 5]) {
      await refuses(forged({ alg, kid: 'rsa' }, claims), 'algorithm');
      await refuses(forged({ alg, kid: 'rsa' }, claims, 'AAAA'), 'algorithm');
    }
    await refuses(forged({ alg: 'RS256', kid: 'rsa' }, claims), 'malformed');
  });

  it('is refused with an algorithm that is not accepted', async () => {
    for (const alg of ['RS1', 'RS384', 'RS512', 'PS512', 'ES512', 'ES256K', 'HS256', 'rs256', 'RS256 ', 'Ed25519']) {
      await refuses(forged({ alg, kid: 'rsa' }, claims, new Uint8Array(256)), 'algorithm');
    }
  });

  it('is refused if it is signed with the public key as a shared secret', async () => {
    const key = createPublicKey({ key: rsa.jwk as never, format: 'jwk' });
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'pkcs1', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(rsa.jwk),
      String(rsa.jwk.n),
    ];
    for (const secret of secrets) {
      for (const alg of ['HS256', 'RS256']) {
        const unsigned = forged({ alg, kid: 'rsa' }, claims).slice(0, -1);
        const mac = createHmac('sha256', secret).update(unsigned).digest('base64url');
        await refuses(`${unsigned}.${mac}`, alg === 'HS256' ? 'algorithm' : 'signature');
      }
    }
  });

  it('is refused with a signature of another form', async () => {
    const unsigned = forged({ alg: 'ES256', kid: 'ec' }, claims).slice(0, -1);
    const good = await scene.issuer.token({ repo: '1' }, { key: ec });
    const der = sign('sha256', Buffer.from(unsigned), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    for (const signature of [
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
      new Uint8Array(63),
      new Uint8Array(1),
      der,
    ]) {
      await refuses(`${unsigned}.${Buffer.from(signature).toString('base64url')}`, 'signature');
    }
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const truncated = Buffer.from(signature, 'base64url').subarray(0, 60).toString('base64url');
    await refuses(`${header}.${payload}.${truncated}`, 'signature');
    await refuses(`${good}AAAA`, 'signature');
  });

  it('is refused with the algorithm of another key', async () => {
    await refuses(forged({ alg: 'ES256', kid: 'rsa' }, claims, new Uint8Array(64)), 'key');
    await refuses(forged({ alg: 'PS256', kid: 'rsa' }, claims, new Uint8Array(256)), 'key');
  });

  it('is refused with a key that it brings or names', async () => {
    const own = await makeKey('rsa');
    const before = scene.issuer.requests.length;
    for (const header of [
      { jwk: own.jwk },
      { jku: `${scene.issuer.url}/mine` },
      { x5u: `${scene.issuer.url}/mine` },
      { x5c: ['MIIB'] },
    ]) {
      await refuses(await scene.issuer.token({ repo: '1' }, { key: own, header }), 'signature');
    }
    for (const kid of ['../../etc/passwd', '/dev/null', `${scene.issuer.url}/mine`, "' OR 1=1", '__proto__', '']) {
      await refuses(await scene.issuer.token({ repo: '1' }, { key: own, header: { kid } }), 'key');
    }
    const others = scene.issuer.requests
      .slice(before)
      .filter(({ path }) => !/^\/(?:keys|\.well-known\/.*)$/.test(path));
    assert.deepEqual(others, []);
  });

  it('is refused with header parameters that change what is read', async () => {
    for (const header of [
      { crit: ['exp'], exp: 1 },
      { crit: [] },
      { b64: true },
      { b64: false, crit: ['b64'] },
      { cty: 'JWT' },
      { typ: 'logout+jwt' },
      { typ: 'jwt' },
      { typ: null },
      { kid: 5 },
      { kid: null },
      { zip: 'DEF' },
    ]) {
      await refuses(forged({ alg: 'RS256', kid: 'rsa', ...header }, claims, new Uint8Array(256)), 'malformed');
    }
    const token = await scene.issuer.token({ repo: '1' }, { header: { typ: 'at+jwt' } });
    assert.equal(await scene.identify(token), 'ci');
  });

  it('is none of an issuer in another serialization', async () => {
    const payload = new TextEncoder().encode(JSON.stringify(claims));
    const general = await new GeneralSign(payload)
      .addSignature(rsa.privateKey)
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
      .sign();
    assert.equal(await scene.identify(JSON.stringify(general)), undefined);
    const encrypted = await new EncryptJWT(claims as never)
      .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256' })
      .encrypt(new Uint8Array(32));
    assert.equal(await scene.identify(encrypted), undefined);
    const inner = await scene.issuer.token({ repo: '1' });
    const nested = await new SignJWT({}).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey);
    const [header, , signature] = nested.split('.');
    assert.equal(await scene.identify(`${header}.${Buffer.from(inner).toString('base64url')}.${signature}`), undefined);
  });

  it('is refused if it can be read in two ways', async () => {
    const header = { alg: 'RS256', kid: 'rsa' };
    const text = JSON.stringify(claims);
    const more = (members: string) => text.replace('{', `{${members},`);
    const anySignature = new Uint8Array(256);
    for (const payload of [
      more('"repo":"2"'),
      more('"\\u0072epo":"2"'),
      more('"a":{"b":1,"b":2}'),
      `\ufeff${text}`,
      `${text}`.replace('"repo"', '"x":"\xff","repo"'),
    ]) {
      const bytes = payload.includes('\xff') ? Buffer.from(payload, 'latin1') : Buffer.from(payload);
      const token = `${forged(header, '').split('.')[0]}.${bytes.toString('base64url')}.${Buffer.from(anySignature).toString('base64url')}`;
      await refuses(token, 'malformed');
    }
    const twice = '{"alg":"none","alg":"RS256","kid":"rsa"}';
    await refuses(forged(twice, claims, anySignature), 'malformed');
    await refuses(forged('[]', claims, anySignature), 'malformed');
    await refuses(forged('x', claims, anySignature), 'malformed');
  });

  it('is never taken for a client with iss twice, or a payload that is not an object', async () => {
    const text = JSON.stringify(claims);
    const doubled = [
      `{"iss":"https://other.example.com",${text.slice(1)}`,
      `${text.slice(0, -1)},"iss":"https://x.example.com"}`,
    ];
    for (const payload of [...doubled, '[]', '""', 'null', '5', '{', '']) {
      const result = await scene.identify(forged({ alg: 'RS256', kid: 'rsa' }, payload, new Uint8Array(256)));
      assert.ok(result === undefined || result === 'malformed', payload);
    }
  });

  it('reads no claim that an object inherits', async () => {
    const payload = `{"__proto__":{"repo":"1"},"constructor":{"repo":"1"},${JSON.stringify({ ...claims, repo: '2' }).slice(1)}`;
    await refuses(forged({ alg: 'RS256', kid: 'rsa' }, payload, new Uint8Array(256)), 'no_client');
    const header = `{"__proto__":{"alg":"RS256"},"kid":"rsa"}`;
    await refuses(forged(header, claims, new Uint8Array(256)), 'algorithm');
  });

  it('has one spelling in base64url', async () => {
    const good = await scene.issuer.token({ repo: '1' });
    const [header, payload, signature] = good.split('.') as [string, string, string];
    for (const padded of [
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}.${signature}==`,
      good.replaceAll('-', '+'),
    ]) {
      if (padded !== good) assert.equal(await scene.identify(padded), undefined);
    }
    // 256 bytes end in a character of which four bits count.
    const last = signature.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = alphabet[alphabet.indexOf(last) + 1]!;
    await refuses(`${header}.${payload}.${signature.slice(0, -1)}${other}`, 'malformed');
    for (const text of [`${good}.`, `.${good}`, `${good}.x`, ` ${good}`, `${good}\n`, `${header}.${payload}`]) {
      assert.equal(await scene.identify(text), undefined);
    }
  });

  it('is not a token of an issuer above 8 KiB', async () => {
    const big = await scene.issuer.token({ repo: '1', x: 'x'.repeat(6200) });
    assert.equal(await scene.identify(big), undefined);
    assert.equal(await scene.identify(await scene.issuer.token({ repo: '1', x: 'x'.repeat(5000) })), 'ci');
  });

  it("is refused with another issuer's key, or its key id", async () => {
    const stranger = await makeKey('rsa');
    await refuses(await scene.issuer.token({ repo: '1' }, { key: stranger }), 'signature');
    const unknown = await makeKey('unknown');
    await refuses(await scene.issuer.token({ repo: '1' }, { key: unknown }), 'key');
  });
});

describe('a token without a key id', () => {
  it('needs exactly one key that fits', async () => {
    const scene = await oneClient();
    const token = await scene.issuer.token({ repo: '1' }, { header: { kid: undefined } });
    assert.equal(await scene.identify(token), 'ci');
    const other = await makeKey('second');
    const both = await oneClient();
    both.issuer.keys.push(other);
    assert.equal(await both.identify(await both.issuer.token({ repo: '1' }, { header: { kid: undefined } })), 'key');
  });

  it('is refused if two keys have the id that it names', async () => {
    const scene = await oneClient();
    scene.issuer.keys = [await makeKey('same'), await makeKey('same')];
    assert.equal(await scene.identify(await scene.issuer.token({ repo: '1' })), 'key');
  });
});

describe('signatures', () => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
    it(`are verified with ${alg}`, async () => {
      const scene = await oneClient();
      const key = await makeKey('k', alg);
      scene.issuer.keys = [key];
      const token = await scene.issuer.token({ repo: '1' });
      assert.equal(await scene.identify(token), 'ci');
      const [header, , signature] = token.split('.');
      const claims = { iss: scene.issuer.url, aud: AUDIENCE, exp: seconds() + 299, repo: '1' };
      const changed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
      assert.equal(await scene.identify(changed), 'signature');
    });
  }
});
