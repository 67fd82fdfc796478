// Several Sentry tokens in createProxy and createListener.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createListener } from '../../adapters/node-http.ts';
import { linesOf } from '../../src/http/headers.ts';
import { createProxy, handle, makeEnv, type ProxyOptions, type Transport } from '../../src/index.ts';
import { clientsFile, clientToken } from '../support/clients-file.ts';
import { eventually, get, makeFolder } from '../support/operator.ts';

const RELEASES = 'http://proxy.example/api/0/organizations/acme/releases/';
const ISSUES = 'http://proxy.example/api/0/organizations/acme/issues/';
const TOKENS = { tokens: [{ name: 'acme-ci', token: 'CI', orgs: ['acme'], scopes: ['org:ci'] }] };

/** A Sentry that answers with the credentials that it got. */
const echo: Transport = async (_url, { headers }) => ({
  status: 200,
  statusText: '',
  headers: new Headers(
    linesOf(headers)
      .filter(([name]) => name === 'Authorization')
      .map(([, value]) => ['x-sent', value]),
  ),
  body: null,
});

const OPTIONS: ProxyOptions = {
  sentryUri: 'http://sentry.example',
  token: 'DEFAULT',
  tokens: TOKENS,
  allowAnyClient: true,
  transport: echo,
};

const sentWith = async (response: Promise<Response>) => (await response).headers.get('x-sent');

describe('createProxy with tokens', () => {
  it('sends the least powerful one that suffices', async () => {
    const proxy = createProxy(OPTIONS);
    assert.equal(await sentWith(proxy.fetch(new Request(RELEASES, { method: 'POST' }))), 'Bearer CI');
    assert.equal(await sentWith(proxy.fetch(new Request(ISSUES))), 'Bearer DEFAULT');
    await proxy.close();
  });

  it('is makeEnv and handle together', async () => {
    const env = makeEnv({ ...OPTIONS, tokens: JSON.stringify(TOKENS) });
    assert.equal(await sentWith(handle(new Request(RELEASES, { method: 'POST' }), env)), 'Bearer CI');
  });

  it("never sends a token that is a client's, even if the clients file has its digest", async () => {
    const clients = clientsFile({ web: { scopes: ['org:ci'], orgs: ['acme'] } });
    const tokens = { tokens: [{ ...TOKENS.tokens[0]!, token: clientToken('web') }] };
    const { allowAnyClient: _, ...options } = OPTIONS;
    const proxy = createProxy({ ...options, clients, tokens });
    const headers = { Authorization: `Bearer ${clientToken('web')}` };
    const response = await proxy.fetch(new Request(RELEASES, { method: 'POST', headers }));
    assert.deepEqual([response.status, response.headers.get('x-sent')], [503, null]);
  });

  it('names every problem', () => {
    const file = { name: 'f', tokenFile: '/x', orgs: ['acme'], scopes: ['org:ci'] };
    const clients = clientsFile({ a: { scopes: ['org:ci'], orgs: ['acme'], sentryToken: 'nobody' } });
    const tokens = { tokens: [{ ...TOKENS.tokens[0]!, token: 'DEFAULT' }, file] };
    const { allowAnyClient: _, ...options } = OPTIONS;
    assert.throws(
      () => createProxy({ ...options, clients, tokens }),
      ({ message }: Error) => {
        assert.match(message, /tokens has tokens\[1\]\.tokenFile, which is not read here; use token/);
        assert.match(message, /tokens has the token acme-ci, which is also the default token/);
        assert.match(message, /clients has clients\[0\]\.sentryToken, which is not a name in tokens/);
        return !message.includes('DEFAULT');
      },
    );
  });
});

describe('createListener with tokens', () => {
  it('reads the files of tokens again, and sends nothing else where one is gone', async (t) => {
    const file = join(makeFolder(t), 'ci');
    writeFileSync(file, 'FROM-FILE\n');
    const { token: _, ...rest } = TOKENS.tokens[0]!;
    const listener = createListener({ ...OPTIONS, tokens: { tokens: [{ ...rest, tokenFile: file }] } });
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(async () => {
      await listener.close();
      server.close();
    });
    const place = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const sent = async () => {
      const { status, headers } = await get(place, new URL(RELEASES).pathname, { method: 'POST' });
      return headers['x-sent'] ?? status;
    };
    assert.equal(await sent(), 'Bearer FROM-FILE');
    rmSync(file);
    await eventually(async () => (await sent()) === 503, 'no token');
    writeFileSync(file, 'ROTATED');
    await eventually(async () => (await sent()) === 'Bearer ROTATED', 'the new token');
  });

  it('names a file that cannot be read', () => {
    const { token: _, ...rest } = TOKENS.tokens[0]!;
    assert.throws(
      () => createListener({ ...OPTIONS, tokens: { tokens: [{ ...rest, tokenFile: '/nowhere' }] } }),
      /tokens has the token acme-ci, whose file could not be read \(ENOENT\)/,
    );
  });
});
