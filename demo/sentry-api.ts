// The API of the Sentry stand-in: which paths it has and what they answer. Who may ask is decided in sentry.ts.
import { createHash, hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { allProjects, hasOrganization, issuesOf, organizations, projectsOf, SCOPES } from './sentry-data.ts';

export interface ApiRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Whether it came with the system token. */
  isSystem: boolean;
  /** Whether it came with an organization's token, which can do uploads and releases. */
  isOrganization: boolean;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** The body; neither: an empty one. */
  json?: unknown;
  text?: string;
}

export interface ApiState {
  /** Sentry's option `system.url-prefix`, without a slash at its end. */
  urlPrefix: string;
  /** Sentry's option `system.upload-url-prefix`; empty: the same as `urlPrefix`. */
  uploadUrlPrefix: string;
  /** Uploaded chunks by their SHA-1. */
  chunks: Map<string, Buffer>;
}

export type Handler = (request: ApiRequest, state: ApiState, path: Record<string, string>) => Reply | Promise<Reply>;

export interface Endpoint {
  pattern: RegExp;
  /** Whether it answers a request without credentials, too. */
  isPublic?: boolean;
  methods: Record<string, Handler>;
}

const ENDPOINTS: Endpoint[] = [
  endpoint('/api/0/', { GET: index }, true),
  endpoint('/api/0/organizations/', { GET: listOrganizations }),
  endpoint('/api/0/organizations/:org/projects/', { GET: listProjectsOfOrganization }),
  endpoint('/api/0/organizations/:org/issues/', { GET: listIssuesOfOrganization }),
  endpoint('/api/0/organizations/:org/releases/', { POST: makeRelease }),
  endpoint('/api/0/organizations/:org/chunk-upload/', { GET: describeChunkUpload, POST: uploadChunks }),
  endpoint('/api/0/projects/', { GET: listProjects }),
  endpoint('/api/0/projects/:org/:project/', { GET: describeProject }),
  endpoint('/api/0/projects/:org/:project/issues/', { GET: listIssues }),
  endpoint('/api/0/projects/:org/:project/files/difs/assemble/', { POST: assembleDebugFiles }),
];

/** @param path with `:name` for a segment that its handlers are given */
export function endpoint(path: string, methods: Record<string, Handler>, isPublic = false): Endpoint {
  return { pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), methods, isPublic };
}

export function findEndpoint(path: string): Endpoint | undefined {
  return ENDPOINTS.find(({ pattern }) => pattern.test(path));
}

/** The response to a request without credentials, or with accepted ones. */
export async function answer(found: Endpoint, request: ApiRequest, state: ApiState): Promise<Reply> {
  const headers = { Allow: [...Object.keys(found.methods), 'HEAD', 'OPTIONS'].join(', ') };
  if (request.method === 'OPTIONS') return { status: 200, headers: { ...headers, 'Access-Control-Max-Age': '3600' } };
  if (!request.isSystem && !request.isOrganization && !found.isPublic)
    return unauthorized('Authentication credentials were not provided.');

  const handler = found.methods[request.method === 'HEAD' ? 'GET' : request.method];
  if (!handler) return { status: 405, headers, json: { detail: `Method "${request.method}" not allowed.` } };
  const reply = await handler(request, state, { ...found.pattern.exec(request.path)!.groups });
  return { ...reply, headers: { ...headers, ...reply.headers } };
}

/** Django REST Framework's 401, with the challenge of Sentry's QuietBasicAuthentication. */
export function unauthorized(detail: string): Reply {
  return { status: 401, headers: { 'WWW-Authenticate': 'xBasic realm="api"' }, json: { detail } };
}

/** As sentry/api/endpoints/catchall.py: no redirect to the path with its slash, and no credentials needed. */
export function noRoute(path: string, headers: IncomingHttpHeaders): Reply {
  if (path.endsWith('/')) return { status: 404 };
  const help = 'Route not found, did you forget a trailing slash?';
  const suggestion = `try: ${path}/`;
  if (headers['content-type']?.startsWith('application/json')) {
    return { status: 404, json: { info: `${help} ${suggestion}` } };
  }
  return { status: 404, text: `${help}\n\n${suggestion}\n${' '.repeat(suggestion.length - 1)}^\n` };
}

export function notFound(): Reply {
  return { status: 404, json: { detail: 'The requested resource does not exist' } };
}

