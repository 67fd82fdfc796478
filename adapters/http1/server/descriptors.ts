import { readFileSync } from 'node:fs';

/** Descriptors that the process itself holds, with some to spare. */
const RESERVED = 48;

/** How many file descriptors connections may take up; undefined if the system does not say or sets no limit. */
export function descriptorLimit(): number | undefined {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return soft === undefined ? undefined : Math.max(2, Number(soft) - RESERVED);
  } catch {
    return undefined;
  }
}
