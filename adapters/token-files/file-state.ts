// How a file is read again and again, but only if it may have changed.
import { type BigIntStats, constants } from 'node:fs';

/**
 * Milliseconds between two looks at a file. Polling finds changes that watching misses: Kubernetes' symlink swap, NFS.
 */
export const INTERVAL = 200;
/** Milliseconds after a change in which another one may leave the same time on the file; NFS counts in seconds. */
const FRESH = 2000;

/** Opens what may be a pipe or a terminal by now, without waiting for it: that would block a thread. */
export const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Tells two states of a file apart, unless the second change came too soon: `isFresh`. */
export const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join();

/** Whether the file may change once more without another stamp. */
export const isFresh = ({ ctimeMs }: BigIntStats): boolean => Date.now() - Number(ctimeMs) < FRESH;
