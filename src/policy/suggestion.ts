/**
 * `; did you mean NAME?` for the known name that is nearest, if it is near.
 * @param known none of these may be a secret, since one is shown
 */
export function suggestion(written: string, known: readonly string[]): string {
  let nearest: string | undefined;
  let least = Math.min(3, Math.ceil(written.length / 2));
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Insertions, deletions and replacements from one text to the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  // What is much longer is not near, and may be very long.
  if (Math.abs(from.length - to.length) > 3) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