function index({ isSystem, isOrganization }: ApiRequest): Reply {
  const scopes = isSystem ? SCOPES : isOrganization ? ['org:ci'] : undefined;
  return { status: 200, json: { version: '0', auth: scopes === undefined ? null : { scopes }, user: null } };
}

function makeRelease({ body }: ApiRequest): Reply {
  const { version, projects } = JSON.parse(body.toString());
  return { status: 201, json: { version, projects: projects.map((slug: string) => ({ slug })) } };
}

function listOrganizations(request: ApiRequest, state: ApiState): Reply {
  return page(request, state, organizations(state.urlPrefix), 100);
}

function listProjects(request: ApiRequest, state: ApiState): Reply {
  return page(request, state, allProjects(state.urlPrefix), 100);
}

function listProjectsOfOrganization(request: ApiRequest, state: ApiState, { org }: Record<string, string>): Reply {
  if (!hasOrganization(org!)) return notFound();
  return page(request, state, projectsOf(org!), 100);
}

function describeProject(_request: ApiRequest, _state: ApiState, { org, project }: Record<string, string>): Reply {
  const found = projectsOf(org!).find(({ id, slug }) => slug === project || id === project);
  return found ? { status: 200, json: found } : notFound();
}

/** Those of the projects that the query names; a superuser who names none gets those of all projects. */
function listIssuesOfOrganization(request: ApiRequest, state: ApiState, { org }: Record<string, string>): Reply {
  if (!hasOrganization(org!)) return notFound();
  const asked = request.query.getAll('project');
  const projects = projectsOf(org!).filter(
    ({ id, slug }) => asked.length === 0 || asked.includes(id) || asked.includes(slug),
  );
  const issues = projects.flatMap(({ slug }) => issuesOf(org!, slug, state.urlPrefix) ?? []);
  return page(request, state, issues, 100);
}

function listIssues(request: ApiRequest, state: ApiState, { org, project }: Record<string, string>): Reply {
  const issues = issuesOf(org!, project!, state.urlPrefix);
  if (!issues) return notFound();
  const reply = page(request, state, issues, 25);
  return { ...reply, headers: { ...reply.headers, 'X-Hits': String(issues.length), 'X-Max-Hits': '1000' } };
}

/**
 * One page of a list and its `Link`, as sentry/api/base.py and OffsetPaginator make them: a cursor is
 * `<items per page>:<page>:<0, or 1 for backwards>`, and both links are always there.
 */
export function page(
  { path, query }: ApiRequest,
  { urlPrefix }: ApiState,
  items: unknown[],
  defaultSize: number,
): Reply {
  const size = Number(query.get('per_page') || query.get('limit') || defaultSize);
  if (!Number.isInteger(size) || size < 1) return { status: 400, json: { detail: 'Invalid per_page parameter.' } };
  if (size > 100) return { status: 400, json: { detail: 'Invalid per_page value. Cannot exceed 100.' } };
  const cursor = /^(\d+):(\d+):[01]$/.exec(query.get('cursor') || `${size}:0:0`);
  if (!cursor) return { status: 400, json: { detail: 'Invalid cursor parameter.' } };

  const number = Number(cursor[2]);
  const start = number * size;
  const others = new URLSearchParams(query);
  others.delete('cursor');
  const link = (rel: string, target: string, hasResults: boolean) =>
    `<${urlPrefix}${path}?${others}&cursor=${target}>; rel="${rel}"; results="${hasResults}"; cursor="${target}"`;
  const previous = link('previous', `${size}:${number - 1}:1`, number > 0);
  const next = link('next', `${size}:${number + 1}:0`, start + size < items.length);
  return { status: 200, headers: { Link: `${previous}, ${next}` }, json: items.slice(start, start + size) };
}

const CHUNK_SIZE = 8 * 1024 * 1024;
const CHUNKS_PER_REQUEST = 64;
const REQUEST_SIZE = 32 * 1024 * 1024;
// CHUNK_UPLOAD_ACCEPT in sentry/api/endpoints/chunk.py.
const ACCEPTED = [
  ...['debug_files', 'release_files', 'pdbs', 'sources', 'bcsymbolmaps', 'il2cpp', 'portablepdbs', 'artifact_bundles'],
  ...['artifact_bundles_v2', 'proguard', 'preprod_artifacts', 'dartsymbolmap'],
];

