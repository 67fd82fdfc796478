// All that is set in V8: each setting with its reason and its figure, from docs/benchmark.md.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The major versions of V8 in which the flags below were seen to be there and to do what is said: those of Node 22, 24
 * and 26. V8's flags come and go, one that it does not know is an error on standard error, and nothing but starting
 * another Node tells which ones it knows.
 */
const FIRST_KNOWN = 12;
const LAST_KNOWN = 14;

/** The flags of V8 that are set, for a test that looks whether the Node at hand knows them. */
export const FLAGS = {
  /**
   * Compile a function with the optimizing compilers after 30 and 100 calls rather than after 400 and 3000. V8's counts
   * suit programs whose calls change as they go. A proxy runs the same few functions for every request, so waiting only
   * leaves the first seconds after each start to slow code: they take 0.82 times the CPU time with these.
   */
  maglevEarly: '--invocation-count-for-maglev=30',
  turbofanEarly: '--invocation-count-for-turbofan=100',
  /**
   * Allocate every object in the young generation. V8 moves the allocations of a function to the old generation if what
   * it allocates survived a few collections, and a burst at the start or a slow Sentry is enough for that. Every later
   * request then stays in memory until the next full collection: with it 1.2 times the CPU time and 150 MiB of RSS in
   * place of 115.
   */
  youngOnly: '--no-allocation-site-pretenuring',
  /**
   * Keep the young generation from growing to 48 MiB and more under load, of which a proxy has no use: what a request
   * allocates is dead when its response is sent. 97 MiB of RSS under GETs of 2 KiB in place of 112.
   */
  boundedYoung: '--semi-space-growth-factor=1',
  /** For `collectEvery`. */
  collector: '--expose-gc',
} as const;

/** Bytes of the young generation, both halves, from which on it grows no more; what is under way may add half. */
const ENOUGH_YOUNG = 4 * 1024 * 1024;

/** Bytes of bodies that are read between two collections. */
const PORTION = 16 * 1024 * 1024;

const isKnownV8 = (version: string): boolean => {
  const major = Number.parseInt(version, 10);
  return major >= FIRST_KNOWN && major <= LAST_KNOWN;
};

/** Sets what serves a proxy best, for the whole process. To be called before anything is served. */
export function tuneV8(version = process.versions.v8): void {
  if (!isKnownV8(version)) return;
  setFlagsFromString(FLAGS.maglevEarly);
  setFlagsFromString(FLAGS.turbofanEarly);
  setFlagsFromString(FLAGS.youngOnly);
  boundYoungGeneration();
}

/** Later rather than by a flag at the start, which would keep the young generation at the size that it starts with. */
function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || young.space_size < ENOUGH_YOUNG) return;
    setFlagsFromString(FLAGS.boundedYoung);
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

/**
 * Makes a counter of bytes that are read, which has their buffers collected every so often. To V8 a buffer is an object
 * of a hundred bytes with its content elsewhere, so that fast transfers leave 100 MiB of dead ones behind before it
 * minds. Collecting the young generation takes about a millisecond, and spares 60 MiB of RSS under eight transfers.
 */
export function collectEvery(portion = PORTION, version = process.versions.v8): (bytes: number) => void {
  if (!isKnownV8(version)) return () => {};
  let read = 0;
  let collect: (() => void) | undefined;
  return (bytes) => {
    read += bytes;
    if (read < portion) return;
    read = 0;
    collect ??= minorCollector();
    collect();
  };
}

/** A context made after the flag is the one place where V8 puts the function; made only once enough has been read. */
function minorCollector(): () => void {
  setFlagsFromString(FLAGS.collector);
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  return () => gc({ type: 'minor' });
}
