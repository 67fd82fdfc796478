// The proxy beside others, on one machine and one upstream, in interleaved rounds. `--help` tells what can be set.
//
// The figure to compare is CPU time per request: requests per second and latencies say as much of the load generator
// and of what else the machine does. Ratios are taken inside each round, so that a machine whose speed drifts moves
// all contenders alike.
import { writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chartOf } from './chart.ts';
import { buildProxy, type Contender, PEER_NAMES, peers, proxy } from './contenders.ts';
import { type Figures, hasWrk, put } from './load.ts';
import { Contestant, freePort } from './processes.ts';

const WORKLOADS: Record<string, { upload: number; title: string }> = {
  get2k: { upload: 0, title: 'GET of 2 KiB' },
  post64k: { upload: 64 * 1024, title: 'POST of 64 KiB' },
};

const CHART = join(import.meta.dirname, 'chart.svg');

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    workload: { type: 'string', default: Object.keys(WORKLOADS).join() },
    peers: { type: 'string', default: PEER_NAMES.join() },
    chart: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench -- [--rounds 5] [--seconds 3] [--connections 32]
                 [--workload ${values.workload}] [--peers ${values.peers}] [--chart]
--chart draws bench/chart.svg anew. Peers from npm are installed into the temporary folder; nginx, HAProxy and Go take
part where they are installed, and wrk makes the load where it is.`);
  process.exit();
}

interface Round extends Figures {
  /** Microseconds per request. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

async function play(contender: Contender, upstream: string, upload: number): Promise<Round> {
  const port = await freePort();
  const contestant = await Contestant.start(contender.command(port, upstream), port);
  try {
    const load = { connections: Number(values.connections), upload };
    await put(port, { ...load, seconds: 1 });
    const before = contestant.usage();
    const figures = await put(port, { ...load, seconds: Number(values.seconds) });
    const { cpu, memory } = contestant.usage();
    return { ...figures, cpu: (cpu - before.cpu) / figures.requests, memory };
  } finally {
    await contestant.stop();
  }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

interface Row {
  contender: Contender;
  rounds: Round[];
}

function table(title: string, rows: readonly Row[], reference: Row): string {
  const head = [
    '',
    'CPU µs/request',
    `× ${reference.contender.name}`,
    'requests/s',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'failed',
  ];
  const lines = rows.map(({ contender, rounds }) => {
    const of = (figure: keyof Round) => median(rounds.map((round) => round[figure]));
    const ratio = median(rounds.map((round, index) => round.cpu / reference.rounds[index]!.cpu));
    const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
    const cells = [of('cpu').toFixed(0), ratio.toFixed(2), of('perSecond').toFixed(0), of('p50').toFixed(2)];
    return [contender.name, ...cells, of('p99').toFixed(2), (of('memory') / 1024 ** 2).toFixed(0), String(failed)];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length)));
  const print = (line: readonly string[]) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return [`\n${title}`, print(head), ...lines.map(print)].join('\n');
}

const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${type()} ${release()}`;
const setting = `${values.connections} connections, each request over fresh ones on both sides; ${values.rounds} interleaved rounds of ${values.seconds} s`;

buildProxy();
const tell = (text: string) => console.error(`bench: ${text}`);
const contenders = [proxy(), ...peers(values.peers.split(',').filter(Boolean), tell)];
const upstreamPort = await freePort();
const upstreamFile = join(import.meta.dirname, 'upstream.ts');
const upstream = await Contestant.start(
  { file: process.execPath, args: [upstreamFile, `${upstreamPort}`] },
  upstreamPort,
);
console.log(`${machine}\n${setting}; load by ${hasWrk ? 'wrk' : 'bench/load.ts'}`);

for (const workload of values.workload.split(',')) {
  const { upload, title } = WORKLOADS[workload] ?? {};
  if (upload === undefined || title === undefined) throw new Error(`no such workload: ${workload}`);
  const rows: Row[] = contenders.map((contender) => ({ contender, rounds: [] }));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const row of rows) row.rounds.push(await play(row.contender, `http://127.0.0.1:${upstreamPort}`, upload));
  }
  console.log(table(title, rows, rows[1] ?? rows[0]!));
  if (values.chart && workload === 'get2k') drawChart(title, rows);
}
await upstream.stop();

function drawChart(title: string, rows: readonly Row[]): void {
  const bars = rows.map(({ contender, rounds }, index) => ({
    label: contender.name,
    note: contender.version,
    value: median(rounds.map(({ cpu }) => cpu)),
    isOurs: index === 0,
  }));
  const date = new Date().toISOString().slice(0, 10);
  const chart = {
    title: `CPU time per request, µs, ${title} (shorter is better)`,
    caption: [`${machine}; Node ${process.versions.node}; ${date}`, setting, 'Repeat it with: npm run bench'],
    bars: bars.toSorted((a, b) => a.value - b.value),
  };
  writeFileSync(CHART, chartOf(chart));
  tell(`drew ${CHART}`);
}
