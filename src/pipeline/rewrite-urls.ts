import { bodyOf } from '../bodies/read-bounded.ts';
import { readText, type TextReading } from '../bodies/read-text.ts';
import type { Share } from '../bodies/types.ts';
import { CONDITIONS, OF_THE_BYTES } from '../http/header-tables.ts';
import { withEdits } from '../http/headers.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { Body, EditedFields, Fields, ResponseStage, Signal, Upstream } from '../http/types.ts';
import { EACH, editJson, editProblem, type JsonPath } from '../json/edit.ts';
import type { Addresses } from './env.ts';

/** One request of a client that must stay inside. */
export interface Visit {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly path: string;
  /** The URL at which the client reaches this proxy, without a trailing slash; undefined without a Host. */
  readonly own: string | undefined;
  readonly addresses: Addresses;
  readonly endpoint: Endpoint | undefined;
}

interface Row {
  /** A path of Sentry's API; `*` is one segment. */
  readonly path: string;
  readonly field: JsonPath;
  /** An edit for `editJson`: takes the member's value as it is written. */
  change(value: string, visit: Visit): string | undefined;
}

interface Endpoint extends Row {
  readonly pattern: RegExp;
}

const remove = (): string => '';

/** The responses with a URL that clients follow with their token, and the edit for it. Nothing else is edited. */
const ROWS: readonly Row[] = [
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
    // An organization has a slug and a number. Sentry writes the slug, whichever of them a client used.
    change: (value, visit) => mapUrl(value, (url) => atOwnUrl(url, visit, (path) => CHUNK_UPLOAD.test(path))),
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
    change: (value, visit) => mapUrl(value, (url) => fromSentry(url, visit, [visit.addresses.sentry])),
  },
];

