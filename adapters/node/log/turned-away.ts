import type { Log } from './log.ts';

/** Milliseconds between two lines, at least: a flood of connections must not become a flood of lines. */
const EVERY = 10_000;

/**
 * Makes a function to call for each connection that is turned away because there are too many. It logs the first one at
 * once, and then their number every ten seconds as long as there are any.
 */
export function turnedAwayReporter(log: Log): () => void {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const report = (): void => {
    timer = undefined;
    if (count === 0) return;
    log('warn', 'overload', { turned_away: count });
    count = 0;
    timer = setTimeout(report, EVERY);
    timer.unref();
  };
  return () => {
    count++;
    if (timer === undefined) report();
  };
}
