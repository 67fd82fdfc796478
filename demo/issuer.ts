// An issuer of tokens as a CI system has one: it publishes its key, and gives each job a token that says what the job is.
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Issuer {
  /** `iss` of its tokens. */
  url: string;
  /** A token for an audience, which lasts for five minutes. */
  token(audience: string, claims: object): string;
  stop(): Promise<void>;
}

export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'demo', alg: 'ES256', use: 'sig' };
  const server = createServer(({ url: path }, response) => {
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
      '/keys': { keys: [key] },
    };
    const document = documents[path ?? ''];
    response.writeHead(document === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token(audience, claims) {
      const now = Math.floor(Date.now() / 1000);
      const header = { alg: 'ES256', kid: 'demo', typ: 'JWT' };
      const payload = { iss: url, aud: audience, iat: now, exp: now + 300, ...claims };
      const unsigned = [header, payload]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = sign('sha256', Buffer.from(unsigned), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${unsigned}.${signature.toString('base64url')}`;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
