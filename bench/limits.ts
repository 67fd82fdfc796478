// What the proxy promises by itself: node bench/limits.ts [start] [latency] [aliases] [heap] [idle] [transfers]
// Prints each measurement next to its promise; ends with status 1 if a promise is not kept.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../test/support/free-port.ts';
import { buildProxy, proxy } from './contenders.ts';
import { ask, type Load, put, requestBytes } from './load.ts';
import { type Command, Contestant } from './processes.ts';

const MIB = 1024 ** 2;
const run = promisify(execFile);

let isKept = true;

function tell(what: string, measured: number, promised: number, unit: string): void {
  const isWithin = measured <= promised;
  isKept &&= isWithin;
  const digits = measured < 10 ? 2 : 0;
  console.log(
    `${what}: ${measured.toFixed(digits)} ${unit} (at most ${promised} ${unit})${isWithin ? '' : ': NOT KEPT'}`,
  );
}

const quantile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)]!;

async function startUpstream(): Promise<Contestant> {
  const port = await freePort();
  return Contestant.start(
    { file: process.execPath, args: [join(import.meta.dirname, 'upstream.ts'), `${port}`] },
    port,
  );
}

async function startProxy(upstream: Contestant, args: string[] = [], env: Command['env'] = {}): Promise<Contestant> {
  const port = await freePort();
  const command = proxy('', args).command({ port, upstream: `http://127.0.0.1:${upstream.port}` });
  return Contestant.start({ ...command, env }, port, ['ignore', 'ignore', 'pipe']);
}

/** From the start of the process to the first byte that came through it. */
async function start(upstream: Contestant): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 11; i++) {
    const port = await freePort();
    const request = requestBytes(port, 0);
    const { file, args } = proxy().command({ port, upstream: `http://127.0.0.1:${upstream.port}` });
    const started = performance.now();
    const child = execFile(file, args, { maxBuffer: MIB });
    while ((await ask(port, request)) === undefined) await sleep(1);
    times.push(performance.now() - started);
    const gone = once(child, 'exit');
    child.kill();
    await gone;
  }
  // The first start fills V8's cache of compiled code.
  console.log(`first start: ${times[0]!.toFixed(0)} ms`);
  tell('start, from exec to the first proxied response', quantile(times.slice(1), 0.5), 200, 'ms');
}

/** One request at a time, the proxied ones between direct ones. */
async function latency(upstream: Contestant): Promise<void> {
  const subject = await startProxy(upstream);
  const ways = [upstream.port, subject.port].map((port) => ({
    port,
    request: requestBytes(port, 0),
    times: [] as number[],
  }));
  for (let i = 0; i < 4000; i++) {
    for (const { port, request, times } of ways) times.push((await ask(port, request)) ?? Number.NaN);
  }
  const [direct, proxied] = ways.map(({ times }) => quantile(times.slice(1000), 0.5));
  tell('added latency at one connection, p50', proxied! - direct!, 0.5, 'ms');
  await subject.stop();
}

/** CPU time of requests with an alias token, 10,000 of them configured against one. */
async function aliases(upstream: Contestant): Promise<void> {
  // Linux takes 128 KiB in one variable.
  const token = (index: number) => `alias${String(index).padStart(6, '0')}`;
  const tokens = (count: number) => Array.from({ length: count }, (_, index) => token(index)).join(';');
  const cpuPerRequest = async (count: number, index: number) => {
    const subject = await startProxy(upstream, [], { ALIAS_TOKENS: tokens(count) });
    const load: Load = { connections: 32, seconds: 1, upload: 0, field: `Authorization: Bearer ${token(index)}` };
    await put(subject.port, load);
    const before = subject.usage().cpu;
    const { requests } = await put(subject.port, { ...load, seconds: 3 });
    const cpu = (subject.usage().cpu - before) / requests;
    await subject.stop();
    return cpu;
  };
  const ratios: number[] = [];
  for (let round = 0; round < 5; round++) {
    const one = await cpuPerRequest(1, 0);
    ratios.push((await cpuPerRequest(10_000, 9_999)) / one);
  }
  tell('CPU time with 10,000 alias tokens against one', quantile(ratios, 0.5), 1.05, 'times');
}

