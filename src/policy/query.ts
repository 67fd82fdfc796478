import { type ProjectRef, projectRef } from './client.ts';
import { type FieldLimits, type FieldRefusal, isHarmless, plainName, shownName } from './fields.ts';
import { isEventId, isProjectValue, selects } from './sentry/parameters.ts';
import { decoded } from './sentry/target.ts';

/** Parameters of a query, decoded as Django decodes them, in order. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * Reads a query.
 * @returns the result, or a string that says what is wrong
 */
export function parseQuery(query: string | undefined): Pairs | string {
  const pairs: [string, string][] = [];
  for (const piece of (query ?? '').replaceAll('+', ' ').split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const name = decoded(equals === -1 ? piece : piece.slice(0, equals));
    const value = decoded(equals === -1 ? '' : piece.slice(equals + 1));
    if (name === undefined || value === undefined) return 'it is not UTF-8';
    if (!/^[\x20-\x7e]*$/.test(name)) return 'it has a parameter whose name is not visible ASCII';
    pairs.push([name, value]);
  }
  return pairs;
}

/**
 * Looks for a parameter that a client may not send.
 * @param isHeld whether the client is limited to projects: then a parameter that may select or widen is refused unless the row names it
 */
export function problemIn(pairs: Pairs, limits: FieldLimits | undefined, isHeld: boolean): FieldRefusal | undefined {
  for (const [name, value] of pairs) {
    const limit = limits?.keys.get(plainName(name));
    if (limit?.kind === 'passes') continue;
    if (limit?.kind === 'refused') {
      if (isHarmless(value, limit.unless)) continue;
      return limit.refusal;
    }
    if (!isHeld) continue;
    if (isOfProjects(name)) {
      if (!isEveryProject(value) && !isProjectValue(value))
        return badQuery('it has a project that is neither a slug nor an id');
      continue;
    }
    const isListed = limits?.only === undefined || limits.only.has(plainName(name));
    if (!isListed || selects(name))
      return badQuery(`a client that is limited to projects may not use ${shownName(name)}`);
    if (name === 'query' && isEventId(value))
      return badQuery('it searches for an event id, which Sentry finds in other projects too');
  }
  return undefined;
}

/** A refusal of a query that says what is wrong with it. */
export const badQuery = (problem: string): FieldRefusal => ({
  reason: 'query',
  text: `sent a query that is not accepted: ${problem}`,
});

/** Sentry takes slugs in either, and `projectSlug` wins. */
const isOfProjects = (name: string): boolean => name === 'project' || name === 'projectSlug';

/** Both mean all projects that the token reaches; for the client, all of its projects. */
const isEveryProject = (value: string): boolean => value === '-1' || value === '$all';

/** The projects that a query selects; empty means all. */
export function projectsOf(pairs: Pairs): readonly ProjectRef[] {
  const selected = pairs.filter(([name]) => isOfProjects(name));
  if (selected.some(([, value]) => isEveryProject(value))) return [];
  return selected.map(([name, value]) => (name === 'project' ? projectRef(value) : { kind: 'slug', value }));
}

/** Whether a query says anything of projects. */
export const namesProjects = (pairs: Pairs): boolean => pairs.some(([name]) => isOfProjects(name));

/** Writes a query with these projects and with everything else that was in it. */
export const withProjects = (pairs: Pairs, ids: Iterable<string>): string =>
  [...pairs.filter(([name]) => !isOfProjects(name)), ...[...ids].map((id) => ['project', id] as const)]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
