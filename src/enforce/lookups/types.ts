import type { Thing } from '../../policy/decision.ts';
import type { NamedProject } from './lookup-kinds.ts';

/** A project as Sentry knows it. */
export interface Project {
  readonly id: string;
  readonly slug: string;
}

/**
 * The policy's questions to Sentry. Undefined means that no such thing exists.
 * Each rejects with `LookupFailed` if Sentry did not say.
 */
export interface Lookups {
  /** @param idOrSlug of a project of the clients file */
  project(org: string, idOrSlug: string): Promise<Project | undefined>;
  /** All projects of an issue, a release, a monitor … */
  projectsOf(org: string, thing: Thing): Promise<readonly NamedProject[] | undefined>;
}

/** Sentry did not answer a lookup in a way that could be understood: the request is refused with a 503. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

/** One GET with the injected token, which has its own timeout and follows no redirect. */
export type Ask = (path: string) => Promise<{ readonly status: number; readonly json: unknown }>;

/** Statuses of a thing that does not exist; a redirect leads from an old slug to a new one. */
export const ABSENT: ReadonlySet<number> = new Set([301, 302, 307, 308, 404]);
