/**
 * A value that is costly to make, made at most once per interval. In between, callers get the latest value.
 * @param lifetime milliseconds
 */
export function latest<T>(lifetime: number, make: () => Promise<T>): () => Promise<T> {
  let madeAt = Number.NEGATIVE_INFINITY;
  let made: Promise<T> | undefined;
  return () => {
    const isFresh = made !== undefined && performance.now() - madeAt < lifetime;
    if (!isFresh) {
      madeAt = performance.now();
      made = make();
    }
    return made!;
  };
}
