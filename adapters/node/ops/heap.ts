import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of V8's young generation, both halves, from which on it grows no more; what is under way then may add half. */
const ENOUGH = 4 * 1024 * 1024;

/**
 * Keeps V8's young generation small. Left alone it grows to 48 MiB and more under load, of which a proxy has no use:
 * what a request allocates is dead when its response is sent. Smaller, it is collected more often in shorter pauses.
 *
 * The bound is set here, after the start, since a command-line flag would have to be given by whoever runs the file.
 */
export function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || young.space_size < ENOUGH) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
