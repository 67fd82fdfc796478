// The proxy compared with others, on one machine and one upstream, in interleaved rounds. `--help` lists the options.
//
// The figure to compare is CPU time per request: requests per second and latencies say as much of the load generator
// and of what else the machine does. Ratios are taken inside each round, so that a machine whose speed drifts moves
// all contenders alike.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/free-port.ts';
import { makeCertificate } from './certificates.ts';
import { chartOf } from './chart.ts';
import {
  buildProxy,
  type Contender,
  clientContenders,
  FLOOR,
  folder,
  listenerContenders,
  type OwnContenders,
  PEER_NAMES,
  peers,
  proxy,
  type Say,
  WITH_TLS_PEERS,
} from './contenders.ts';
import { type Figures, hasWrk, type Load, put, type TlsClients } from './load.ts';
import { nginxUpstream } from './nginx-upstream.ts';
import { Contestant } from './processes.ts';

interface Workload {
  title: string;
  /** Bytes of a POST's body; 0 for a GET. */
  upload: number;
  /** Sentry speaks https. */
  hasHttpsUpstream?: boolean;
  /** The contenders listen with TLS. */
  tls?: TlsClients;
  /** These take part in place of the proxy and its peers. The figures are set against the second. */
  own?: (say: Say) => OwnContenders;
  /** Peers that can take part; all of them unless it says. */
  peers?: readonly string[];
}

const WORKLOADS: Record<string, Workload> = {
  get2k: { title: 'GET of 2 KiB', upload: 0 },
  post64k: { title: 'POST of 64 KiB', upload: 64 * 1024 },
  https: { title: 'GET of 2 KiB from an https Sentry', upload: 0, hasHttpsUpstream: true, peers: WITH_TLS_PEERS },
  'tls-full': { title: 'GET of 2 KiB over TLS, full handshakes', upload: 0, tls: 'full', peers: WITH_TLS_PEERS },
  'tls-resumed': { title: 'GET of 2 KiB over TLS, resumed', upload: 0, tls: 'resumed', peers: WITH_TLS_PEERS },
  clients: { title: 'GET of 2 KiB by one of 1,000 named clients', upload: 0, own: clientContenders },
  listener: { title: 'GET of 2 KiB by a server of node:http', upload: 0, own: listenerContenders },
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
--chart draws bench/chart.svg again. Peers from npm are installed into the temporary folder. nginx, HAProxy and Go take
part if they are installed. If nginx is, it is the upstream too, and wrk makes the load if it is installed.`);
  process.exit();
}

interface Round extends Figures {
  /** Microseconds per request. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

async function play(
  contender: Contender,
  { upload, hasHttpsUpstream, tls }: Workload,
  sent: Pick<Load, 'field' | 'target'>,
): Promise<Round> {
  const port = await freePort();
  const command = contender.command({
    port,
    upstream: hasHttpsUpstream ? `https://localhost:${httpsPort}` : `http://127.0.0.1:${httpPort}`,
    ...(hasHttpsUpstream && { ca: certificate.cert }),
    ...(tls !== undefined && { listen: certificate }),
  });
  const contestant = await Contestant.start(command, port);
  try {
    const load = { connections: Number(values.connections), upload, tls, ...sent };
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

/** @param references the rows that the others are set against */
function table(title: string, rows: readonly Row[], references: readonly Row[]): string {
  const head = [
    '',
    'CPU µs/request',
    ...references.map(({ contender }) => `× ${contender.name}`),
    'requests/s',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'failed',
  ];
  const lines = rows.map(({ contender, rounds }) => {
    const of = (figure: keyof Round) => median(rounds.map((round) => round[figure]));
    const ratios = references.map((reference) =>
      median(rounds.map((round, index) => round.cpu / reference.rounds[index]!.cpu)).toFixed(2),
    );
    const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
    const cells = [of('cpu').toFixed(0), ...ratios, of('perSecond').toFixed(0), of('p50').toFixed(2)];
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
const say = (text: string) => console.error(`bench: ${text}`);
const contenders = [proxy(), ...peers(values.peers.split(',').filter(Boolean), say)];
const certificate = makeCertificate(folder);
const hasNginx = spawnSync('nginx', ['-v']).error === undefined;
const [httpPort, httpsPort] = [await freePort(), await freePort()];
const upstreams = [await startUpstream('http', httpPort), await startUpstream('https', httpsPort)];
const loadBy = hasWrk ? 'wrk, over TLS by bench/load.ts' : 'bench/load.ts';
console.log(`${machine}\n${setting}; upstream: ${hasNginx ? 'nginx' : 'bench/upstream.ts'}; load by ${loadBy}`);
console.log(contenders.map(({ name, version }) => `${name}: ${version}`).join(', '));

for (const name of values.workload.split(',')) {
  const workload = WORKLOADS[name];
  if (workload === undefined) throw new Error(`no such workload: ${name}`);
  const own = workload.own?.(say);
  const peersTaking = contenders.filter(({ key }) => key === undefined || (workload.peers ?? PEER_NAMES).includes(key));
  const { contenders: taking = peersTaking, ...sent } = own ?? {};
  const rows: Row[] = taking.map((contender) => ({ contender, rounds: [] }));
  for (let round = 0; round < Number(values.rounds); round++) {
    // There and back, so that none always follows the same one.
    const order = round % 2 === 0 ? rows : rows.toReversed();
    for (const row of order) row.rounds.push(await play(row.contender, workload, sent));
  }
  const [ours, second = ours!] = rows;
  const references = [second, ...rows.filter((row) => row.contender.key === FLOOR && row !== second)];
  console.log(table(workload.title, rows, references));
  if (values.chart && name === 'get2k') drawChart(workload.title, rows);
}
for (const upstream of upstreams) await upstream.stop();

async function startUpstream(scheme: 'http' | 'https', port: number): Promise<Contestant> {
  const tls = scheme === 'https' ? certificate : undefined;
  if (hasNginx) {
    return Contestant.start(nginxUpstream(folder, scheme, { port, uploadPort: await freePort(), tls }), port);
  }
  const args = [join(import.meta.dirname, 'upstream.ts'), `${port}`, ...(tls === undefined ? [] : [tls.cert, tls.key])];
  return Contestant.start({ file: process.execPath, args }, port);
}

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
  say(`drew ${CHART}`);
}
