// Proxies behind proxies: two in series are served, and a loop ends at the third pass.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ALIAS, AS_ALIAS, AS_SELF, get, INJECTED, SECRET } from '../contract/scene.ts';
import { freePort } from '../support/free-port.ts';
import { fieldValue } from '../support/message.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { send } from '../support/raw-client.ts';
import { answer, OK, Upstream } from '../support/upstream.ts';

const INNER_ALIAS = 'alias-of-the-inner-proxy';
const MIDDLE_ALIAS = 'alias-of-the-middle-proxy';

const uriOf = ({ host, port }: ListeningProxy): string => `http://${host}:${port}`;

describe('proxies in series', () => {
  let upstream: Upstream;
  const proxies: ListeningProxy[] = [];
  /** From the one next to Sentry to the outermost. */
  before(async () => {
    upstream = await Upstream.start();
    const chain = [
      [INNER_ALIAS, SECRET],
      [MIDDLE_ALIAS, INNER_ALIAS],
      [ALIAS, MIDDLE_ALIAS],
    ] as const;
    for (const [alias, token] of chain) {
      const uri = proxies.length === 0 ? upstream.uri : uriOf(proxies.at(-1)!);
      proxies.push(await startProxy([`--sentry-uri=${uri}`, `--token=${token}`, `--alias-token=${alias}`]));
    }
  });
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await upstream.stop();
  });

  it('two are served, with the token of the one next to Sentry', async () => {
    const connections = upstream.play(answer(OK));
    const reply = await send(proxies[1]!, get(`Authorization: Bearer ${MIDDLE_ALIAS}`));
    assert.equal(reply.status, 200);
    const request = connections[0]!.request!;
    assert.equal(fieldValue(request, 'Authorization'), INJECTED);
    assert.equal(fieldValue(request, 'Via'), '1.1 sentry-api-proxy, 1.1 sentry-api-proxy');
  });

  for (const [way, credentials] of [
    ['injected', AS_ALIAS],
    ['bypassed', AS_SELF],
  ] as const) {
    it(`the third is refused when a request is ${way}`, async () => {
      const connections = upstream.play(answer(OK));
      const reply = await send(proxies[2]!, get(credentials));
      assert.equal(reply.status, 508);
      assert.match(reply.content.toString(), /through two such proxies/);
      assert.deepEqual(connections, []);
    });
  }

  for (const [way, credentials] of [
    ['injected', AS_ALIAS],
    ['bypassed', AS_SELF],
  ] as const) {
    it(`a proxy whose Sentry is itself ends the loop when a request is ${way}`, async () => {
      const port = await freePort();
      const uri = `http://127.0.0.1:${port}`;
      const args = [`--sentry-uri=${uri}`, `--listen=127.0.0.1:${port}`, `--token=${ALIAS}`, `--alias-token=${ALIAS}`];
      const proxy = await startProxy(args);
      try {
        assert.equal((await send(proxy, get(credentials))).status, 508);
        // Two that are forwarded, and the one that is refused.
        const requests = () => proxy.logLines().filter(({ event }) => event === 'request');
        await proxy.logged(() => requests().length === 3);
      } finally {
        await proxy.stop();
      }
    });
  }
});
