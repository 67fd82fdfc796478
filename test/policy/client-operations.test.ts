import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import { CLIENT_OPERATIONS, CLOSED } from './client-operations.ts';
import { clientOf, exampleTarget } from './examples.ts';

const whole = clientOf({ scopes: ['*'], orgs: ['acme'] });
const held = clientOf({ scopes: ['*'], projects: ['acme/web'] });

const granted = (client: typeof whole) =>
  CLIENT_OPERATIONS.filter(({ method, path }) => decide(client, method, exampleTarget(path), 0).kind !== 'refuse');

describe('the 224 operations of client programs', () => {
  it('are granted by scopes in one organization, except for those with a reason', () => {
    assert.equal(CLIENT_OPERATIONS.length, 224);
    const open = new Set(granted(whole).map(({ method, path }) => `${method} ${path}`));
    const closed = CLIENT_OPERATIONS.map(({ method, path }) => `${method} ${path}`).filter((one) => !open.has(one));
    assert.deepEqual(closed.sort(), Object.keys(CLOSED).sort());
    assert.equal(open.size, 193);
  });

  it('are granted to a client with projects where something holds them to those', () => {
    assert.equal(granted(held).length, 142);
  });
});
