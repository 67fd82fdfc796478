// Child processes that never outlive the test file that starts them.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { endsWithTestFile } from './test-file.ts';

export type PipedChild = ChildProcess & {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
};

/**
 * Starts a program in its own process group. The whole group is killed with SIGKILL, which ends a stopped process
 * too, when the program ends, when the tests of this file are over, and when this process is gone, however it went.
 *
 * @param options of `spawn`; without `env` the program sees PATH alone, so that a terminal's FORCE_COLOR stays outside.
 */
export function startChild(program: string, args: readonly string[], options: SpawnOptions = {}): PipedChild {
  const child = spawn(program, args, { env: { PATH: process.env.PATH }, ...options, detached: true });
  // Without a process there is only the event 'error'.
  if (child.pid === undefined) return child as PipedChild;
  const { pid } = child;
  watchdog().stdin!.write(`+${pid}\n`);
  const kill = () => killGroup(pid);
  const forget = endsWithTestFile(kill);
  child.once('exit', () => {
    kill();
    forget();
    watchdog().stdin!.write(`-${pid}\n`);
  });
  return child as PipedChild;
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // No process is left in it.
  }
}

/** Keeps the list of groups, and kills them once its input ends, which it does however this process ends. */
const WATCHDOG = `
  groups=' '
  while read -r line; do
    case $line in
      +*) groups="$groups\${line#+} " ;;
      -*) groups="\${groups%% \${line#-} *} \${groups#* \${line#-} }" ;;
    esac
  done
  for group in $groups; do kill -KILL "-$group" 2>/dev/null; done`;

let running: ChildProcess | undefined;

function watchdog(): ChildProcess {
  if (running !== undefined) return running;
  // In its own group: Ctrl-C at the terminal ends the tests, and this one after them.
  running = spawn('/bin/sh', ['-c', WATCHDOG], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  running.unref();
  (running.stdin as unknown as { unref(): void }).unref();
  running.stdin!.on('error', () => {});
  return running;
}
