// What the adapters refuse that get a `Request` from their runtime, which joins repeated lines with commas.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { refuseAmbiguous } from '../../src/web/strict.ts';

const ask = (authorization: string) => {
  const { signal } = new AbortController();
  const headers = new Headers({ Host: 'proxy.example', Authorization: authorization });
  refuseAmbiguous({ method: 'GET', url: 'http://proxy.example/', headers, body: null, signal });
};

for (const authorization of [
  'Bearer a, Bearer b',
  'Bearer a,Basic eDp5',
  'Digest username="x, y", realm="z", Bearer b',
  'Digest username="x\\", y", Bearer b',
  'Bearer a", Bearer b',
]) {
  it(`refuses two credentials in one value: ${authorization}`, () => {
    assert.throws(() => ask(authorization), { name: 'bad_request' });
  });
}

for (const authorization of [
  'Digest username="x, Bearer y", realm="z"',
  'Digest username="x\\", Bearer y"',
  'DSN a=b, c=d',
  'Bearer a, realm="x"',
]) {
  it(`takes one credential with commas in it: ${authorization}`, () => {
    assert.doesNotThrow(() => ask(authorization));
  });
}

it('scans Authorization in linear time, and none above 16 KiB', () => {
  const start = performance.now();
  for (const piece of ['\\"', '"', ', ', ',a ', '",\\']) {
    const longest = `,${piece.repeat(16 * 1024)}`.slice(0, 16 * 1024).trimEnd();
    for (let i = 0; i < 50; i++) {
      try {
        ask(longest);
      } catch (error) {
        assert.equal((error as Error).name, 'bad_request');
      }
    }
    assert.throws(() => ask(`${longest}${'x'.repeat(16 * 1024)}`), { name: 'bad_request', message: /very long/ });
  }
  // Quadratic, each scan takes seconds.
  assert.ok(performance.now() - start < 10_000);
});
