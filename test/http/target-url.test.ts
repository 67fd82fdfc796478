// How long it takes to judge a path: nobody may keep the proxy busy by one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeUpstream, upstreamUrl } from '../../src/http/target-url.ts';

const upstream = makeUpstream(new URL('http://sentry.example/base'));
const judge = (path: string) => upstreamUrl(`http://proxy.example${path}`, upstream);

it('finds a dot segment below encodings that are nested thousands deep, in linear time', () => {
  const start = performance.now();
  assert.throws(() => judge(`/%${'25'.repeat(100_000)}2e./x`), { name: 'bad_request' });
  assert.throws(() => judge(`/.${'%09'.repeat(100_000)}./x`), { name: 'bad_request' });
  assert.ok(judge(`/.${'%09'.repeat(100_000)}x`));
  // Quadratic, it takes minutes.
  assert.ok(performance.now() - start < 5000);
});

it('refuses a target that is not visible ASCII, which a socket would write as other bytes', () => {
  for (const path of ['/\u010d\u010aX', '/a\u0120b', '/caf\xe9', '/a b', '/a\x7f']) {
    assert.throws(() => judge(path), { name: 'bad_request' }, JSON.stringify(path));
  }
});
