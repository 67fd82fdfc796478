// An answer for each endpoint that the client programs ask, in the shape that they expect, and the same for everybody: what a
// client may have of it is the proxy's to say.
import {
  type ApiRequest,
  type ApiState,
  type Endpoint,
  endpoint,
  findEndpoint,
  notFound,
  type Reply,
} from '../../demo/sentry-api.ts';
import {
  attachment,
  autofix,
  conversation,
  DATE,
  dashboard,
  detector,
  event,
  flame,
  HEX,
  ISSUE,
  issue,
  key,
  monitor,
  onboarding,
  profile,
  project,
  projectId,
  RELEASE,
  replay,
  repository,
  row,
  rule,
  SECONDS,
  snapshot,
  span,
  tag,
  team,
  turn,
  uptime,
  user,
  validation,
  WEB,
  workflow,
} from './sentry-shapes.ts';

/** With the path of the URL alone: what comes before it is known later. */
const INSTALLATION = {
  isInstallable: true,
  installUrl: '/api/0/projects/acme/checkout/files/installablepreprodartifact/abc/?response_format=apk',
};

/** The answer to a path without `/api/0/`, `{org}` and `{project}`: O is an organization, P a project. The first counts. */
const ANSWERS: readonly (readonly [path: RegExp, json: unknown])[] = [
  [/^auth\/$/, { ...user, isSuperuser: false }],
  [/^internal\/health\/$/, { problems: [], healthy: {} }],
  [/^O\/(?:agents|ai)[/-]?conversations\/[^/]+\/$/, { conversationId: 'talk', title: 'Talk', spans: [turn] }],
  [/^O\/(?:agents|ai)[/-]?conversations\/$/, [conversation]],
  [/^O\/replays\/$/, { data: [replay] }],
  [/^O\/replays\/[^/]+\/$/, { data: replay }],
  [/^O\/replay-count\/$/, { [ISSUE]: [HEX] }],
  [/^P\/replays\/.+\/recording-segments\/$/, [[{ timestamp: 1, type: 5, data: {} }]]],
  [/^O\/dashboards\/$/, [dashboard]],
  [/^O\/dashboards\/[^/]+\/$/, dashboard],
  [
    /^O\/dashboards\/[^/]+\/revisions\/$/,
    [{ id: '1', title: 'Board', dateCreated: DATE, createdBy: user, source: 'edit' }],
  ],
  [/^P\/trace-items\//, { itemId: HEX, timestamp: DATE, attributes: [], meta: {} }],
  [/^O\/workflows\/[^/]+\/$/, workflow],
  [/^O\/(?:combined-rules|alert-rules)\/$|^P\/(?:alert-)?rules\/$/, [rule]],
  [/^O\/alert-rules\/|^P\/(?:alert-)?rules\//, rule],
  [/^O\/(?:projects\/[^/]+\/)?detectors\/$/, [detector]],
  [/^O\/detectors\//, detector],
  [/^O\/monitors\/$/, [monitor]],
  [/^[OP]\/monitors\/[^/]+\/$/, monitor],
  [/^[OP]\/monitors\/[^/]+\/stats\/$/, [{ ts: SECONDS, ok: 1 }]],
  [/^[OP]\/monitors\/[^/]+\/checkins\/$/, [{ id: '1', status: 'ok', dateCreated: DATE }]],
  [/^O\/uptime\/$/, [uptime]],
  [/^P\/uptime\/[^/]+\/checks\/$/, [{ uptimeCheckId: HEX, checkStatus: 'success', timestamp: DATE }]],
  [/^P\/uptime\//, uptime],
  [/^O\/events\/(?:validate)\/$/, validation],
  [/^O\/workflows\/$/, [workflow]],
  [/^O\/events\/$/, { data: [row], meta: { fields: { id: 'string' }, units: {} } }],
  [/^O\/events-(?:timeseries|stats)\/$/, { timeSeries: [], data: [], meta: { fields: {} } }],
  [/^O\/trace-logs\/$/, { data: [row], meta: { fields: {} } }],
  [
    /^O\/trace-items\/attributes\/$/,
    [{ key: 'span.op', name: 'span.op', attributeType: 'string', attributeSource: { source_type: 'sentry' } }],
  ],
  [/^O\/trace-meta\//, { logs: 0, errors: 0, performance_issues: 0, span_count: 1, span_count_map: { http: 1 } }],
  [/^O\/trace\//, [span]],
  [/^O\/tags\/$|^O\/issues\/[^/]+\/tags\/$/, [tag]],
  [/^O\/issues\/[^/]+\/tags\/[^/]+\/$/, tag],
  [/^O\/issues\/[^/]+\/events\/$|^P\/events\/$/, [event]],
  [/^O\/issues\/[^/]+\/events\/[^/]+\/$|^P\/events\/[^/]+\/$/, event],
  [
    /^O\/issues\/[^/]+\/activities\/$/,
    { activity: [{ id: '1', type: 'note', dateCreated: DATE, user, data: { text: 'n' } }] },
  ],
  [/^O\/issues\/[^/]+\/notes\/$/, [{ id: '1', type: 'note', dateCreated: DATE, user, data: { text: 'n' } }]],
  [/^O\/issues\/[^/]+\/autofix\/$/, { autofix }],
  [/^O\/issues\/[^/]+\/(?:external-issues|user-reports|user-feedback|integrations)\/$/, []],
  [/^P\/events\/[^/]+\/attachments\/$/, [attachment]],
  [/^P\/events\/[^/]+\/attachments\/[^/]+\/$/, attachment],
  [/^P\/events\/[^/]+\/committers\/$/, { committers: [] }],
  [/^O\/eventids\//, { organizationSlug: 'acme', projectSlug: 'checkout', groupId: ISSUE, eventId: HEX, event }],
  [/^[OP]\/releases\/[^/]+\/$/, RELEASE],
  [/^[OP]\/releases\/[^/]+\/(?:deploys|commits|files)\/$/, []],
  [/^P\/keys\/$/, [key]],
  [/^P\/keys\//, key],
  [/^O\/teams\/$|^P\/teams\/$/, [team, { ...team, id: '6', slug: 'other' }]],
  [/^teams\/acme\/[^/]+\/projects\/$/, [project]],
  [/^O\/repos\/$/, [repository]],
  [/^O\/profiling\/flamegraph\/$/, flame],
  [
    /^O\/profiling\/chunks\/$/,
    { chunk: { profile, chunk_id: HEX, profiler_id: HEX, platform: 'python', project_id: projectId } },
  ],
  [
    /^P\/profiling\/profiles\//,
    {
      profile,
      transaction: { name: 'GET /', id: HEX, trace_id: HEX },
      platform: 'python',
      profile_id: HEX,
      project_id: projectId,
      timestamp: DATE,
    },
  ],
  [/^O\/preprodartifacts\/snapshots\/latest-base\/$/, snapshot],
  [
    /^O\/preprodartifacts\/snapshots\/[^/]+\/images\//,
    {
      image_url: null,
      display_name: 'home',
      head_image: { key: 'home', image_url: `/api/0/projects/acme/checkout/files/images/${HEX}/` },
    },
  ],
  [/^O\/preprodartifacts\/snapshots\/[^/]+\/$/, snapshot],
  [/^O\/preprodartifacts\/[^/]+\/install-details\/$/, INSTALLATION],
  [/^P\/stacktrace-link\/$/, { config: null, sourceUrl: null }],
  [/^O\/events-dropped\/$/, { data: [], meta: { fields: {} } }],
  [/^O\/stats_v2\/$/, { groups: [], intervals: [], start: DATE, end: DATE }],
  [/^O\/org-auth-tokens\/$|^O\/integrations\/$/, []],
  [/^P\/environments\/$|^O\/environments\/$/, [{ id: '1', name: 'production', isHidden: false }]],
];

const EMPTY_ZIP = `PK\x05\x06${'\0'.repeat(18)}`;

/** What a request that changes something gets, by its path, where it is not what a GET gets. */
const CHANGED: readonly (readonly [path: RegExp, json: unknown])[] = [
  [/^O\/issues\/$|^P\/issues\/$/, {}],
  [/^O\/issues\/[^/]+\/$/, issue],
  [/^O\/issues\/[^/]+\/notes\/$/, { id: '1', type: 'note', dateCreated: DATE, user, data: { text: 'n' } }],
  [/^O\/issues\/[^/]+\/autofix\/$/, { run_id: 1 }],
  [/^O\/teams\/$/, team],
  [/^P\/files\/dsyms\/$/, []],
  [/^P\/files\/preprodartifacts\/assemble\/$/, { state: 'created', missingChunks: [], artifactUrl: WEB }],
  [/^P\/uptime\/$/, uptime],
  [/^P\/keys\/$/, key],
  [/^teams\/acme\/[^/]+\/projects\/$|^P\/$|^P\/teams\//, project],
  [/^O\/dashboards\/$/, dashboard],
  [/^O\/onboarding\/agent\/status\/$/, onboarding],
  [/^O\/code-mappings\/bulk\/$/, { created: 1, updated: 0, errors: 0, mappings: [] }],
  [/^O\/releases\/[^/]+\/deploys\/$/, { id: '1', environment: 'production', name: null }],
  [/^P\/preprodartifacts\/snapshots\/$/, { artifactId: '12', imageCount: 1, snapshotUrl: WEB }],
];

/** The link to a build needs no login. */
export const installation = endpoint(
  '/api/0/projects/:org/:project/files/installablepreprodartifact/:id/',
  { GET: () => ({ status: 200, text: 'a build' }) },
  true,
);

/** The endpoints that nothing else of the stand-in has. */
export const everything: Endpoint = {
  pattern: /^\/api\/0\/.+/,
  methods: Object.fromEntries(['GET', 'POST', 'PUT', 'DELETE'].map((method) => [method, answer])),
};

async function answer(request: ApiRequest, state: ApiState): Promise<Reply> {
  const { method, path, query, headers } = request;
  const known = findEndpoint(path);
  const handler = known?.methods[method];
  if (handler !== undefined) return handler(request, state, { ...known!.pattern.exec(path)!.groups });
  const short = shortened(path);
  if (/^O\/preprodartifacts\/snapshots\/[^/]+\/archive\/$/.test(short))
    return query.has('download') ? { status: 200, text: EMPTY_ZIP } : { status: 200, json: { ready: true } };
  if (/^P\/files\/images\//.test(short)) return { status: 200, text: 'GIF89a' };
  const find = (answers: typeof ANSWERS) => answers.find(([pattern]) => pattern.test(short))?.[1];
  const json = (method === 'GET' ? undefined : find(CHANGED)) ?? find(ANSWERS);
  if (json === undefined) return method === 'DELETE' ? { status: 204 } : notFound();
  return {
    status: 200,
    json: json === INSTALLATION ? { ...json, installUrl: `http://${headers.host}${INSTALLATION.installUrl}` } : json,
  };
}

const shortened = (path: string): string =>
  path
    .replace(/^\/api\/0\//, '')
    .replace(/^organizations\/acme(?=\/)/, 'O')
    .replace(/^projects\/acme\/[^/]+(?=\/)/, 'P');
