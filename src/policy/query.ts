import { isProjectValue } from './sentry/parameters.ts';
import { decoded } from './sentry/target.ts';

/** Parameters of a query, decoded as Django decodes them, in order. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * Reads a query for a client that is limited to projects.
 * @returns the result, or a string that says what is wrong
 */
export function parseQuery(query: string | undefined): Pairs | string {
  const pairs: [string, string][] = [];
  for (const piece of (query ?? '').replaceAll('+', ' ').split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const name = decoded(equals === -1 ? piece : piece.slice(0, equals));
    const value = decoded(equals === -1 ? '' : piece.slice(equals + 1));
    if (name === undefined || value === undefined) return 'the query is not UTF-8';
    if (!/^[\x20-\x7e]*$/.test(name)) return 'the query has a parameter whose name is not visible ASCII';
    const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    // projectSlug wins over project; project_id and project_id_or_slug name one as well.
    const isLikeProject = plain.startsWith('project') && name !== 'project';
    // A hit by short id is answered whatever the projects are.
    const isShortIdLookup = plain === 'shortidlookup';
    if (isLikeProject || isShortIdLookup) {
      return 'the query has a parameter that a client limited to projects may not use';
    }
    if (name === 'query' && isEventId(value))
      return 'the query looks for an event id, which Sentry finds in other projects too';
    if (name === 'project' && !isProjectValue(value)) return 'the query has a project that is no slug and no id';
    pairs.push([name, value]);
  }
  return pairs;
}

/** Whether Python's uuid.UUID() takes a text: it drops some signs, and int() reads the digits of every script. */
const isEventId = (text: string): boolean => /^[\p{Nd}a-f_]{32}$/iu.test(text.replaceAll(/urn:|uuid:|[\s{}-]/gi, ''));

/** The projects that a query asks for; empty means all. */
export const projectsOf = (pairs: Pairs): string[] =>
  pairs.filter(([name]) => name === 'project').map(([, value]) => value);

/** Writes a query with these projects and with everything else that was in it. */
export const withProjects = (pairs: Pairs, ids: Iterable<string>): string =>
  [...pairs.filter(([name]) => name !== 'project'), ...[...ids].map((id) => ['project', id] as const)]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
