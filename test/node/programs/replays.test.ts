// The requests of programs that are not run in the tests, sent as the clients that `token --for` makes of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { PROGRAMS } from '../../../adapters/node/programs/programs.ts';
import { grantedOf, operationsIn } from '../../policy/client-operations.ts';
import { clientOf, exampleTarget } from '../../policy/examples.ts';
import { get, startProxy } from '../../support/operator.ts';
import { runProxy } from '../../support/proxy-process.ts';
import { OPERATIONS } from './operations.ts';

const sentry = createServer((request, response) => {
  request.resume();
  response.setHeader('Content-Type', 'application/json');
  response.end('[]');
});
let uri: string;

before(async () => {
  sentry.listen(0, '127.0.0.1');
  await once(sentry, 'listening');
  uri = `http://127.0.0.1:${(sentry.address() as AddressInfo).port}`;
});
after(() => sentry.close());

async function clientFor(program: string, flags: string): Promise<{ token: string; client: Record<string, unknown> }> {
  return JSON.parse((await runProxy(['token', '--for', program, ...flags.split(' '), '--json'])).stdout);
}

/** The requests that the proxy refuses, with what it says. */
async function refusedOf(program: string): Promise<Map<string, string>> {
  const { token, client } = await clientFor(program, '--org acme');
  // So many requests at a time are none of the program's.
  const clients = JSON.stringify({ clients: [{ ...client, rate: '1000/s' }] });
  const proxy = await startProxy([`--sentry-uri=${uri}`, '--token=held', `--clients=${clients}`]);
  const refused = new Map<string, string>();
  try {
    for (const operation of OPERATIONS[program]!) {
      const [method = '', path = ''] = operation.split(' ');
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      const { status, text } = await get(proxy, exampleTarget(path), { method, headers });
      if (status >= 400) refused.set(operation, text);
    }
  } finally {
    await proxy.stop();
  }
  return refused;
}

describe('the requests of a program that is not run', () => {
  for (const program of ['grafana', 'terraform']) {
    const { missing } = PROGRAMS.find(({ name }) => name === program)!;

    const named = (reach: 'orgs' | 'projects') =>
      missing.filter(({ as }) => as === 'all' || as === reach).flatMap(({ what }) => operationsIn(what));

    it(`pass in one organization, but for those that docs/works-with.md names: ${program}`, async () => {
      const refused = await refusedOf(program);
      assert.deepEqual([...refused.keys()].sort(), named('orgs').sort(), [...refused.values()].join('\n'));
    });

    it(`may pass with projects, but for those that docs/works-with.md names: ${program}`, async () => {
      const { client } = await clientFor(program, '--project acme/web');
      const granted = new Set(grantedOf(OPERATIONS[program]!, clientOf(client)));
      const refused = OPERATIONS[program]!.filter((operation) => !granted.has(operation));
      assert.deepEqual(refused.sort(), named('projects').sort());
    });
  }
});