/** What stays of 200,000 requests. */
async function heap(upstream: Contestant): Promise<void> {
  const reports = pathToFileURL(join(import.meta.dirname, '../test/support/heap-reports.ts'));
  const subject = await startProxy(upstream, [], { NODE_OPTIONS: `--expose-gc --import=${reports}` });
  const stderr = subject.child.stderr!.setEncoding('utf8');
  const liveHeap = async () => {
    process.kill(subject.child.pid!, 'SIGUSR2');
    const [text] = await once(stderr, 'data');
    return Number(/heap (\d+)/.exec(text)![1]);
  };
  const descriptors = () => (process.platform === 'linux' ? readdirSync(`/proc/${subject.child.pid}/fd`).length : 0);
  let requests = 0;
  const reach = async (count: number) => {
    while (requests < count) requests += (await put(subject.port, { connections: 32, seconds: 2, upload: 0 })).requests;
    await sleep(200);
    return { heap: await liveHeap(), descriptors: descriptors() };
  };
  const early = await reach(20_000);
  const late = await reach(200_000);
  tell('growth of the heap from 20,000 to 200,000 requests', (late.heap - early.heap) / MIB, 5, 'MiB');
  tell('more open descriptors', late.descriptors - early.descriptors, 0, 'descriptors');
  tell('RSS after 200,000 requests at 32 connections', subject.usage().memory / MIB, 120, 'MiB');
  await subject.stop();
}

/** CPU time of requests after ten idle seconds: V8 must not have discarded the optimized code. */
async function idle(upstream: Contestant): Promise<void> {
  const subject = await startProxy(upstream);
  const burst = async (seconds: number) => {
    const before = subject.usage().cpu;
    const { requests } = await put(subject.port, { connections: 32, seconds, upload: 0 });
    return (subject.usage().cpu - before) / requests;
  };
  await burst(8);
  const warm = await burst(2);
  const later: number[] = [];
  for (let i = 0; i < 6; i++) {
    await sleep(10_000);
    later.push((await burst(1)) / warm);
  }
  tell('CPU time of requests after a pause against those before', Math.max(...later), 1.5, 'times');
  await subject.stop();
}

/** Four uploads and four downloads of 1 GiB at once. */
async function transfers(): Promise<void> {
  const size = 1024 * MIB;
  const file = join(import.meta.dirname, 'transfers.ts');
  const port = await freePort();
  const store = await Contestant.start({ file: process.execPath, args: [file, 'store', `${port}`, `${size}`] }, port);
  const subject = await startProxy(store, ['--read-timeout=0', '--write-timeout=0']);
  const started = performance.now();
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, subject.usage().memory);
  }, 200);
  // It fails where a body came out as another one.
  await run(process.execPath, [file, 'client', `${subject.port}`, `${size}`, '4', '4']);
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  console.log(`4 uploads and 4 downloads of 1 GiB, the same by SHA-256: ${seconds.toFixed(0)} s`);
  tell('RSS at most under them', (peakOf(subject) ?? peak) / MIB, 150, 'MiB');
  await subject.stop();
  await store.stop();
}

function peakOf({ child }: Contestant): number | undefined {
  if (process.platform !== 'linux') return undefined;
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]);
}

const PROMISES: Record<string, (upstream: Contestant) => Promise<void>> = {
  start,
  latency,
  aliases,
  heap,
  idle,
  transfers,
};

buildProxy();
const upstream = await startUpstream();
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PROMISES);
for (const name of names) {
  const promise = PROMISES[name];
  if (promise === undefined) throw new Error(`no such promise: ${name}`);
  await promise(upstream);
}
await upstream.stop();
process.exitCode = isKept ? 0 : 1;
