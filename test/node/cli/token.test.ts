import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { newToken } from '../../../adapters/node/cli/token.ts';

describe('token', () => {
  it('is 64 hex digits, with the digest that the clients file takes', () => {
    const { token, digest } = newToken();
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.equal(digest, `sha256:${createHash('sha256').update(token).digest('hex')}`);
    assert.notEqual(newToken().token, token);
  });
});
