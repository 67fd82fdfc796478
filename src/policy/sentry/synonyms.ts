/** Names that Sentry routes to the same view, by the name that the table of endpoints uses. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['groups', 'issues'],
  ['comments', 'notes'],
  ['user-reports', 'user-feedback'],
  ['plugin', 'plugins'],
]);

/** The name that the table has. */
export const canonicalName = (name: string): string => SYNONYMS.get(name) ?? name;

/** How many segments stand before the name of a resource, by the first segment of a path below /api/0/. */
const RESOURCE_AT: ReadonlyMap<string, number> = new Map([
  ['organizations', 2],
  ['projects', 3],
  ['shared', 1],
  ['teams', 3],
]);

/**
 * The segments of a path below /api/0/, with one name for what Sentry knows under two.
 * It replaces names of resources alone: an organization may be called `groups`, and a release `comments`.
 */
export function canonicalSegments(segments: readonly string[]): string[] {
  const canonical = segments.slice();
  const rename = (index: number) => {
    const name = canonical[index];
    if (name !== undefined) canonical[index] = canonicalName(name);
  };
  const resource = RESOURCE_AT.get(canonical[0] ?? '') ?? 0;
  rename(resource);
  // Below one issue: issues/{issue_id}/comments/.
  if (canonical[resource] === 'issues') rename(resource + 2);
  return canonical;
}
