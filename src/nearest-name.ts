/**
 * `; did you mean NAME?` for the known name that is nearest, if it is near.
 * @param known none of these may be a secret, since one is shown
 * @param least fewer edits than this make it near
 */
export function suggestion(written: string, known: readonly string[], least?: number): string {
  const name = nearest(written, known, least);
  return name === undefined ? '' : `; did you mean ${name}?`;
}

/**
 * The known name that is nearest, the first of several; undefined if none is near.
 * @param least fewer edits than this make it near
 */
export function nearest(
  written: string,
  known: readonly string[],
  least = Math.min(4, Math.ceil(written.length / 2)),
): string | undefined {
  let found: string | undefined;
  let fewest = least;
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance < fewest) [found, fewest] = [name, distance];
  }
  return found;
}

/** Insertions, deletions and replacements from one text to the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  // A much longer name is not near, and may be very long.
  if (Math.abs(from.length - to.length) > 3) return Number.POSITIVE_INFINITY;
  const row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    // The value of the row above, left of this column.
    let diagonal = i - 1;
    row[0] = i;
    for (let j = 1; j <= to.length; j++) {
      const replaced = diagonal + (from[i - 1] === to[j - 1] ? 0 : 1);
      diagonal = row[j]!;
      row[j] = Math.min(replaced, diagonal + 1, row[j - 1]! + 1);
    }
  }
  return row[to.length]!;
}
