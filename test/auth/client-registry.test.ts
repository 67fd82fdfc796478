import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { BearerAuthenticator } from '../../src/auth/authenticator.ts';
import {
  type ClientRegistry,
  type Digest,
  loadClients,
  onlyListed,
  webDigest,
} from '../../src/auth/client-registry.ts';
import type { Fields } from '../../src/http/types.ts';
import type { Client } from '../../src/policy/client.ts';
import { isExpired } from '../../src/policy/client.ts';

const NOW = Date.UTC(2026, 0, 1);

const nodeDigest = (token: string): string => createHash('sha256').update(token).digest('hex');

const tokenOf = (name: string): string => `${name}-`.padEnd(40, 'x');
const digestOf = (name: string): string => `sha256:${nodeDigest(tokenOf(name))}`;

const entryOf = (name: string, more: object = {}) => ({
  name,
  token: digestOf(name),
  scopes: ['org:read'],
  orgs: ['acme'],
  ...more,
});

const load = (entries: unknown[], aliasTokens: string[] = [], digest: Digest = nodeDigest) =>
  loadClients(JSON.stringify({ clients: entries }), aliasTokens, digest, NOW);

async function registryOf(entries: unknown[], digest?: Digest): Promise<ClientRegistry> {
  const loaded = await load(entries, [], digest);
  assert.ok('registry' in loaded);
  return loaded.registry;
}

const problemsOf = async (...parameters: Parameters<typeof load>) => {
  const loaded = await load(...parameters);
  return 'problems' in loaded ? loaded.problems.map(({ place, text }) => `${place}: ${text}`) : [];
};

/** The name of the client with this token, as requests find it. */
async function nameAt(registry: ClientRegistry, token: string, digest: Digest = nodeDigest) {
  const known = { aliasTokens: [], isOpen: false, unmatched: 'bypass', registry, digest } as const;
  const authenticator = await BearerAuthenticator.of(known);
  const fields = { get: () => `Bearer ${token}` } as unknown as Fields;
  const authentication = await authenticator.authenticate(fields);
  return authentication.kind === 'inject' ? authentication.principal.name : undefined;
}

const clientWith = (registry: ClientRegistry, token: string): Client | undefined =>
  registry.byDigest.get(nodeDigest(token));

describe('the directory of clients', () => {
  it('finds a client by its token, whether the file has the digest or the token', async () => {
    const registry = await registryOf([entryOf('a'), entryOf('b', { token: [digestOf('old'), tokenOf('new')] })]);
    assert.equal(await nameAt(registry, tokenOf('a')), 'a');
    assert.equal(await nameAt(registry, tokenOf('old')), 'b');
    assert.equal(await nameAt(registry, tokenOf('new')), 'b');
    assert.equal(await nameAt(registry, tokenOf('b')), undefined);
    assert.equal(await nameAt(registry, ''), undefined);
    // Who reads the file has the digest, which opens nothing.
    assert.equal(await nameAt(registry, digestOf('a')), undefined);
  });

  it('finds the same with the digest of Web Crypto', async () => {
    assert.equal(await webDigest('abc'), nodeDigest('abc'));
    const registry = await registryOf([entryOf('a')], webDigest);
    assert.equal(await nameAt(registry, tokenOf('a'), webDigest), 'a');
    assert.equal(await nameAt(registry, tokenOf('b'), webDigest), undefined);
  });

  it('makes one digest for each request, however many clients there are', async () => {
    let digests = 0;
    const counting = (token: string) => {
      digests++;
      return nodeDigest(token);
    };
    const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`);
    const registry = await registryOf(
      names.map((name) => entryOf(name)),
      counting,
    );
    digests = 0;
    assert.equal(await nameAt(registry, tokenOf('c9999'), counting), 'c9999');
    assert.equal(digests, 1);
  });

  it('finds a client that has expired, so that it is refused and not bypassed', async () => {
    const registry = await registryOf([entryOf('a', { expires: '2020-01-01' })]);
    assert.equal(await nameAt(registry, tokenOf('a')), 'a');
  });

  it('lets no token be that of two, in whatever spelling', async () => {
    const twice = [entryOf('a'), entryOf('b', { token: tokenOf('a') })];
    assert.deepEqual(await problemsOf(twice), [
      'clients[1].token: has a token that is in the file twice, once as a digest',
    ]);
    const same = [entryOf('a'), entryOf('b', { token: digestOf('a') })];
    assert.deepEqual(await problemsOf(same), ['clients[1].token: has a token that is in the file twice']);
    assert.deepEqual(await problemsOf([entryOf('a')], ['other', tokenOf('a')]), [
      'clients[0].token: has a token that is also an alias token',
    ]);
  });

  it('shows these together with the other problems', async () => {
    const entries = [entryOf('a', { mode: 'off' }), 'nothing', entryOf('b', { token: tokenOf('a') })];
    assert.deepEqual(await problemsOf(entries, [tokenOf('a')]), [
      'clients[0].mode: is neither enforce nor observe',
      'clients[1]: is not an object',
      'clients[0].token: has a token that is also an alias token',
      'clients[2].token: has a token that is also an alias token',
      'clients[2].token: has a token that is in the file twice, once as a digest',
    ]);
  });
});

describe('a bad new file', () => {
  const reload = async (before: unknown[], after: string): Promise<ClientRegistry> => {
    const registry = await registryOf(before);
    const loaded = await loadClients(after, [], nodeDigest, NOW);
    assert.ok('problems' in loaded);
    return loaded.listed === undefined ? registry : onlyListed(registry, loaded.listed, loaded.expired);
  };
  const names = (registry: ClientRegistry) => registry.clients.map(({ name }) => name);
  const BEFORE = [entryOf('a'), entryOf('b', { token: [digestOf('b'), digestOf('b2')] }), entryOf('c')];

  it('stops the clients and tokens that it no longer has, and keeps the others as they were', async () => {
    const after = JSON.stringify({ clients: [entryOf('a', { scopes: ['org:wriet'] }), entryOf('b')] });
    const registry = await reload(BEFORE, after);
    assert.deepEqual(names(registry), ['a', 'b']);
    assert.equal(await nameAt(registry, tokenOf('b')), 'b');
    assert.equal(await nameAt(registry, tokenOf('b2')), undefined);
    assert.equal(await nameAt(registry, tokenOf('c')), undefined);
    assert.ok(registry.clients[0]!.scopes.has('org:read'));
  });

  it('stops the clients that it lets expire', async () => {
    const after = JSON.stringify({ clients: [entryOf('a', { expires: '2020-01-01' }), entryOf('b', { mode: 'off' })] });
    const registry = await reload(BEFORE, after);
    assert.deepEqual(names(registry), ['b']);
    const over = clientWith(registry, tokenOf('a'));
    assert.ok(over !== undefined && isExpired(over, NOW), 'it is refused as expired, and not bypassed');
  });

  it('stops nobody if its clients cannot be read', async () => {
    for (const after of ['', '{"clients":[', '{"client":[]}', '[]']) {
      assert.deepEqual(names(await reload(BEFORE, after)), ['a', 'b', 'c']);
    }
  });
});
