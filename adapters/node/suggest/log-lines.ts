import { pathOf, queryOf } from '../../../src/http/grammar.ts';
import { SLUG_OR_ID } from '../../../src/policy/sentry/parameters.ts';
import { isCut } from '../log/cut.ts';

/** A request of a client that the proxy sent to Sentry with the token, as the log shows it. */
export interface LoggedRequest {
  readonly client: string;
  readonly method: string;
  /** The log has only a part of the path and its query. */
  readonly isCut: boolean;
  /** The path as the client sent it, without the query. */
  readonly path: string;
  /** The keys of the query; the log leaves out the values. */
  readonly keys: readonly string[];
  /** The status of the response; undefined if the log does not say. */
  readonly status: number | undefined;
  /** The projects that the request is about, each as `organization/project`; undefined if the log does not say. */
  readonly projects: readonly string[] | undefined;
}

/**
 * Reads a line of the proxy's JSON log.
 * @param line may have a prefix, such as that of `docker compose logs` or of journald: it is read from its first `{`
 * @returns undefined if the line is about anything else
 */
export function requestIn(line: string): LoggedRequest | undefined {
  const record = recordIn(line);
  if (record === undefined) return undefined;
  const { event, route, attempts, client, method, path, status, projects } = record;
  const reachedSentry = event === 'request' && route === 'inject' && typeof attempts === 'number' && attempts > 0;
  if (!reachedSentry || typeof client !== 'string' || !/^[a-z0-9][a-z0-9-]{0,31}$/.test(client)) return undefined;
  if (typeof method !== 'string' || typeof path !== 'string') return undefined;
  return {
    client,
    method,
    isCut: isCut(path),
    path: pathOf(path),
    keys: keysIn(queryOf(path) ?? ''),
    status: typeof status === 'number' ? status : undefined,
    projects: projectsIn(projects),
  };
}

function recordIn(line: string): Record<string, unknown> | undefined {
  const start = line.indexOf('{');
  if (start === -1) return undefined;
  try {
    const record: unknown = JSON.parse(line.slice(start));
    return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A dash replaces a parameter without a value, which may itself be a secret. */
const keysIn = (query: string): string[] => [...new Set(query.split('&'))].filter((key) => key !== '' && key !== '-');

/** A list that was cut short does not show all projects, so it counts as none. */
function projectsIn(value: unknown): string[] | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const projects = value.split(',');
  const areAll = projects.every((project) => {
    const [org = '', name = '', more] = project.split('/');
    return more === undefined && SLUG_OR_ID.test(org) && SLUG_OR_ID.test(name);
  });
  return areAll ? projects : undefined;
}
