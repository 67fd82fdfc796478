import type { Thing } from '../../policy/decision.ts';
import type { LookupKind } from '../../policy/sentry/endpoint.ts';
import { matchRoute } from '../../policy/sentry/endpoint-table.ts';
import { parseTarget } from '../../policy/sentry/target.ts';

/** A project as a response names it: by id, by slug, or by both. */
export interface NamedProject {
  readonly id?: string;
  readonly slug?: string;
}

/** How Sentry is asked for the projects of a thing. */
interface LookupMethod {
  /** The names of the path below /api/0/. */
  path(org: string, thing: Thing): string[];
  readonly query?: string;
  /** Whether its projects stay the same for a while, so the result can be cached. */
  readonly isKept: boolean;
  /** The projects in the response; undefined if it does not say. */
  projectsIn(json: unknown): readonly NamedProject[] | undefined;
}

/** Where each response names the projects of what it describes (the serializers of getsentry/sentry). */
export const LOOKUPS: Readonly<Record<LookupKind, LookupMethod>> = {
  issue: {
    path: (org, { id }) => ['organizations', org, 'issues', id],
    // Sentry leaves out what takes it longest; a version that does not know one of these words ignores it.
    query: '?collapse=release&collapse=stats&collapse=tags',
    // An issue may be merged into one of another project, which is rare.
    isKept: true,
    projectsIn: (json) => one(byIdAndSlug(memberOf(json, 'project'))),
  },
  release: {
    path: (org, { id }) => releasePath(org, id),
    // Projects join a release at any time.
    isKept: false,
    projectsIn: (json) => all(memberOf(json, 'projects'), byIdAndSlug),
  },
  monitor: {
    path: (org, { id, project }) =>
      project === undefined ? ['organizations', org, 'monitors', id] : ['projects', org, project, 'monitors', id],
    isKept: false,
    projectsIn: (json) => one(byIdAndSlug(memberOf(json, 'project'))),
  },
  rule: {
    path: (org, { id, project = '' }) => ['projects', org, project, 'rules', id],
    isKept: false,
    projectsIn: (json) => all(memberOf(json, 'projects'), bySlug),
  },
  'alert-rule': {
    path: (org, { id }) => ['organizations', org, 'alert-rules', id],
    isKept: false,
    projectsIn: (json) => all(memberOf(json, 'projects'), bySlug),
  },
  detector: {
    path: (org, { id }) => ['organizations', org, 'detectors', id],
    isKept: false,
    projectsIn: (json) => one(byId(memberOf(json, 'projectId'))),
  },
  replay: {
    path: (org, { id }) => ['organizations', org, 'replays', id],
    isKept: false,
    projectsIn: (json) => one(byId(memberOf(memberOf(json, 'data'), 'project_id'))),
  },
  snapshot: {
    path: (org, { id }) => ['organizations', org, 'preprodartifacts', 'snapshots', id],
    isKept: false,
    projectsIn: (json) => one(byId(memberOf(json, 'project_id'))),
  },
  'notification-action': {
    path: (org, { id }) => ['organizations', org, 'notifications', 'actions', id],
    isKept: false,
    projectsIn: (json) => all(memberOf(json, 'projects'), byId),
  },
};

const releasePath = (org: string, version: string): string[] => ['organizations', org, 'releases', version];

function memberOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

/** The list of one project, if there is one. */
export const one = (project: NamedProject | undefined): readonly NamedProject[] | undefined => project && [project];

/** Undefined unless every entry names a project. */
function all(list: unknown, read: (json: unknown) => NamedProject | undefined): readonly NamedProject[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const projects = list.map(read);
  return projects.every((project) => project !== undefined) ? projects : undefined;
}

function byId(json: unknown): { readonly id: string } | undefined {
  const isId = (typeof json === 'string' || typeof json === 'number') && /^[1-9][0-9]*$/.test(String(json));
  return isId ? { id: String(json) } : undefined;
}

const bySlug = (json: unknown): { readonly slug: string } | undefined =>
  typeof json === 'string' && json !== '' ? { slug: json } : undefined;

/** A project that a response describes. */
export function byIdAndSlug(json: unknown): { readonly id: string; readonly slug: string } | undefined {
  const id = byId(memberOf(json, 'id'));
  const slug = bySlug(memberOf(json, 'slug'));
  return id && slug && { ...id, ...slug };
}

/** Whether a release of this name can be looked up: others would lead to another resource, or to none. */
export const isReleaseName = (version: string): boolean => lookupPath(releasePath('org', version)) !== undefined;

/**
 * The path of a lookup, each segment encoded again. Undefined if it would lead elsewhere than it says: a release called
 * `token` or `..` must not turn a lookup into another request.
 */
export function lookupPath(names: readonly string[]): string | undefined {
  // A lone surrogate cannot be encoded, and no name in Sentry has one.
  if (!names.every((name) => name.isWellFormed())) return undefined;
  const path = `/api/0/${names.map(encodeURIComponent).join('/')}/`;
  const target = parseTarget(path);
  if (typeof target === 'string') return undefined;
  const { template, hasEncodedLiteral } = matchRoute(target);
  // What is looked up is named last. If Sentry has a name of its own there, or no such path, the lookup is a mistake.
  return template?.endsWith('}/') === true && !hasEncodedLiteral ? path : undefined;
}