function describeChunkUpload(
  { headers, path }: ApiRequest,
  { urlPrefix, uploadUrlPrefix }: ApiState,
  { org }: Record<string, string>,
): Reply {
  if (!hasOrganization(org!)) return notFound();
  // Only sentry-cli from 1.70.1 up to 2.30.0 gets a path; to any other client the address is absolute.
  const version = /^sentry-cli\/(\d+)\.(\d+)/.exec(headers['user-agent'] ?? '');
  const isOldCli = version !== null && (version[1] === '1' || (version[1] === '2' && Number(version[2]) < 30));
  return {
    status: 200,
    json: {
      url: isOldCli && !uploadUrlPrefix ? path.replace(/^\/api\/0/, '') : (uploadUrlPrefix || urlPrefix) + path,
      chunkSize: CHUNK_SIZE,
      chunksPerRequest: CHUNKS_PER_REQUEST,
      maxFileSize: 2 ** 31,
      maxRequestSize: REQUEST_SIZE,
      concurrency: 8,
      hashAlgorithm: 'sha1',
      compression: ['gzip'],
      accept: ACCEPTED,
    },
  };
}

/** Keeps the chunks of a multipart body if each is what its file name, a SHA-1, says (sentry/api/endpoints/chunk.py). */
async function uploadChunks({ headers, body }: ApiRequest, state: ApiState): Promise<Reply> {
  const refuse = (error: string): Reply => ({ status: 400, json: { error } });
  // A body without parts is not an error for Sentry: an upload whose body was lost on the way looks like a success.
  if (body.length === 0) return { status: 200 };

  const type = headers['content-type'] ?? '';
  const form = await new Response(new Uint8Array(body), { headers: { 'Content-Type': type } })
    .formData()
    .catch(() => undefined);
  if (!form) return { status: 400, json: { detail: 'Multipart form parse error' } };

  const chunks: { name: string; data: Buffer }[] = [];
  for (const [field, file] of form) {
    if (typeof file === 'string' || (field !== 'file' && field !== 'file_gzip')) continue;
    const sent = Buffer.from(await file.arrayBuffer());
    try {
      const data = field === 'file_gzip' ? gunzipSync(sent, { maxOutputLength: CHUNK_SIZE }) : sent;
      chunks.push({ name: file.name, data });
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return refuse(isTooLarge ? 'Chunk size too large' : 'Not a gzipped file');
    }
  }
  if (chunks.some(({ data }) => data.length > CHUNK_SIZE)) return refuse('Chunk size too large');
  if (chunks.reduce((sum, { data }) => sum + data.length, 0) > REQUEST_SIZE) return refuse('Request too large');
  if (chunks.length > CHUNKS_PER_REQUEST) return refuse('Too many chunks');
  if (chunks.some(({ name, data }) => hash('sha1', data) !== name)) return refuse('Checksum mismatch');

  for (const { name, data } of chunks) state.chunks.set(name, data);
  return { status: 200 };
}

/** Says which chunks are missing, or puts them together (DifAssembleEndpoint in sentry/api/endpoints/debug_files.py). */
function assembleDebugFiles({ body }: ApiRequest, { chunks }: ApiState): Reply {
  let wanted: Record<string, { name: string; debug_id?: string; chunks: string[] }>;
  try {
    wanted = JSON.parse(body.toString());
  } catch {
    return { status: 400, json: { error: 'Invalid json body' } };
  }
  const states = Object.entries(wanted).map(([sha1, { name, debug_id, chunks: hashes }]) => {
    const missingChunks = hashes.filter((each) => !chunks.has(each));
    if (missingChunks.length > 0) return [sha1, { state: 'not_found', missingChunks }];

    const whole = createHash('sha1');
    for (const each of hashes) whole.update(chunks.get(each)!);
    if (whole.digest('hex') !== sha1) {
      return [sha1, { state: 'error', missingChunks, detail: 'Reported checksum mismatch' }];
    }
    // A Breakpad file says on its first line what it is about.
    const cpuName = /^MODULE \S+ (\S+)/.exec(chunks.get(hashes[0]!)!.toString('latin1', 0, 100))?.[1] ?? 'any';
    const dif = { id: '1', debugId: debug_id, uuid: debug_id, objectName: name, cpuName, sha1, data: {} };
    return [sha1, { state: 'ok', missingChunks, detail: null, dif }];
  });
  return { status: 200, json: Object.fromEntries(states) };
}
