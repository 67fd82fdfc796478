import { organizationIn, projectIn } from '../../../src/policy/resource.ts';
import { METHODS } from '../../../src/policy/sentry/endpoint.ts';
import { matchRoute } from '../../../src/policy/sentry/endpoint-table.ts';
import { projectOfShortId } from '../../../src/policy/sentry/parameters.ts';
import { parseTarget, type Target } from '../../../src/policy/sentry/target.ts';
import type { LoggedRequest } from './log-lines.ts';

/** Requests of one client that are alike to the policy; the path of the first stands for all. */
export interface Sample {
  readonly method: string;
  /** As the client sent it: for questions to the policy and for notes, never for a rule. */
  readonly path: string;
  /** The path with the keys of the query, which the policy looks at as well. */
  readonly target: string;
  /** The path as the table of endpoints writes it; undefined if the table lacks it. */
  readonly template: string | undefined;
  readonly organization: string | undefined;
  /**
   * The projects that these requests are about, each as `organization/project`; undefined if one of them does not show
   * it.
   */
  projects: Set<string> | undefined;
}

/** The needs of one client, as far as its requests show. */
export interface Needs {
  readonly samples: Map<string, Sample>;
  /** Requests that Sentry refused or that failed, with the status: they show no need. */
  readonly refused: Set<string>;
  /** Whether there were more kinds of requests than are kept. */
  isCut: boolean;
}

/** Kinds of requests that are kept of one client, and requests that Sentry refused. */
const MAX_KINDS = 5000;
const MAX_REFUSED = 1000;

export const newNeeds = (): Needs => ({ samples: new Map(), refused: new Set(), isCut: false });

/** Adds a request to what its client needs. */
export function observe(needs: Needs, request: LoggedRequest): void {
  const { method, path, keys, status } = request;
  if (status !== undefined && status >= 400) {
    if (needs.refused.size < MAX_REFUSED) needs.refused.add(`${method} ${path} (${status})`);
    return;
  }
  const parsed = parseTarget(path);
  const target = typeof parsed === 'string' ? undefined : parsed;
  const template = target && METHODS.includes(method) ? matchRoute(target).template : undefined;
  const organization = target && organizationIn(target);
  const project = target && projectOf(target);
  const asked = keys.filter((key) => !OF_PROJECTS.has(key)).sort();
  const kind = JSON.stringify([method, template ?? path, organization, project, asked]);
  const projects = project === undefined ? request.projects : [`${organization}/${project}`];

  const known = needs.samples.get(kind);
  if (known !== undefined) {
    if (projects === undefined) known.projects = undefined;
    else for (const one of projects) known.projects?.add(one);
  } else if (needs.samples.size >= MAX_KINDS) needs.isCut = true;
  else {
    const query = asked.map((key) => `${key}=`).join('&');
    needs.samples.set(kind, {
      method,
      path,
      target: query === '' ? path : `${path}?${query}`,
      template,
      organization,
      projects: projects && new Set(projects),
    });
  }
}

/** The log shows what they select in another field. */
const OF_PROJECTS: ReadonlySet<string> = new Set(['project', 'projectSlug']);

function projectOf(target: Target): string | undefined {
  const [, , resource, name = ''] = target.names;
  const isIssue = resource === 'issues' || resource === 'shortids';
  return projectIn(target)?.value ?? (isIssue ? projectOfShortId(name) : undefined);
}
