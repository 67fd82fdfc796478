// A control group of Linux with a limit of memory, as a container or a systemd service has one.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where version 1 and version 2 have their groups, and the file of a group's limit. */
const VERSIONS = [
  ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
  ['/sys/fs/cgroup', 'memory.max'],
] as const;

export interface ControlGroup {
  /** The file to which a process writes its id to enter. */
  readonly processes: string;
  /** Removes the group, once its processes have ended. */
  remove(): void;
}

/** Makes a group whose processes may use so many bytes together; undefined if this user may not. */
export function makeControlGroup(bytes: number): ControlGroup | undefined {
  for (const [root, limit] of VERSIONS) {
    const folder = join(root, `sentry-api-proxy-test-${process.pid}-${process.hrtime.bigint()}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    const group = { processes: join(folder, 'cgroup.procs'), remove: () => rmdirSync(folder) };
    try {
      writeFileSync(join(folder, limit), String(bytes));
      if (Number(readFileSync(join(folder, limit), 'latin1')) === bytes) return group;
    } catch {
      // The memory controller is not delegated.
    }
    group.remove();
  }
  return undefined;
}
