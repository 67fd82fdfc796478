// A certified OpenID Provider, in this process: what it publishes and signs is what the proxy reads and verifies.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { AUDIENCE } from '../support/issuer.ts';
import { clientsOf, sceneOf } from './scene.ts';

describe('a certified provider', () => {
  for (const alg of ['RS256', 'PS256', 'ES256'] as const) {
    it(`identifies a client with its own access token, signed with ${alg}`, async (t) => {
      const server = createServer((request, response) => handle(request, response));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.after(() => {
        server.closeAllConnections();
        server.close();
      });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      const provider = new Provider(url, {
        jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'provider', alg, use: 'sig' }] },
        clients: [
          {
            client_id: 'exporter',
            client_secret: 'a-secret-of-the-test',
            grant_types: ['client_credentials'],
            redirect_uris: [],
            response_types: [],
            id_token_signed_response_alg: alg,
          },
        ],
        features: {
          devInteractions: { enabled: false },
          clientCredentials: { enabled: true },
          resourceIndicators: {
            enabled: true,
            defaultResource: () => AUDIENCE,
            getResourceServerInfo: () => ({
              scope: 'api',
              audience: AUDIENCE,
              accessTokenTTL: 300,
              accessTokenFormat: 'jwt' as const,
              jwt: { sign: { alg } },
            }),
          },
        },
      });
      const handle = provider.callback();

      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${btoa('exporter:a-secret-of-the-test')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api' }),
      });
      const { access_token: token } = (await response.json()) as { access_token: string };
      const scene = sceneOf({
        issuers: { provider: { url, audience: AUDIENCE } },
        clients: clientsOf({
          exporter: { issuer: 'provider', claims: { client_id: 'exporter' } },
          other: { issuer: 'provider', claims: { client_id: 'other' } },
        }),
      });
      assert.equal(await scene.identify(token), 'exporter');
      assert.equal(scene.keys[0]!.state.keys, 1);
    });
  }
});
