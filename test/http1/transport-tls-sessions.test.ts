// TLS sessions towards an https Sentry: they are resumed, and never where anything about the trust has changed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after } from 'node:test';
import { TlsTrust } from '../../adapters/http1/client/tls-trust.ts';
import { makeTransport, type Transport } from '../../adapters/http1/client/transport.ts';
import { onlyFields } from '../../src/http/headers.ts';
import { TestAuthority, TlsUpstream } from '../support/tls-upstream.ts';

const authority = await TestAuthority.make();
const stranger = await TestAuthority.make();
const certificate = await authority.issue({ names: 'DNS:localhost' });
const ca = readFileSync(authority.cert, 'utf8');
const upstream = await TlsUpstream.start({ ...certificate, ca, requestCert: true, rejectUnauthorized: false });
after(async () => {
  await upstream.stop();
  await Promise.all([authority.remove(), stranger.remove()]);
});

const trusting = (by: TestAuthority = authority): TlsTrust => new TlsTrust({ ca: readFileSync(by.cert, 'utf8') });
const localhost = `https://localhost:${upstream.port}`;
const NEVER = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };

/** One request, read to its end; returns whether its connection resumed a session. */
async function ask(send: Transport, origin = localhost): Promise<boolean> {
  upstream.connections = [];
  const { body } = await send(`${origin}/`, { method: 'GET', headers: onlyFields([]), body: null, signal: NEVER });
  const reader = body!.getReader();
  while (!(await reader.read()).done);
  assert.equal(upstream.connections.length, 1);
  return upstream.connections[0]!.isResumed;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session is resumed, ${version}`, async () => {
    upstream.use({ ...certificate, ca, minVersion: version, maxVersion: version });
    const send = makeTransport({ origin: localhost, trust: trusting() });
    assert.equal(await ask(send), false);
    for (let i = 0; i < 5; i++) assert.equal(await ask(send), true);
  });
}

test('no session is resumed by another proxy in the same process', async () => {
  const trust = trusting();
  assert.equal(await ask(makeTransport({ origin: localhost, trust })), false);
  assert.equal(await ask(makeTransport({ origin: localhost, trust })), false);
});

test('a server is refused whose CA is not trusted any more, though there is a session', async () => {
  let trust = trusting();
  const send = makeTransport({
    origin: localhost,
    get trust() {
      return trust;
    },
  });
  await ask(send);
  assert.equal(await ask(send), true);
  const trusted = trust;
  trust = trusting(stranger);
  upstream.connections = [];
  await assert.rejects(ask(send), { name: 'upstream_tls' });
  trust = trusted;
  assert.equal(await ask(send), false, 'a session was kept over two changes');
});

test('a session is not resumed with another client certificate', async () => {
  const contextOf = async (name: string) => {
    const { cert, key } = await authority.issue({ names: `DNS:${name}` });
    return new TlsTrust({ ca, cert, key });
  };
  const [one, other] = [await contextOf('one.example'), await contextOf('other.example')];
  let trust = one;
  const send = makeTransport({
    origin: localhost,
    get trust() {
      return trust;
    },
  });
  await ask(send);
  assert.equal(await ask(send), true);
  trust = other;
  assert.equal(await ask(send), false);
  assert.ok(upstream.connections[0]!.isAuthorized);
  assert.equal(await ask(send), true);
});

test('a server is refused by a name that its certificate lacks, though there is a session by another name', async () => {
  const trust = trusting();
  const origin = `https://127.0.0.1:${upstream.port}`;
  const [byName, byAddress] = [localhost, origin].map((one) => makeTransport({ origin: one, trust }));
  await ask(byName!);
  assert.equal(await ask(byName!), true);
  for (let i = 0; i < 2; i++) await assert.rejects(ask(byAddress!, origin), { name: 'upstream_tls' });
  assert.equal(await ask(byName!), true);
});

test('a server that does not take the session is verified as any other', async () => {
  const send = makeTransport({ origin: localhost, trust: trusting() });
  await ask(send);
  assert.equal(await ask(send), true);
  for (const wrong of [await stranger.issue(), await authority.issue({ names: 'DNS:sentry.example' })]) {
    // New keys for tickets come with it, so that those of before are not taken.
    upstream.use({ ...wrong, ca });
    await assert.rejects(ask(send), { name: 'upstream_tls' });
  }
  upstream.use({ ...certificate, ca });
  assert.equal(await ask(send), false);
  assert.equal(await ask(send), true);
});

test('a server is verified again five minutes after it was', async (t) => {
  const send = makeTransport({ origin: localhost, trust: trusting() });
  const begin = performance.now();
  await ask(send);
  const clock = t.mock.method(performance, 'now', () => begin + 4.9 * 60_000);
  assert.equal(await ask(send), true);
  clock.mock.mockImplementation(() => begin + 5.1 * 60_000);
  assert.equal(await ask(send), false);
  assert.equal(await ask(send), true);
});

test('a server that no longer takes the group it chose before is still reached', async () => {
  upstream.use({ ...certificate, ca, minVersion: 'TLSv1.3', ecdhCurve: 'X25519' });
  const send = makeTransport({ origin: localhost, trust: trusting() });
  await ask(send);
  assert.equal(await ask(send), true);
  upstream.use({ ...certificate, ca, minVersion: 'TLSv1.3', ecdhCurve: 'secp384r1' });
  // Its keys for tickets are new as well: the old session is offered in vain, and the next handshake makes a new one.
  assert.deepEqual([await ask(send), await ask(send), await ask(send)], [false, false, true]);
});
