import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLIENT_OPERATIONS, CLOSED, grantedOf } from './client-operations.ts';
import { clientOf } from './examples.ts';

const whole = clientOf({ scopes: ['*'], orgs: ['acme'] });
const held = clientOf({ scopes: ['*'], projects: ['acme/web'] });

describe('the 224 operations of client programs', () => {
  it('are granted by scopes in one organization, except for those with a reason', () => {
    assert.equal(CLIENT_OPERATIONS.length, 224);
    const open = new Set(grantedOf(CLIENT_OPERATIONS, whole));
    const closed = CLIENT_OPERATIONS.filter((one) => !open.has(one));
    assert.deepEqual(closed.sort(), Object.keys(CLOSED).sort());
    assert.equal(open.size, 193);
  });

  it('are granted to a client with projects where something holds them to those', () => {
    assert.equal(grantedOf(CLIENT_OPERATIONS, held).length, 142);
  });
});
