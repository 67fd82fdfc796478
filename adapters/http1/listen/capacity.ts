import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** The room that connections may take up together. */
export interface Capacity {
  /** File descriptors. A request takes a second one, for its connection to Sentry. */
  readonly descriptors: number;
  /** Bytes of memory. */
  readonly bytes: number;
  /** Requests in flight; the oldest is cut off if there is no room for a new one. Undefined: none is ever cut off. */
  readonly requests?: number | undefined;
}

/** Descriptors that the process itself holds, with some to spare. */
const RESERVED = 32;
/** Descriptors where the system sets no limit or does not say. */
const ASSUMED_DESCRIPTORS = 65_536;
/** The share of the memory: as much again is for bodies, and the rest for the program itself and for V8's garbage. */
const MEMORY_SHARE = 1 / 4;

/** For the admin listener: probes, a Prometheus or two, a person, among many who connect and say nothing. */
const ADMIN = { share: 1 / 16, least: 16, most: 512, bytes: 8 * 1024 * 1024, requests: 16 };

/** The capacity for connections of this process's two listeners, by its limits of descriptors and memory. */
export function systemCapacity(): { readonly clients: Capacity; readonly admin: Capacity } {
  const available = (descriptorLimit() ?? ASSUMED_DESCRIPTORS) - RESERVED;
  const descriptors = Math.floor(Math.min(Math.max(available * ADMIN.share, ADMIN.least), ADMIN.most));
  return {
    clients: { descriptors: Math.max(4, available - descriptors), bytes: memoryLimit() * MEMORY_SHARE },
    admin: { descriptors, bytes: ADMIN.bytes, requests: ADMIN.requests },
  };
}

function descriptorLimit(): number | undefined {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * Bytes that the control group of the process allows, as a container's limit or systemd's MemoryMax, or that there are.
 */
function memoryLimit(): number {
  // 0 or an enormous number: there is no limit.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
