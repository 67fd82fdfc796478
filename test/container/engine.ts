// podman, as far as the tests of the image need it.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Bounds that a container may keep without the right to raise them. */
const BOUNDS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** podman with its own storage, which goes with the test's folder. */
export class Engine {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws {Error} with podman's own text */
  async podman(args: readonly string[], timeout = 60_000): Promise<string> {
    const storage = ['--root', join(this.#folder, 'storage'), '--runroot', join(this.#folder, 'run')];
    const kind = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
    const { stdout } = await run('podman', [...storage, ...kind, ...args], { timeout, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  }

  /** Builds an image of a folder's files by the instructions given, which may not ask a registry. */
  async build(name: string, context: string, instructions: string): Promise<void> {
    const file = join(this.#folder, 'Instructions');
    await writeFile(file, instructions);
    await this.buildFile(name, context, file);
  }

  async buildFile(name: string, context: string, file: string, options: readonly string[] = []): Promise<void> {
    const local = ['--pull=never', '--isolation=chroot', '--network=host', '--format=docker'];
    await this.podman(['build', ...local, ...options, '--tag', name, '--file', file, context], 400_000);
  }

  /** Starts a container on the host's network, without any right that it does not need. */
  start(name: string, image: string, options: readonly string[], command: readonly string[] = []): Promise<string> {
    const bare = ['--read-only', '--read-only-tmpfs=false', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
    const where = ['--network=host', '--cgroupns=host', ...BOUNDS];
    return this.podman(['run', '--detach', '--name', name, ...bare, ...where, ...options, image, ...command]);
  }

  async remove(): Promise<void> {
    await this.podman(['rm', '--all', '--force', '--time=1']).catch(() => {});
  }
}

/** Why no container can be run here; undefined if one can. */
export async function obstacle(engine: Engine, image: string): Promise<string | undefined> {
  try {
    await engine.podman([
      'run',
      '--rm',
      '--network=host',
      '--cgroupns=host',
      ...BOUNDS,
      image,
      '/nodejs/bin/node',
      '-v',
    ]);
    return undefined;
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1);
  }
}
