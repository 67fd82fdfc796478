// A tiny issuer of OpenID Connect tokens: discovery, keys, tokens, and everything that can go wrong with them.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { endsWithTestFile } from './test-file.ts';

export const AUDIENCE = 'https://sentry-proxy.example.com';

/** A key of an issuer. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function makeKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export const seconds = (): number => Math.floor(Date.now() / 1000);

export class TestIssuer {
  readonly url: string;
  /** The paths that were asked for. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  /** What the key set has. */
  keys: SigningKey[];
  /** In place of the keys. */
  keySet: unknown;
  /** In place of the usual responses, by path. */
  readonly scripts = new Map<string, Respond>();
  /** In place of the usual discovery. */
  discovery: object;
  readonly close: () => Promise<void>;

  private constructor(url: string, keys: SigningKey[], close: () => Promise<void>) {
    this.url = url;
    this.keys = keys;
    this.discovery = { issuer: url, jwks_uri: `${url}/keys` };
    this.close = close;
  }

  /** @param tls a certificate and its key, for an issuer with https */
  static async start(keys?: SigningKey[], tls?: { cert: string; key: string }): Promise<TestIssuer> {
    const respond: Respond = (request, response) => issuer.#respond(request, response);
    const server = tls === undefined ? createServer(respond) : createTlsServer(tls, respond);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const close = async () => {
      server.closeAllConnections();
      server.close();
      forget();
      await once(server, 'close');
    };
    const forget = endsWithTestFile(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const issuer = new TestIssuer(
      `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
      keys ?? [await makeKey('first')],
      close,
    );
    return issuer;
  }

  /** How often the key set was asked for. */
  get fetches(): number {
    return this.requests.filter(({ path }) => path === '/keys').length;
  }

  /** A token with these claims next to the usual ones; a claim that is undefined is left out. */
  async token(claims: object, { key = this.keys[0]!, header = {} }: TokenOptions = {}): Promise<string> {
    const now = seconds();
    const all = { iss: this.url, aud: AUDIENCE, iat: now, nbf: now, exp: now + 300, ...claims };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return new SignJWT(given).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push({ path, authorization: request.headers.authorization });
    const script = this.scripts.get(path);
    if (script !== undefined) {
      script(request, response);
      return;
    }
    const content =
      path === '/keys'
        ? (this.keySet ?? { keys: this.keys.map(({ jwk }) => jwk) })
        : path === '/.well-known/openid-configuration'
          ? this.discovery
          : undefined;
    response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(content === undefined ? '' : JSON.stringify(content));
  }
}

export interface TokenOptions {
  readonly key?: SigningKey;
  readonly header?: object;
}

/** A token of any header and any payload, text or object, and a signature of any bytes. */
export function forged(header: object | string, payload: object | string, signature: Uint8Array | string = ''): string {
  const encode = (part: object | string) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
  const last = typeof signature === 'string' ? signature : Buffer.from(signature).toString('base64url');
  return `${encode(header)}.${encode(payload)}.${last}`;
}
