/** Latencies are counted in buckets, each half as wide again as the one before: 0.5 ms, 0.7 ms, 1 ms … 92 s. */
export const BUCKETS = 36;

/** Milliseconds at which the first bucket ends, and buckets in which the end doubles. */
const FIRST_END = 0.5;
const PER_DOUBLING = 2;

/** The bucket that a duration in milliseconds falls into. */
export function bucketOf(duration: number): number {
  if (duration <= FIRST_END) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(duration / FIRST_END) * PER_DOUBLING));
}

/**
 * The duration that a part of all requests did not exceed, in milliseconds: the end of its bucket.
 * @param counts requests by bucket
 * @param part 0.95 for the 95th percentile
 * @returns undefined if there were no requests
 */
export function quantile(counts: readonly number[], part: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  const bucket = counts.findIndex((count) => {
    seen += count;
    return seen >= part * total;
  });
  return Number((FIRST_END * 2 ** (bucket / PER_DOUBLING)).toPrecision(2));
}
