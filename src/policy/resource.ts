import { type ProjectRef, projectRef } from './client.ts';
import type { ProjectLimit } from './sentry/endpoint.ts';
import { fits } from './sentry/parameters.ts';
import type { Target } from './sentry/target.ts';

/** The limit of a path that the table does not describe: the path itself, a lookup, or none, so that it is refused. */
export function limitByPlace(target: Target): ProjectLimit {
  const [first, , third, fourth] = target.names;
  const isBelow = (fourth ?? '') !== '';
  if (first === 'projects' || projectIn(target) !== undefined) return 'path';
  if (first === 'organizations' && isBelow && third === 'issues') return 'lookup:issue';
  if (first === 'organizations' && isBelow && third === 'releases') return 'lookup:release';
  return 'refuse';
}

/** The organization in the path, as it is written there, decoded. */
export function organizationIn(target: Target): string | undefined {
  const [first, second] = target.names;
  const hasOne = first === 'organizations' || first === 'projects' || first === 'teams';
  return hasOne && second !== undefined && fits('org', second) ? second : undefined;
}

/** The project in the path. */
export function projectIn(target: Target): ProjectRef | undefined {
  const [first, , third, fourth = ''] = target.names;
  let project: string | undefined;
  if (first === 'projects') project = third;
  else if (first === 'organizations' && third === 'projects') project = fourth;
  // One segment: events/{project}:{event_id}/.
  else if (first === 'organizations' && third === 'events' && fourth.includes(':')) project = fourth.split(':')[0];
  return project !== undefined && fits('project', project) ? projectRef(project) : undefined;
}