const ENDPOINTS: readonly Endpoint[] = ROWS.map((row) => ({ ...row, pattern: patternOf(row.path) }));
const CHUNK_UPLOAD = patternOf('/api/0/organizations/*/chunk-upload/');

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('*', '[^/]+')}$`);
}

/** The addresses of a proxy, or undefined if its clients are not kept inside. */
export const addressesOf = (
  { origin, basePath }: Upstream,
  { keepInside, publicUrl }: { readonly keepInside: boolean; readonly publicUrl: string | undefined },
  mountPath = '',
): Addresses | undefined =>
  keepInside ? { publicUrl, mountPath, sentry: origin.slice(origin.indexOf('://') + 3) + basePath } : undefined;

/** The same proxy, at a path that only the request shows. */
export const mountedAt = (addresses: Addresses, mountPath: string): Addresses => ({
  ...addresses,
  mountPath,
  get sentryPublic() {
    return addresses.sentryPublic;
  },
  set sentryPublic(seen) {
    addresses.sentryPublic = seen;
  },
});

/**
 * @param requestUrl as the client sent it: the origin that it names, then path and query
 * @returns undefined if it is not a request to Sentry's API
 */
export function visitOf(method: string, requestUrl: string, addresses: Addresses): Visit | undefined {
  const pathStart = requestUrl.indexOf('/', requestUrl.indexOf('://') + 3);
  if (!requestUrl.startsWith(API, pathStart)) return undefined;
  const target = requestUrl.slice(pathStart);
  const queryStart = target.indexOf('?');
  const path = queryStart === -1 ? target : target.slice(0, queryStart);
  const origin = requestUrl.slice(0, pathStart);
  const hasHost = !origin.endsWith('://');
  const own = addresses.publicUrl ?? (hasHost ? origin + addresses.mountPath : undefined);
  return { method, path, own, addresses, endpoint: ENDPOINTS.find(({ pattern }) => pattern.test(path)) };
}

const API = '/api/0/';

/** The fields of a request, without those with which Sentry would leave out the content to edit. */
export function askForAll(headers: EditedFields, { method, endpoint }: Visit): EditedFields {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && endpoint !== undefined ? withEdits(headers, CONDITIONS, []) : headers;
}

/**
 * Makes the stage that replaces Sentry's URLs with the proxy's own, so that a client that follows them stays inside.
 * It fails with the body's own error, or with a ProxyError `responses_full`.
 * @param signal of the request
 * @param openShare for a body that has to be edited; undefined if what is kept of it is counted already
 */
export function urlRewriting(
  visit: Visit,
  context: RequestContext,
  signal: Signal,
  openShare: (() => Share) | undefined,
): ResponseStage {
  return async ({ response, headers }) => {
    const { status, headers: fields, body } = response;
    const kept = keepFieldsInside(headers, visit);
    const isEdited = visit.endpoint !== undefined && status === 200 && JSON_TYPE.test(fields.get('content-type') ?? '');
    if (!isEdited) return { response, headers: kept };
    // It is unknown if GET's content would change, so HEAD leaves out fields about its bytes (RFC 9110 section 9.3.2).
    if (body === null) {
      return { response, headers: visit.method === 'HEAD' ? withEdits(kept, OF_THE_BYTES, []) : kept };
    }
    const reading = { share: openShare?.(), signal };
    const edited = await keepBodyInside({ headers: fields, body }, kept, visit, reading);
    if (edited.warning !== undefined) context.warning = edited.warning;
    return { response: { ...response, body: edited.body }, headers: edited.headers };
  };
}

const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;

function keepFieldsInside(headers: EditedFields, visit: Visit): EditedFields {
  // A filter may have dropped them.
  const lineOf = (name: string) => (headers.dropped.has(name) ? null : headers.from.get(name));
  const link = lineOf('link');
  const location = lineOf('location');
  const dropped: string[] = [];
  const added: [string, string][] = [];
  if (link !== null) {
    const inside = link.replace(/<([^<>]*)>/g, (target, url) => {
      const own = atOwnUrl(url, visit, (path) => isSamePath(path, visit.path));
      return own === undefined ? target : `<${own}>`;
    });
    if (inside !== link) {
      dropped.push('link');
      added.push(['Link', inside]);
    }
  }
  if (location !== null) {
    const { sentry, sentryPublic } = visit.addresses;
    const inside = fromSentry(location, visit, sentryPublic === undefined ? [sentry] : [sentry, sentryPublic]);
    if (inside !== undefined) {
      dropped.push('location');
      added.push(['Location', inside]);
    }
  }
  return added.length === 0 ? headers : withEdits(headers, dropped, added);
}

interface EditedBody {
  readonly headers: EditedFields;
  readonly body: Body;
  /** Why a body that should have been edited was not. */
  readonly warning?: string;
}

async function keepBodyInside(
  content: { readonly headers: Fields; readonly body: Body },
  headers: EditedFields,
  visit: Visit,
  reading: TextReading,
): Promise<EditedBody> {
  const { path, field, change } = visit.endpoint!;
  const { share } = reading;
  const read = await readText(content, reading);
  const asItCame = (why: string): EditedBody => {
    share?.growTo(read.size);
    const warning = `a response to ${path} passed with Sentry's own URLs: ${why}`;
    return { headers, body: read.body, ...(why !== '' && { warning }) };
  };
  const { text, problem } = read;
  if (text === undefined) return asItCame(problem);
  const inside = editJson(text, field, (value) => change(value, visit));
  if (inside === undefined) return asItCame(`it ${editProblem(text)}`);
  if (inside === text) return asItCame('');
  const bytes = new TextEncoder().encode(inside);
  share?.growTo(bytes.length);
  return { headers: withEdits(headers, OF_THE_BYTES, [['Content-Length', String(bytes.length)]]), body: bodyOf(bytes) };
}

/** The URL at this proxy, if the client may follow its path; undefined for any other path. */
function atOwnUrl(url: string, { own, addresses }: Visit, isItsPath: (path: string) => boolean): string | undefined {
  const [, address, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (address === undefined || !isItsPath(rest.split(/[?#]/, 1)[0]!)) return undefined;
  addresses.sentryPublic = address;
  return own === undefined ? undefined : own + rest;
}

/** Host and port, the path of Sentry's address, if any, then the API's own path. */
const ABSOLUTE = /^https?:\/\/([^/?#]+(?:\/[^?#]*?)??)(\/api\/0\/.*)$/is;

/** Sentry decodes a path and may encode it again in another way: `my-app%401.0` and `my-app@1.0`. */
function isSamePath(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return decodeURIComponent(one) === decodeURIComponent(other);
  } catch {
    return false;
  }
}

/** A URL of the API at one of Sentry's addresses, moved to this proxy; undefined for any other URL. */
function fromSentry(url: string, { own }: Visit, addresses: readonly string[]): string | undefined {
  const [, address = '', rest = ''] = ABSOLUTE.exec(url) ?? [];
  // Behind a web server that ends TLS, Sentry writes http, so the scheme says nothing.
  const isSentry = addresses.some((one) => one.toLowerCase() === address.toLowerCase());
  return isSentry && own !== undefined ? own + rest : undefined;
}

/** Changes a string in its JSON form. */
function mapUrl(value: string, change: (url: string) => string | undefined): string | undefined {
  const url: unknown = JSON.parse(value);
  const changed = typeof url === 'string' ? change(url) : undefined;
  return changed === undefined ? undefined : JSON.stringify(changed);
}
