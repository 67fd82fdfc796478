// Rows that Sentry's source showed to grant more than their path and scope say, and what closes each.

/** Something that a client may not do, or see. */
export interface Hole {
  readonly method: string;
  readonly path: string;
  /** A client with projects and all scopes, or one with these scopes in the whole organization. */
  readonly client: 'projects' | readonly string[];
  readonly query?: string;
  readonly body?: unknown;
  /** A body without the hole, where the row wants one. */
  readonly harmless?: unknown;
  /**
   * - `closed`: the row is refused to the client
   * - `refused`: the request is refused, and passes without `query` and `body`, for things of the client's own
   * - keys that the response loses, or a list that is filtered
   * - `accepted`: nothing in the request shows it, for this reason
   */
  readonly is:
    | 'closed'
    | 'refused'
    | { readonly loses: string }
    | { readonly filters: string }
    | { readonly accepted: string };
}

type Line = readonly [request: string, client: Hole['client'], is: Hole['is'], more?: Partial<Hole>];

const O = '/api/0/organizations/{org}';
const P = '/api/0/projects/{org}/{project}';
const WRITER = ['event:write'];
const EVERYTHING = ['*'];
const DISCARD = { body: { discard: true } };

const LINES: readonly Line[] = [
  ['PUT /api/0/issues/{issue_id}/', WRITER, 'refused', DISCARD],
  [`GET ${O}/events-stats/`, EVERYTHING, 'refused', { query: 'dashboardWidgetId=5' }],
  [`GET ${O}/events/`, EVERYTHING, 'refused', { query: 'dashboardWidgetId=5' }],
  [`GET ${O}/events/`, EVERYTHING, 'refused', { query: 'discoverSavedQueryId=5' }],
  [`DELETE ${O}/external-users/{external_user_id}/`, ['org:write'], 'closed'],
  [`PUT ${O}/issues/`, WRITER, 'refused', DISCARD],
  [`PUT ${O}/issues/`, 'projects', 'refused', { query: 'id=SECRET-1' }],
  [`GET ${O}/issues/{issue_id}/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/`, 'projects', { loses: 'projects' }],
  [`GET ${O}/issues/{issue_id}/events/{event_id}/`, 'projects', { loses: 'projects' }],
  [`GET ${P}/events/{event_id}/`, 'projects', { loses: 'projects' }],
  [`PUT ${O}/issues/{issue_id}/`, WRITER, 'refused', DISCARD],
  [`PUT ${O}/issues/{issue_id}/`, 'projects', 'refused'],
  [`DELETE ${O}/issues/{issue_id}/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/activities/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/attachments/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/autofix/`, 'projects', 'closed'],
  [`POST ${O}/issues/{issue_id}/autofix/`, 'projects', 'closed'],
  [`GET ${O}/issues/{issue_id}/autofix/setup/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/events/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/events/{event_id}/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/external-issues/`, 'projects', 'refused'],
  [`DELETE ${O}/issues/{issue_id}/external-issues/{external_issue_id}/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/hashes/`, 'projects', 'refused'],
  [`GET ${O}/issues/{issue_id}/integrations/`, 'projects', 'closed'],
  [`GET ${O}/issues/{issue_id}/integrations/{integration_id}/`, 'projects', 'closed'],
  [`POST ${O}/issues/{issue_id}/integrations/{integration_id}/`, 'projects', 'closed'],
  [`PUT ${O}/issues/{issue_id}/integrations/{integration_id}/`, 'projects', 'closed'],
  [`POST ${O}/issues/{issue_id}/summarize/`, 'projects', 'closed'],
  [`GET ${O}/replay-count/`, 'projects', 'refused', { query: 'query=issue.id:[5]' }],
  [`GET ${P}/events/{event_id}/attachments/{attachment_id}/`, EVERYTHING, 'closed'],
  [`DELETE ${P}/events/{event_id}/attachments/{attachment_id}/`, EVERYTHING, 'closed'],
  [`PUT ${P}/issues/`, 'projects', 'refused', { query: 'id=SECRET-1' }],
  [`PUT ${P}/issues/`, WRITER, 'refused', DISCARD],
  [
    `POST ${O}/artifactbundle/assemble/`,
    'projects',
    {
      accepted:
        'who knows the id of another bundle can replace it by a manifest inside the upload, which the proxy does not see',
    },
  ],
  [`POST ${O}/code-mappings/`, 'projects', 'closed'],
  [`POST ${O}/code-mappings/bulk/`, 'projects', 'closed'],
  [`GET ${O}/preprodartifacts/{artifact_id}/install-details/`, EVERYTHING, 'closed'],
  [`GET ${O}/releases/`, 'projects', { filters: '[].projects' }],
  [`GET ${O}/releases/`, 'projects', { loses: 'adoptionStages' }],
  [`GET ${P}/stacktrace-link/`, 'projects', { loses: 'integrations' }],
  [
    `POST ${O}/releases/`,
    'projects',
    'refused',
    { body: { commits: [], projects: ['web'] }, harmless: { projects: ['web'] } },
  ],
  [`PUT ${O}/releases/{version}/`, 'projects', 'refused', { body: { refs: [] } }],
  [`POST ${O}/releases/{version}/assemble/`, 'projects', 'closed'],
  [`GET ${O}/releases/{version}/files/{file_id}/`, ['project:read'], 'refused', { query: 'download=1' }],
  [`GET ${O}/releases/{version}/previous-with-commits/`, 'projects', { loses: 'projects' }],
  [`GET ${P}/files/dsyms/`, ['project:read'], 'refused', { query: 'id=5' }],
  [`DELETE ${P}/files/dsyms/`, ['project:releases'], 'closed'],
  [`POST ${P}/files/preprodartifacts/assemble/`, 'projects', 'refused', { body: { head_repo_name: 'acme/other' } }],
  [`POST ${P}/preprod/size-analysis/status-checks/skip/`, 'projects', 'closed'],
  [`POST ${P}/preprod/snapshots/status-checks/skip/`, 'projects', 'closed'],
  [`GET ${P}/preprodartifacts/build-distribution/latest/`, ['project:read'], 'closed'],
  [`POST ${P}/preprodartifacts/snapshots/`, 'projects', 'closed'],
  [`GET ${P}/preprodartifacts/snapshots/upload-options/`, EVERYTHING, 'closed'],
  [`GET ${P}/releases/`, 'projects', { filters: '[].projects' }],
  [`POST ${P}/releases/`, 'projects', 'refused', { body: { version: '1.0' } }],
  [`POST ${P}/releases/`, 'projects', 'refused', { body: { commits: [] } }],
  [`GET ${P}/releases/token/`, EVERYTHING, 'closed'],
  [`POST ${P}/releases/token/`, EVERYTHING, 'closed'],
  [`GET ${P}/releases/{version}/`, 'projects', { filters: 'projects' }],
  [`PUT ${P}/releases/{version}/`, 'projects', 'refused'],
  [`PUT ${P}/releases/{version}/`, 'projects', 'refused', { body: { commits: [] } }],
  [`DELETE ${P}/releases/{version}/`, 'projects', 'refused'],
  [`GET ${P}/releases/{version}/commits/`, 'projects', 'refused'],
  [`GET ${P}/releases/{version}/files/`, 'projects', 'refused'],
  [`POST ${P}/releases/{version}/files/`, 'projects', 'refused'],
  [`GET ${P}/releases/{version}/files/{file_id}/`, 'projects', 'refused'],
  [`GET ${P}/releases/{version}/files/{file_id}/`, ['project:read'], 'refused', { query: 'download' }],
  [`PUT ${P}/releases/{version}/files/{file_id}/`, 'projects', 'refused'],
  [`DELETE ${P}/releases/{version}/files/{file_id}/`, 'projects', 'refused'],
  [`POST ${P}/repo/`, 'projects', 'closed'],
  [`POST ${P}/seer/repos/`, 'projects', 'closed'],
  [`PUT ${P}/seer/repos/`, 'projects', 'closed'],
  [`GET ${O}/combined-rules/`, EVERYTHING, { loses: 'headers' }],
  [`GET ${O}/dashboards/`, EVERYTHING, 'refused', { query: 'filter=excludeFavorites' }],
  [`PUT ${O}/dashboards/{dashboard_id}/`, ['org:write'], 'closed'],
  [`DELETE ${O}/dashboards/{dashboard_id}/`, ['org:write'], 'closed'],
  [`POST ${O}/dashboards/{dashboard_id}/revisions/{revision_id}/restore/`, ['org:write'], 'closed'],
  [`GET ${O}/detectors/`, EVERYTHING, { loses: 'headers' }],
  [`GET ${O}/detectors/`, 'projects', 'refused', { query: 'id=5' }],
  [`PUT ${O}/detectors/`, ['alerts:write'], 'closed'],
  [`GET ${O}/detectors/{detector_id}/`, EVERYTHING, { loses: 'headers' }],
  [`GET ${O}/detectors/{detector_id}/`, 'projects', 'refused'],
  [`PUT ${O}/detectors/{detector_id}/`, ['alerts:write'], 'closed'],
  [
    `PUT ${O}/detectors/{detector_id}/`,
    EVERYTHING,
    'refused',
    { body: { dataSources: [{ url: 'https://evil.example' }] } },
  ],
  [`POST ${O}/notifications/actions/`, ['org:write'], 'closed'],
  [`PUT ${O}/notifications/actions/{action_id}/`, ['org:write'], 'closed'],
  [`DELETE ${O}/notifications/actions/{action_id}/`, ['org:write'], 'closed'],
  [`DELETE ${O}/notifications/actions/{action_id}/`, 'projects', 'refused'],
  [
    `POST ${O}/notifications/actions/`,
    'projects',
    'refused',
    { body: { projects: ['web'], sentryAppId: 5 }, harmless: { projects: ['web'] } },
  ],
  [
    `PUT ${O}/notifications/actions/{action_id}/`,
    'projects',
    'refused',
    { body: { projects: ['web'] }, harmless: { projects: ['web'] } },
  ],
  [`POST ${O}/projects/{project}/detectors/`, 'projects', 'refused', { body: { workflow_ids: [5] } }],
  [`POST ${O}/projects/{project}/detectors/`, EVERYTHING, 'refused', { body: { config: { mode: 1 } } }],
  [`GET ${O}/uptime/`, EVERYTHING, { loses: 'body' }],
  [`POST ${O}/workflows/`, EVERYTHING, 'refused', { body: { environmentId: 5 } }],
  [`PUT ${O}/workflows/{workflow_id}/`, EVERYTHING, 'refused', { body: { environment_id: 5 } }],
  [`POST ${P}/alert-rules/`, 'projects', 'refused', { body: { projects: ['secret'] } }],
  [`PUT ${P}/alert-rules/{alert_rule_id}/`, 'projects', 'refused', { body: { projects: ['secret'] } }],
  [`GET ${P}/rules/{rule_id}/`, 'projects', 'refused'],
  [`PUT ${P}/rules/{rule_id}/`, 'projects', 'refused'],
  [`DELETE ${P}/rules/{rule_id}/`, 'projects', 'refused'],
  [`POST ${P}/uptime/`, EVERYTHING, 'refused', { body: { mode: 1 } }],
  [`GET ${P}/uptime/{uptime_detector_id}/`, EVERYTHING, { loses: 'headers' }],
  [`PUT ${P}/uptime/{uptime_detector_id}/`, EVERYTHING, 'refused', { body: { url: 'https://evil.example' } }],
  ['GET /api/0/', EVERYTHING, { loses: 'user' }],
  [`PUT ${O}/`, ['org:write'], 'refused', { body: { defaultRole: 'owner' } }],
  [`GET ${O}/integrations/{integration_id}/channels/`, EVERYTHING, 'closed'],
  [`POST ${O}/integrations/{integration_id}/`, EVERYTHING, 'closed'],
  [`POST ${O}/onboarding/agent/status/`, EVERYTHING, 'closed'],
  [`POST ${O}/members/`, ['member:write'], 'closed'],
  [`POST ${O}/members/`, ['member:admin'], 'refused', { body: { orgRole: 'owner' } }],
  [`PUT ${O}/members/{member_id}/`, ['member:write'], 'closed'],
  [`PUT ${O}/members/{member_id}/`, ['member:admin'], 'refused', { body: { orgRole: 'owner' } }],
  [`PUT ${O}/members/{member_id}/`, ['member:admin'], { loses: 'invite_link' }],
  [`GET ${O}/members/{member_id}/`, ['member:read'], { loses: 'invite_link' }],
  [`DELETE ${O}/members/{member_id}/`, ['member:write'], 'closed'],
  [`GET ${O}/projects/`, EVERYTHING, 'refused', { query: 'options=sentry:token' }],
  [`PUT ${P}/`, ['project:write'], 'refused', { body: { symbolSources: '[]' } }],
  [`PUT ${P}/`, ['project:write'], 'refused', { body: { allowedDomains: ['evil.example'] } }],
  [`PUT ${P}/`, EVERYTHING, 'refused', { body: { options: { 'sentry:origins': 'evil.example' } } }],
  [`PUT ${P}/`, EVERYTHING, { loses: 'doc' }],
  [`GET ${P}/`, EVERYTHING, { loses: 'doc' }],
  [`PUT ${P}/`, 'projects', 'refused', { body: { copy_from_project: 13 } }],
  [`POST ${P}/keys/`, EVERYTHING, 'closed'],
  [`POST ${O}/dashboards/widgets/`, 'projects', 'closed'],
  [`GET ${P}/alert-rule-task/{task_uuid}/`, 'projects', { loses: 'projects' }],
  [`GET ${P}/events/{event_id}/json/`, EVERYTHING, { loses: 'public_key' }],
  [`POST ${P}/files/proguard-artifact-releases`, 'projects', 'refused', { body: { project: 'secret' } }],
  [`GET ${P}/plugins/{plugin_id}/`, EVERYTHING, 'closed'],
  [`POST ${P}/plugins/{plugin_id}/`, EVERYTHING, 'closed'],
  [`PUT ${P}/plugins/{plugin_id}/`, EVERYTHING, 'closed'],
];

export const HOLES: readonly Hole[] = LINES.map(([request, client, is, more]) => {
  const [method = '', path = ''] = request.split(' ');
  return { method, path, client, is, ...more };
});
