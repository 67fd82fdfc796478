// Processes of the benchmark: each started in its own group, measured and stopped as a group.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Command {
  file: string;
  args: readonly string[];
  env?: Record<string, string>;
}

export interface Usage {
  /** Microseconds, user and system. */
  cpu: number;
  /** Bytes, resident. */
  memory: number;
}

export class Contestant {
  readonly port: number;
  readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  /** @throws {Error} if it does not listen on that port within ten seconds. */
  static async start({ file, args, env = {} }: Command, port: number, stdio: SpawnOptions['stdio'] = 'ignore') {
    // In its own group, because some have workers.
    const child = spawn(file, args, { detached: true, stdio, env: { ...process.env, ...env } });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const contestant = new Contestant(child, port);
    const deadline = performance.now() + 10_000;
    while (!(await isListening(port))) {
      const isLost = child.exitCode !== null || performance.now() > deadline;
      if (isLost) throw new Error(`${file} ${args.join(' ')}: it does not listen on port ${port}`);
      await sleep(20);
    }
    return contestant;
  }

  usage(): Usage {
    return process.platform === 'linux' ? usageFromProc(this.child.pid!) : usageFromPs(this.child.pid!);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    killGroup(this.child, 'SIGTERM');
    const timer = setTimeout(() => killGroup(this.child, 'SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
  }
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killGroup(child, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    // It has ended by itself.
  }
}

/** `USER_HZ`, which is 100 on every Linux that Node runs on. */
const TICK = 1e6 / 100;

function usageFromProc(group: number): Usage {
  let cpu = 0;
  let memory = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // After the name, which may contain blanks: state, ppid, pgrp, …, utime and stime.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[2]) !== group) continue;
      cpu += (Number(fields[11]) + Number(fields[12])) * TICK;
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      memory += 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      // It has ended.
    }
  }
  return { cpu, memory };
}

function usageFromPs(group: number): Usage {
  let cpu = 0;
  let memory = 0;
  for (const line of execFileSync('ps', ['-A', '-o', 'pgid=,rss=,time='], { encoding: 'utf8' }).split('\n')) {
    const [pgid, rss, time = ''] = line.trim().split(/\s+/);
    if (Number(pgid) !== group) continue;
    // [hours:]minutes:seconds with a fraction.
    cpu += time.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0) * 1e6;
    memory += 1024 * Number(rss);
  }
  return { cpu, memory };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
