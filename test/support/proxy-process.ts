// The proxy as a user starts it: its command line, in its own process and working folder.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child-process.ts';
import type { Address } from './raw-client.ts';

/** A proxy starts in a third of the time when the code is compiled already. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'sentry-api-proxy-compile-cache') };

/** The program under test: `PROXY_PROGRAM` can name the built file. */
export const PROGRAM = resolve(process.env.PROXY_PROGRAM ?? join(import.meta.dirname, '../../adapters/node.ts'));

export interface LogLine {
  event?: string;
  [field: string]: unknown;
}

export interface Surroundings {
  /** Variables; nothing else of this process's environment is seen. */
  env?: Record<string, string>;
  /** The text of a `.env` file in the working folder, which is empty without it. */
  dotEnv?: string;
  /** The working folder. Default: a new, empty one. */
  folder?: string;
  /** How many files and sockets the process may have open. */
  openFiles?: number;
  /** A command that runs the command after it. */
  launcher?: readonly string[];
  /** The file through which the process enters a control group. */
  controlGroup?: string;
  /** The id of the user and the group that it runs as. Only root may set it. */
  user?: number;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const START_PATIENCE = 20_000;
const STOP_PATIENCE = 10_000;

/** A process of the proxy that may have ended by itself. */
export class ProxyProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #folder: string;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, folder: string) {
    this.child = child;
    this.#folder = folder;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = once(child, 'close').then(async ([code, signal]) => {
      await rm(this.#folder, { recursive: true, force: true });
      return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  static async spawn(
    args: readonly string[],
    { env = {}, dotEnv, folder: given, openFiles, launcher = [], controlGroup, user }: Surroundings = {},
  ): Promise<ProxyProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'sentry-api-proxy-'));
    if (dotEnv !== undefined) await writeFile(join(folder, '.env'), dotEnv);
    if (user !== undefined) await chown(folder, user, user);
    const limits = [
      ...(openFiles === undefined ? [] : [`ulimit -n ${openFiles}`]),
      ...(controlGroup === undefined ? [] : [`echo $$ > '${controlGroup}'`]),
    ];
    const shell = limits.length === 0 ? [] : ['/bin/sh', '-c', `${limits.join(' && ')} && exec "$@"`, 'sh'];
    const [program, ...rest] = [...shell, ...launcher, process.execPath, PROGRAM, ...args];
    const child = startChild(program!, rest, {
      cwd: given ?? folder,
      env: { PATH: process.env.PATH, ...COMPILE_CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user !== undefined && { uid: user, gid: user }),
    });
    return new ProxyProcess(child, folder);
  }

  /** Everything on standard output and standard error so far. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** @throws {SyntaxError} if a line on standard output is not JSON. */
  logLines(): LogLine[] {
    return this.#stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Waits for a log line that matches. */
  async logged(matches: (line: LogLine) => boolean, patience = 5000): Promise<LogLine> {
    const deadline = performance.now() + patience;
    for (;;) {
      const line = this.logLines().find(matches);
      if (line !== undefined) return line;
      if (performance.now() > deadline) throw new Error(`No such line was logged:\n${this.output}`);
      await sleep(10);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Lets it end by itself, and kills it when that takes too long. */
  async stop(): Promise<Ended> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_PATIENCE);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }
}

/** A process that listens at this address. */
export type ListeningProxy = ProxyProcess & Address;

/**
 * Starts the proxy on a free port of 127.0.0.1, unless the arguments say otherwise, and waits until it listens.
 *
 * @throws {Error} with its own words if it ends before.
 */
export async function startProxy(args: readonly string[], surroundings: Surroundings = {}): Promise<ListeningProxy> {
  const listen = args.some((arg) => arg.startsWith('--listen')) ? [] : ['--listen', '127.0.0.1:0'];
  const proxy = await ProxyProcess.spawn([...listen, ...args], surroundings);
  const line = await Promise.race([
    proxy.logged(({ event }) => event === 'listening', START_PATIENCE),
    proxy.ended.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`The proxy ended before it listened:\n${proxy.output}`);
  const { hostname, port } = new URL(String(line.address));
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return Object.assign(proxy, { host: host === '0.0.0.0' ? '127.0.0.1' : host, port: Number(port) });
}

/** Runs the proxy's command line to its end, for at most 20 seconds. */
export async function runProxy(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const proxy = await ProxyProcess.spawn(args, surroundings);
  const timer = setTimeout(() => proxy.kill('SIGKILL'), START_PATIENCE);
  const ended = await proxy.ended;
  clearTimeout(timer);
  return ended;
}
