import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of bodies that are read between two collections. */
const PORTION = 16 * 1024 * 1024;

let read = 0;
let collect: (() => void) | undefined;

/**
 * Counts bytes of bodies as they are read and has their buffers collected every so often. To V8 a buffer is an object of
 * a hundred bytes with its content elsewhere, so that fast transfers leave 100 MiB of dead ones behind before it minds.
 * Collecting the young generation takes about a millisecond.
 */
export function countRead(bytes: number): void {
  read += bytes;
  if (read < PORTION) return;
  read = 0;
  collect ??= exposedCollector();
  collect();
}

function exposedCollector(): () => void {
  try {
    setFlagsFromString('--expose-gc');
    const gc: NodeJS.GCFunction = runInNewContext('gc');
    return () => gc({ type: 'minor' });
  } catch {
    // Bun has another engine, and Deno its own way with flags; a body must not fail for it.
    return () => {};
  }
}
