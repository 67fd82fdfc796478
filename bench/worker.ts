// The Worker compared with a minimal Worker, on workerd: CPU time per request.
//
// node bench/worker.ts [--turns 60] [--requests 200] [--connections 16]
//
// They take short turns, so that other work on the machine affects both equally. Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { startWorkerd } from '../test/contract/edge-workerd.ts';
import type { RunningTarget } from '../test/contract/targets.ts';
import { builtWorker } from '../test/support/builds.ts';

/** How many times the bare Worker's CPU time the proxy may take. */
const BOUND = 1.15;
/** Of each: no two processes are laid out in memory alike, which makes some percent. */
const INSTANCES = 3;

/** Sends each request on to Sentry as it is. */
const BARE = `export default {
  fetch: (request, env) => fetch(env.SENTRY_URI + request.url.slice(request.url.indexOf('/', 8)), request),
};`;

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '60' },
    requests: { type: 'string', default: '200' },
    connections: { type: 'string', default: '16' },
  },
});
const turns = Number(values.turns);
const requests = Number(values.requests);
const connections = Number(values.connections);

const ROW = '{"id":"1","slug":"project-1","name":"Project 1","platform":"javascript"},';
const LIST = `[${ROW.repeat(28)}{}]`;
const upstream = createServer((_, response) => {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': LIST.length,
    Vary: 'Accept, Cookie',
    'Set-Cookie': 'sentrysid=""; Path=/',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(LIST);
});
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));

const worker = await builtWorker();
const bindings = {
  SENTRY_URI: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
  SENTRY_TOKEN: 'token',
  ALIAS_TOKENS: 'alias',
};
const bare: Contender[] = [];
const proxy: Contender[] = [];
for (let i = 0; i < INSTANCES; i++) {
  bare.push(await start({ ...worker, script: BARE }));
  proxy.push(await start(worker));
}
const contenders = [...bare, ...proxy];

/** Until V8 has settled on its code. */
for (const contender of contenders) await put(contender, 3000);
const costs = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
for (let turn = 0; turn < turns; turn++) {
  for (const contender of turn % 2 === 0 ? contenders : contenders.toReversed()) {
    const begin = cpuTime(contender.pid);
    await put(contender, requests);
    costs.get(contender)!.push((cpuTime(contender.pid) - begin) / requests);
  }
}
const costOf = (group: Contender[]): number => median(group.flatMap((contender) => costs.get(contender)!));
const ratio = costOf(proxy) / costOf(bare);
console.log(`CPU per request: bare ${costOf(bare).toFixed(1)} µs, proxy ${costOf(proxy).toFixed(1)} µs.`);
console.log(`The proxy takes ${ratio.toFixed(3)} times as much; the bound is ${BOUND}.`);
if (ratio > BOUND) process.exitCode = 1;

for (const { target, agent } of contenders) {
  agent.destroy();
  await target.stop();
}
upstream.closeAllConnections();
upstream.close();

interface Contender {
  readonly target: RunningTarget;
  readonly pid: number;
  readonly agent: Agent;
}

async function start(options: typeof worker): Promise<Contender> {
  const before = workerds();
  const target = await startWorkerd(options, bindings);
  const pid = workerds().find((pid) => !before.includes(pid))!;
  return { target, pid, agent: new Agent({ keepAlive: true, maxSockets: connections }) };
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

/** Sends as many requests, each connection one after the other. */
async function put({ target: { host, port }, agent }: Contender, count: number): Promise<void> {
  const headers = {
    Authorization: 'Bearer alias',
    Accept: 'application/json',
    'Accept-Encoding': 'gzip, deflate, br',
    'User-Agent': 'sentry-cli/3.8.0',
    'CF-Connecting-IP': '203.0.113.7',
    'CF-Ray': '8c2e5a1f0b3d1234-FRA',
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Proto': 'https',
    'X-Real-IP': '203.0.113.7',
  };
  const path = '/api/0/organizations/sentry/issues/?query=is%3Aunresolved&cursor=0:100:0';
  const once = () =>
    new Promise<void>((resolve, reject) => {
      const outgoing = request({ host, port, path, headers, agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.on('end', resolve).on('error', reject).resume();
      });
      outgoing.on('error', reject).end();
    });
  let left = count;
  const lane = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: connections }, lane));
}

/** Processes of workerd that this one has started. */
function workerds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const status = textOf(`/proc/${pid}/status`);
      return /^Name:\tworkerd$/m.test(status) && status.includes(`\nPPid:\t${process.pid}\n`);
    })
    .map(Number);
}

/** Microseconds that all threads of a process have run. */
function cpuTime(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(textOf(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]);
  }
  return nanoseconds / 1000;
}

/** Empty for a process or thread that has ended since. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
