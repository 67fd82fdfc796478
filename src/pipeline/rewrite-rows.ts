import { EACH, type JsonPath } from '../json/edit.ts';
import { apiUrlIn, fromSentry, type UrlContext } from './url-context.ts';

/** A response with a URL that clients follow with their token, and the edit for it. */
export interface RewriteRow {
  /** A path of Sentry's API; `*` is one segment. */
  readonly path: string;
  readonly field: JsonPath;
  /** An edit for `editJson`: takes the member's value as it is written. */
  change(value: string, context: UrlContext): string | undefined;
}

/** The row of a response, by its request's path. */
export const rewriteRowOf = (path: string): RewriteRow | undefined =>
  PATTERNS.find(({ pattern }) => pattern.test(path))?.row;

const remove = (): string => '';

/** All the places that are edited. */
const ROWS: readonly RewriteRow[] = [
  {
    // sentry sends an organization's requests there, and sentry-mcp refuses a host other than its own
    path: '/api/0/organizations/',
    field: [EACH, 'links', 'regionUrl'],
    change: remove,
  },
  {
    // as in the list; the bundler plugins ask here
    path: '/api/0/organizations/*/',
    field: ['links', 'regionUrl'],
    change: remove,
  },
  {
    // each project has its organization in it
    path: '/api/0/projects/',
    field: [EACH, 'organization', 'links', 'regionUrl'],
    change: remove,
  },
  {
    // the project has its organization in it
    path: '/api/0/projects/*/*/',
    field: ['organization', 'links', 'regionUrl'],
    change: remove,
  },
  {
    // sentry-cli and the bundler plugins upload there; a relative URL, or one of another path, stays
    path: '/api/0/organizations/*/chunk-upload/',
    field: ['url'],
    change: (value, context) => mapUrl(value, (url) => uploadUrl(url, context)),
  },
  {
    // sentry-cli 2 asks each of them for its organizations; without one it asks the address it was given
    path: '/api/0/users/*/regions/',
    field: ['regions'],
    change: (value) => (value.startsWith('[') ? '[]' : undefined),
  },
  {
    // Sentry builds it from the Host it got, which only its own network knows
    path: '/api/0/organizations/*/preprodartifacts/*/install-details/',
    field: ['installUrl'],
    change: (value, context) => mapUrl(value, (url) => fromSentry(url, context, [context.addresses.sentry])),
  },
];

const PATTERNS = ROWS.map((row) => ({ row, pattern: patternOf(row.path) }));
const CHUNK_UPLOAD = patternOf('/api/0/organizations/*/chunk-upload/');

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('*', '[^/]+')}$`);
}

/** The URL of a chunk upload at this proxy. */
function uploadUrl(url: string, { own, addresses }: UrlContext): string | undefined {
  // An organization has a slug and a number. Sentry writes the slug, whichever of them a client used.
  const found = apiUrlIn(url, (path) => CHUNK_UPLOAD.test(path));
  if (found === undefined) return undefined;
  addresses.sentryPublic = found.address;
  return own === undefined ? undefined : own + found.rest;
}

/** Changes a string in its JSON form. */
function mapUrl(value: string, change: (url: string) => string | undefined): string | undefined {
  const url: unknown = JSON.parse(value);
  const changed = typeof url === 'string' ? change(url) : undefined;
  return changed === undefined ? undefined : JSON.stringify(changed);
}
