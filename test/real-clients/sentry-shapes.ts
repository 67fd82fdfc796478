// What Sentry answers with, in the shapes that the client programs check. The data is invented.
import { issuesOf, projectsOf } from '../../demo/sentry-data.ts';

export const DATE = '2025-09-01T12:00:00Z';
export const SECONDS = Date.parse(DATE) / 1000;
export const HEX = 'ab'.repeat(16);
export const SPAN = 'cd'.repeat(8);
export const WEB = 'http://sentry.invalid';

export const project = { ...projectsOf('acme')[0]!, slug: 'checkout' };
export const projectId = Number(project.id);
export const issue = { ...issuesOf('acme', 'checkout', WEB)![0]!, type: 'error' };
export const ISSUE = issue.id;
/** An issue that is what a user wrote. */
export const FEEDBACK = '2001';
export const team = { id: '5', slug: 'crew', name: 'Crew', projects: [project] };
export const user = { id: '1', name: 'Ann', email: 'ann@example.org', username: 'ann', type: 'user' };

export const frame = {
  filename: 'a.py',
  function: 'f',
  lineNo: 1,
  colNo: 1,
  absPath: '/a.py',
  module: 'a',
  inApp: true,
  context: [],
};
export const stacktrace = { frames: [frame] };
export const event = {
  ...{ id: HEX, eventID: HEX, groupID: ISSUE, title: issue.title, message: 'm', platform: 'python', type: 'error' },
  ...{
    culprit: 'c',
    dateCreated: DATE,
    dateReceived: DATE,
    projectID: project.id,
    tags: [{ key: 'browser', value: 'x' }],
  },
  ...{ size: 1, metadata: {}, user, location: null, projectSlug: 'checkout', 'event.type': 'error' },
  contexts: { trace: { trace_id: HEX, span_id: SPAN, type: 'trace' } },
  entries: [
    { type: 'exception', data: { values: [{ type: 'E', value: 'v', stacktrace }] } },
    {
      type: 'threads',
      data: { values: [{ id: 1, name: 'main', current: true, crashed: true, state: null, stacktrace }] },
    },
    {
      type: 'breadcrumbs',
      data: { values: [{ timestamp: DATE, type: 'default', category: 'c', level: 'info', message: 'b' }] },
    },
  ],
};
export const RELEASE = {
  ...{ id: 1, version: 'app@1.0.0', shortVersion: '1.0.0', dateCreated: DATE, dateReleased: DATE, status: 'open' },
  ...{
    firstEvent: DATE,
    lastEvent: DATE,
    newGroups: 0,
    commitCount: 0,
    deployCount: 0,
    authors: [],
    url: null,
    ref: null,
  },
  ...{ lastCommit: null, lastDeploy: null, projects: [{ ...project, newGroups: 0 }], versionInfo: null, data: {} },
};
export const rule = {
  ...{ id: '7', name: 'Alert', status: 'active', query: '', aggregate: 'count()', dataset: 'events', timeWindow: 60 },
  ...{
    projects: ['checkout'],
    triggers: [],
    conditions: [],
    filters: [],
    actions: [],
    actionMatch: 'any',
    frequency: 30,
  },
  ...{ dateCreated: DATE, enabled: true, environment: null, owner: null, detectorIds: ['8'], projectId: project.id },
};
export const workflow = {
  ...rule,
  triggers: { id: '1', organizationId: '1', logicType: 'any-short', conditions: [], actions: [] },
  ...{ actionFilters: [], config: { frequency: 30 }, createdBy: null, dateUpdated: DATE, lastTriggered: null },
};
export const detector = {
  ...rule,
  id: '8',
  type: 'metric_issue',
  workflowIds: ['7'],
  dataSources: [],
  conditionGroup: null,
  config: {},
};
export const monitor = {
  ...{ id: '9', slug: 'nightly', name: 'Nightly', status: 'active', type: 'cron_job', isMuted: false, project },
  ...{ dateCreated: DATE, config: { schedule: '0 0 * * *', schedule_type: 'crontab' }, environments: [] },
};
export const uptime = {
  ...{ id: '10', projectSlug: 'checkout', name: 'Up', status: 'active', url: WEB, method: 'GET', intervalSeconds: 60 },
  ...{ timeoutMs: 1000, headers: [], environment: null, owner: null, uptimeStatus: 1, mode: 1 },
};
export const widgetQuery = {
  ...{ id: '1', name: '', fields: ['count()'], aggregates: ['count()'], columns: [], fieldAliases: [], conditions: '' },
  ...{ orderby: '', widgetId: '1' },
};
export const dashboard = {
  ...{ id: '11', title: 'Board', dateCreated: DATE, createdBy: user, projects: [], environment: [], filters: {} },
  ...{ widgetDisplay: [], widgetPreview: [], isFavorited: false },
  widgets: [{ id: '1', title: 'W', displayType: 'line', dateCreated: DATE, dashboardId: '11', queries: [widgetQuery] }],
};
export const replay = {
  ...{
    id: HEX,
    project_id: project.id,
    urls: [WEB],
    tags: {},
    duration: 5,
    started_at: DATE,
    finished_at: DATE,
    count_errors: 0,
  },
  ...{
    count_segments: 1,
    error_ids: [],
    trace_ids: [HEX],
    info_ids: [],
    warning_ids: [],
    releases: [],
    is_archived: false,
  },
  ...{
    browser: {},
    device: {},
    os: {},
    sdk: {},
    user: {},
    environment: 'production',
    activity: 1,
    replay_type: 'session',
  },
};
export const key = {
  ...{ id: HEX, name: 'Default', dsn: { public: `http://${HEX}@sentry.invalid/2` }, isActive: true, dateCreated: DATE },
  ...{ rateLimit: null, public: HEX, projectId },
};
export const span = {
  ...{
    children: [],
    errors: [],
    occurrences: [],
    event_id: SPAN,
    span_id: SPAN,
    transaction_id: HEX,
    project_id: projectId,
  },
  ...{
    project_slug: 'checkout',
    parent_span_id: null,
    start_timestamp: SECONDS,
    end_timestamp: SECONDS + 1,
    duration: 1000,
  },
  ...{
    op: 'http',
    description: 'GET /',
    is_transaction: true,
    transaction: 'GET /',
    name: 'GET /',
    event_type: 'span',
  },
};
export const row = {
  ...{
    id: HEX,
    issue: issue.shortId,
    'issue.id': Number(ISSUE),
    project: 'checkout',
    'project.name': 'checkout',
    title: 't',
  },
  ...{ 'count()': 1, 'last_seen()': DATE, trace: HEX, 'span.op': 'http', 'span.description': 'd', 'span.duration': 1 },
  ...{
    transaction: 'GET /',
    timestamp: DATE,
    message: 'm',
    severity: 'info',
    span_id: SPAN,
    'sentry.item_id': HEX,
    'project.id': projectId,
  },
  ...{
    'profile.id': HEX,
    timestamp_precise: SECONDS,
    'transaction.duration': 1,
    is_transaction: true,
    parent_span: null,
  },
  ...{ 'profiler.id': HEX, 'thread.id': '1', 'precise.start_ts': SECONDS, 'precise.finish_ts': SECONDS + 1 },
};
export const conversation = {
  ...{
    conversationId: 'talk',
    title: 'Talk',
    flow: [],
    errors: 0,
    llmCalls: 1,
    toolCalls: 0,
    totalTokens: 1,
    totalCost: 0,
  },
  ...{
    startTimestamp: SECONDS * 1000,
    endTimestamp: SECONDS * 1000 + 1,
    traceCount: 1,
    traceIds: [HEX],
    firstInput: 'a',
  },
  ...{ lastOutput: 'b', user: null, toolNames: [], toolErrors: 0, duration: 1, timestamp: SECONDS },
};
export const turn = {
  ...{ 'gen_ai.conversation.id': 'talk', span_id: SPAN, trace: HEX, 'precise.start_ts': SECONDS, project: 'checkout' },
  ...{ 'precise.finish_ts': SECONDS + 1, 'project.id': projectId, 'gen_ai.operation.type': 'ai_client' },
};
export const profileFrame = { function: 'f', in_app: true, filename: 'a.py', lineno: 1 };
export const profile = {
  ...{ frames: [profileFrame], stacks: [[0]], thread_metadata: { '1': { name: 'main' } } },
  samples: [{ stack_id: 0, thread_id: '1', timestamp: SECONDS, elapsed_since_start_ns: 1 }],
};
export const flame = {
  ...{ activeProfileIndex: 0, platform: 'python', projectID: projectId, transactionName: 'GET /', metadata: {} },
  profiles: [
    {
      ...{ endValue: 1, isMainThread: true, name: 'main', samples: [[0]], startValue: 0, threadID: 1, type: 'sampled' },
      ...{ unit: 'nanoseconds', weights: [1], sample_durations_ns: [1], sample_counts: [1] },
    },
  ],
  shared: {
    frames: [{ file: 'a.py', is_application: true, line: 1, name: 'f', fingerprint: 1 }],
    frame_infos: [
      { count: 1, weight: 1, sumDuration: 1, sumSelfTime: 1, p75Duration: 1, p95Duration: 1, p99Duration: 1 },
    ],
    profiles: [{ project_id: projectId, profile_id: HEX, start: SECONDS, end: SECONDS + 1 }],
  },
};
export const snapshot = {
  ...{
    head_artifact_id: '12',
    base_artifact_id: null,
    project_id: project.id,
    app_id: 'app',
    state: 'done',
    vcs_info: {},
  },
  ...{
    comparison_type: 'solo',
    images: [{ display_name: 'home', image_file_name: 'home.png', key: 'home', width: 1, height: 1 }],
  },
  ...{
    image_count: 1,
    added: [],
    removed: [],
    changed: [],
    unchanged: [],
    renamed: [],
    errored: [],
    project_slug: 'checkout',
  },
};
export const attachment = {
  id: '13',
  name: 'a.txt',
  type: 'event.attachment',
  size: 1,
  mimetype: 'text/plain',
  dateCreated: DATE,
};
export const repository = {
  id: '14',
  name: 'acme/web',
  provider: { id: 'integrations:github', name: 'GitHub' },
  url: 'https://github.com/acme/web',
  status: 'active',
  dateCreated: DATE,
};
export const tag = {
  key: 'browser',
  name: 'Browser',
  totalValues: 1,
  uniqueValues: 1,
  topValues: [{ value: 'x', count: 1, key: 'browser', name: 'x' }],
};
export const autofix = { run_id: 1, status: 'completed', updated_at: DATE, blocks: [], steps: [], repositories: [] };
export const validation = {
  ...{ valid: true, projects: [], dataset: [], environment: [], field: [], orderby: [] },
  query: { valid: true, error: null, fields: [] },
};
export const onboarding = {
  ...{ schemaVersion: 1, runId: '1', channelId: '1', clientRunId: '1', createdAt: DATE, updatedAt: DATE, sequence: 1 },
  ...{ expiresAt: DATE, continueUpdates: true, runStatus: 'active', stages: [] },
};
