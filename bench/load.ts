// Load on a proxy: by wrk if it is installed, otherwise by this file, run as a separate process:
// node bench/load.ts PORT CONNECTIONS SECONDS UPLOAD FIELD-LINE TLS TARGET
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';

export interface Load {
  connections: number;
  seconds: number;
  /** Bytes of a POST's body; 0 for a GET. */
  upload: number;
  /** One more field line of each request. */
  field?: string;
  /** How clients speak TLS: with a full handshake for each request, or resuming the session of the request before. */
  tls?: TlsClients | undefined;
  /** Path and query. */
  target?: string | undefined;
}

export type TlsClients = 'full' | 'resumed';

export interface Figures {
  requests: number;
  /** Requests that were not answered with 200. */
  failed: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  /** Milliseconds. */
  p99: number;
}

/** A response that the proxy passes on as it is; of projects and organizations it edits the URLs. */
const TARGET = '/api/0/organizations/acme/issues/';

const run = promisify(execFile);

export const hasWrk = await run('wrk', ['-v']).then(
  () => true,
  // It ends with status 1 after it has told its version.
  ({ code }) => code === 1,
);

export async function put(port: number, load: Load): Promise<Figures> {
  // wrk never resumes a session, and a full handshake takes more of its CPU time than of the proxy's.
  if (hasWrk && load.tls === undefined) return putByWrk(port, load);
  const { connections, seconds, upload, field = '', tls = '', target = TARGET } = load;
  const args = [port, connections, seconds, upload, field, tls, target].map(String);
  return JSON.parse((await run(process.execPath, [import.meta.filename, ...args])).stdout);
}

async function putByWrk(
  port: number,
  { connections, seconds, upload, field, target = TARGET }: Load,
): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const script = join(folder, 'load.lua');
  const body = upload > 0 ? `wrk.method = "POST"\nwrk.body = string.rep("x", ${upload})\n` : '';
  const [name, value] = field?.split(': ') ?? [];
  await writeFile(script, `${body}${name === undefined ? '' : `wrk.headers["${name}"] = "${value}"\n`}`);
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '--latency', '-s', script];
  const { stdout } = await run('wrk', [...args, `http://127.0.0.1:${port}${target}`]);
  await rm(folder, { recursive: true });

  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const UNITS: Record<string, number> = { us: 0.001, ms: 1, s: 1000 };
  const latency = (percentile: number) => {
    const [, amount, unit = ''] = new RegExp(`\\b${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(stdout) ?? [];
    return Number(amount) * UNITS[unit]!;
  };
  const [, ...errors] = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    failed: errors.reduce((sum, count) => sum + Number(count), number(/Non-2xx or 3xx responses: (\d+)/)),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50: latency(50),
    p99: latency(99),
  };
}

/** The TLS session of a client, kept from one connection to the next. */
interface Session {
  kept?: Buffer | undefined;
}

/** Milliseconds for one request over its own connection; undefined if it failed. */
export function ask(
  port: number,
  request: Buffer,
  tls?: TlsClients,
  session: Session = {},
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const started = performance.now();
    let isGood = false;
    const connected = () => socket.write(request);
    const socket =
      tls === undefined
        ? connect(port, '127.0.0.1', connected)
        : connectTls(
            // The load is on a certificate made for this run alone.
            { port, host: '127.0.0.1', rejectUnauthorized: false, ...(session.kept && { session: session.kept }) },
            connected,
          );
    if (tls === 'resumed') {
      socket.on('session', (kept: Buffer) => {
        session.kept = kept;
      });
    }
    socket.once('data', (bytes) => {
      isGood = bytes.toString('latin1', 0, 12) === 'HTTP/1.1 200';
    });
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => resolve(isGood ? performance.now() - started : undefined));
  });
}

export function requestBytes(port: number, upload: number, field = '', target = TARGET): Buffer {
  const fields = `Host: 127.0.0.1:${port}\r\n${field === '' ? '' : `${field}\r\n`}`;
  if (upload === 0) return Buffer.from(`GET ${target} HTTP/1.1\r\n${fields}\r\n`);
  return Buffer.from(`POST ${target} HTTP/1.1\r\n${fields}Content-Length: ${upload}\r\n\r\n${'x'.repeat(upload)}`);
}

async function putByHand(port: number, { connections, seconds, upload, field, tls, target }: Load): Promise<Figures> {
  const request = requestBytes(port, upload, field, target);
  const latencies: number[] = [];
  let failed = 0;
  const started = performance.now();
  const lane = async () => {
    const session: Session = {};
    while (performance.now() - started < 1000 * seconds) {
      const latency = await ask(port, request, tls, session);
      if (latency === undefined) failed++;
      else latencies.push(latency);
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const elapsed = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const requests = latencies.length + failed;
  return { requests, failed, perSecond: requests / elapsed, p50: at(0.5), p99: at(0.99) };
}

if (import.meta.main) {
  const [port = 0, connections = 1, seconds = 1, upload = 0] = process.argv.slice(2, 6).map(Number);
  const field = process.argv[6] ?? '';
  const tls = (process.argv[7] || undefined) as TlsClients | undefined;
  console.log(
    JSON.stringify(await putByHand(port, { connections, seconds, upload, field, tls, target: process.argv[8] })),
  );
}
