// All that is set in V8: each setting with its reason and its figure, from docs/benchmark.md.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The major versions of V8 in which the flags below were seen to exist and to work: those of Node 22, 24 and 26. V8's
 * flags come and go. V8 reports an unknown one on standard error, and a program can't ask which ones it knows.
 */
const FIRST_KNOWN = 12;
const LAST_KNOWN = 14;

/** The flags that are set. A test checks that this Node knows them. */
export const FLAGS = {
  /**
   * Compile a function with the optimizing compilers after 30 and 100 calls rather than after 400 and 3000. V8's counts
   * suit programs whose calls change as they go. A proxy runs the same few functions for every request, so waiting only
   * makes the first seconds after a start slow: with these flags they take 0.82 times the CPU time.
   */
  maglevEarly: '--invocation-count-for-maglev=30',
  turbofanEarly: '--invocation-count-for-turbofan=100',
  /**
   * Allocate every object in the young generation. If what a function allocates survives a few collections, V8 allocates
   * it in the old generation from then on. A burst after the start is enough for that. From then on every request stays
   * in memory until the next full collection, which costs 1.2 times the CPU time, and 150 MiB of RSS instead of 115.
   */
  youngOnly: '--no-allocation-site-pretenuring',
  /**
   * Turn off the full collection of idle processes. It frees the hidden classes of objects that exist only during
   * requests, and V8 then discards all code that was optimized for them: 150 functions are compiled again, and requests
   * after a pause take 2 to 2.5 times the CPU time. Without it an idle process uses 10 MiB more.
   */
  keepsCode: '--memory-reducer-gc-count=0',
  /**
   * Keep the young generation from growing to 48 MiB and more under load. A proxy does not need that: what a request
   * allocates is dead when its response is sent. 97 MiB of RSS under GETs of 2 KiB instead of 112.
   */
  boundedYoung: '--semi-space-growth-factor=1',
  /** For `collectEvery`. */
  collector: '--expose-gc',
} as const;

/** Bytes of the young generation, both halves, at which it stops growing. A step that has begun may still add half. */
const ENOUGH_YOUNG = 4 * 1024 * 1024;

/** Milliseconds. In that time the young generation does not grow that far. */
const AFTER_START = 100;

/** Bytes of bodies that are read between two collections. */
const PORTION = 16 * 1024 * 1024;

const isKnownV8 = (version: string): boolean => {
  const major = Number.parseInt(version, 10);
  return major >= FIRST_KNOWN && major <= LAST_KNOWN;
};

/** Sets the flags for the whole process. Call it before the first request. */
export function tuneV8(version = process.versions.v8): void {
  if (!isKnownV8(version)) return;
  setFlagsFromString(FLAGS.maglevEarly);
  setFlagsFromString(FLAGS.turbofanEarly);
  setFlagsFromString(FLAGS.youngOnly);
  setFlagsFromString(FLAGS.keepsCode);
  // What it needs of Node takes longer to load than the first response does.
  setTimeout(boundYoungGeneration, AFTER_START).unref();
}

/** At the start the flag would keep the young generation at its first size, so it is set later. */
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
 * Makes a counter of the bytes that are read. It has their buffers collected every so many bytes. To V8 a buffer is an
 * object of a hundred bytes with its content elsewhere, so fast transfers leave 100 MiB of dead buffers before V8
 * collects them. Collecting the young generation takes about a millisecond and saves 60 MiB of RSS in eight transfers.
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

/** V8 puts the function only into contexts that are made after the flag is set. */
function minorCollector(): () => void {
  setFlagsFromString(FLAGS.collector);
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  return () => gc({ type: 'minor' });
}
