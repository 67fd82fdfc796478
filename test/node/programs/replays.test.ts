// The requests of programs that are not run in the tests, sent as the clients that `token --for` makes of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { PROGRAMS } from '../../../adapters/node/programs/programs.ts';
import { operationsIn } from '../../policy/client-operations.ts';
import { exampleTarget } from '../../policy/examples.ts';
import { get, startProxy } from '../../support/operator.ts';
import { runProxy } from '../../support/proxy-process.ts';
import { OPERATIONS } from './operations.ts';

/** What says whose the things of the paths are; everything else is an empty list. */
const ANSWERS: readonly (readonly [path: RegExp, json: unknown])[] = [
  [/^\/api\/0\/organizations\/acme\/$/, { projects: [] }],
  [/\/projects\/acme\/web\/$/, { id: '11', slug: 'web' }],
  [/\/rules\/12\/$|\/alert-rules\/12\/$/, { projects: ['web'] }],
  [/\/detectors\/12\/$/, { projectId: '11' }],
  [/\/notifications\/actions\/12\/$/, { projects: [11] }],
];

const sentry = createServer((request, response) => {
  request.resume();
  response.setHeader('Content-Type', 'application/json');
  const [path = ''] = request.url!.split('?');
  response.end(JSON.stringify(ANSWERS.find(([pattern]) => pattern.test(path))?.[1] ?? []));
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

/** The body of a request, which names projects where a client that is limited to some has to. */
const bodyOf = (path: string): string => JSON.stringify(path.includes('/notifications/') ? { projects: ['web'] } : {});

/** The requests that the proxy refuses, with what it says. */
async function refusedOf(program: string, flags: string): Promise<Map<string, string>> {
  const { token, client } = await clientFor(program, flags);
  // So many requests at a time are none of the program's.
  const clients = JSON.stringify({ clients: [{ ...client, rate: '1000/s' }] });
  const proxy = await startProxy([`--sentry-uri=${uri}`, '--token=held', `--clients=${clients}`]);
  const refused = new Map<string, string>();
  try {
    for (const operation of OPERATIONS[program]!) {
      const [method = '', path = ''] = operation.split(' ');
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      const body = /^(?:POST|PUT)$/.test(method) ? { body: bodyOf(path) } : {};
      const { status, text } = await get(proxy, exampleTarget(path), { method, headers, ...body });
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

    for (const [reach, flags] of [
      ['orgs', '--org acme'],
      ['projects', '--project acme/web'],
    ] as const) {
      it(`passes with ${reach}, but for those that docs/works-with.md names: ${program}`, async () => {
        const refused = await refusedOf(program, flags);
        assert.deepEqual([...refused.keys()].sort(), named(reach).sort(), [...refused.values()].join('\n'));
      });
    }
  }
});
