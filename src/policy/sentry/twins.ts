/**
 * Paths at which Sentry has the same thing, each below /api/0/; what follows is the same as well. A `deny` rule for one
 * of them covers the others.
 */
const TWINS: readonly (readonly string[])[] = [
  // One view, with and without an organization.
  ['issues/{issue_id}', 'organizations/{org}/issues/{issue_id}'],
  // One release for all its projects.
  ['organizations/{org}/releases/{version}', 'projects/{org}/{project}/releases/{version}'],
  // One monitor, one rule, one replay, one snapshot, looked up in the organization or in the project.
  ['organizations/{org}/monitors/{monitor}', 'projects/{org}/{project}/monitors/{monitor}'],
  ['organizations/{org}/alert-rules/{rule}', 'projects/{org}/{project}/alert-rules/{rule}'],
  ['organizations/{org}/replays/{replay}', 'projects/{org}/{project}/replays/{replay}'],
  [
    'organizations/{org}/preprodartifacts/snapshots/{snapshot}',
    'projects/{org}/{project}/preprodartifacts/snapshots/{snapshot}',
  ],
  // One event, and its raw data, which hold what the event does.
  [
    'projects/{org}/{project}/events/{event_id}/json',
    'projects/{org}/{project}/events/{event_id}',
    'organizations/{org}/events/{project}:{event_id}',
    'organizations/{org}/issues/{issue_id}/events/{event_id}',
  ],
];

/**
 * The path without an organization at which Sentry has the view of an issue as well. The table's rows are those of the
 * organization's path.
 * @param path of the table
 * @returns undefined for the path of another view
 */
export function withoutOrganization(path: string): string | undefined {
  const below = '/api/0/organizations/{org}/';
  return path.startsWith(`${below}issues/{issue_id}/`) ? `/api/0/${path.slice(below.length)}` : undefined;
}

/** A segment of a twin: its text, if the request says it, and whether Sentry has a name there. */
export interface TwinSegment {
  readonly text: string | undefined;
  readonly isName: boolean;
}

/** The other paths at which Sentry has what a path below /api/0/ names. */
export function twinsOf(names: readonly string[]): TwinSegment[][] {
  return TWINS.flatMap((paths) => {
    for (const path of paths) {
      const pattern = path.split('/');
      const bound = boundBy(pattern, names);
      if (bound === undefined) continue;
      const rest = names.slice(pattern.length).map((text) => ({ text, isName: false }));
      return paths.filter((other) => other !== path).map((other) => [...written(other, bound), ...rest]);
    }
    return [];
  });
}

/** The parameters of a path; undefined if it is another path. */
function boundBy(pattern: readonly string[], names: readonly string[]): Map<string, string> | undefined {
  const bound = new Map<string, string>();
  for (const [index, piece] of pattern.entries()) {
    const name = names[index];
    if (name === undefined || name === '') return undefined;
    if (piece === PAIR) {
      const [project, event, more] = name.split(':');
      if (project === undefined || event === undefined || more !== undefined) return undefined;
      bound.set('{project}', project).set('{event_id}', event);
    } else if (piece.startsWith('{')) bound.set(piece, name);
    else if (piece !== name) return undefined;
  }
  return bound;
}

/** One segment of Sentry's that holds two parameters. */
const PAIR = '{project}:{event_id}';

const written = (path: string, bound: ReadonlyMap<string, string>): TwinSegment[] =>
  path.split('/').map((piece) => {
    if (piece === PAIR) {
      const project = bound.get('{project}');
      return { text: project === undefined ? undefined : `${project}:${bound.get('{event_id}')}`, isName: false };
    }
    return piece.startsWith('{') ? { text: bound.get(piece), isName: false } : { text: piece, isName: true };
  });
