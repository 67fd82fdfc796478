// Runtimes that resolve dot segments before anyone sees them: what is left of a target stays under the base path.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { bun } from '../contract/edge-bun.ts';
import { deno } from '../contract/edge-deno.ts';
import { workerd } from '../contract/edge-workerd.ts';
import { CLIMBING } from '../contract/request-target.ts';
import { AS_ALIAS, request, Scene } from '../contract/scene.ts';

for (const target of [workerd, deno, bun]) {
  describe(`a base URI with a path, ${target.name}`, () => {
    const scene = new Scene(target, { path: '/sentry' });
    after(() => scene.stop());

    for (const path of CLIMBING) {
      it(`is not left by ${path}`, async () => {
        const { reply, connections } = await scene.exchange(request(`GET ${path} HTTP/1.1`, [AS_ALIAS]));
        assert.ok(reply.status === 400 || reply.status === 200, `status ${reply.status}`);
        for (const { request } of connections) {
          assert.match(request?.target ?? '', /^\/sentry(\/|$)/);
          assert.doesNotMatch(request?.target ?? '', /\.\.|%(25)*2e|%25?32/i);
        }
      });
    }
  });
}
