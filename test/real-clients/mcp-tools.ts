// Every tool of sentry-mcp that asks Sentry, with arguments for which the stand-in has an answer.
import { HEX } from './sentry-shapes.ts';

type Arguments = Readonly<Record<string, unknown>>;

const PERIOD = { period: '7d' };

/** Those that read. `get_doc` and `search_docs` ask Sentry's public documentation. */
export const READING: Readonly<Record<string, Arguments>> = {
  find_organizations: {},
  find_projects: {},
  find_teams: {},
  find_releases: {},
  find_dsns: { projectSlug: 'checkout' },
  find_alert_rules: { projectSlug: 'checkout' },
  find_dashboards: {},
  find_monitors: {},
  find_uptime_monitors: {},
  search_issues: { query: 'is:unresolved' },
  search_events: { dataset: 'errors', query: 'level:error', fields: ['title', 'issue'], sort: '-timestamp' },
  search_issue_events: { issueId: 'CHECKOUT-3A', query: 'level:error', sort: '-timestamp' },
  search_ai_conversations: {},
  search_agent_conversations: {},
  get_issue_details: { issueId: 'CHECKOUT-3A' },
  get_issue_activity: { issueId: 'CHECKOUT-3A' },
  get_issue_breadcrumbs: { issueId: 'CHECKOUT-3A' },
  get_issue_tag_values: { issueId: 'CHECKOUT-3A', tagKey: 'browser' },
  get_issue_user_reports: { issueId: 'CHECKOUT-3A' },
  get_event_stacktrace: { issueId: 'CHECKOUT-3A' },
  get_event_attachment: { projectSlug: 'checkout', eventId: HEX },
  get_sentry_resource: { resourceType: 'issue', resourceId: 'CHECKOUT-3A' },
  get_release_details: {
    releaseVersion: 'app@1.0.0',
    projectSlugOrId: 'checkout',
    includeHealth: true,
    includeDeploys: true,
    includeCommits: true,
  },
  get_alert_rule: { ruleIdOrName: '7', kind: 'metric' },
  get_dashboard_details: { dashboardIdOrTitle: '11' },
  get_monitor_details: { monitorSlug: 'nightly', includeStats: true },
  get_uptime_monitor_details: { projectSlug: 'checkout', uptimeMonitorId: '10' },
  get_replay_details: { replayId: HEX },
  get_trace_details: { traceId: HEX },
  get_span_details: { traceId: HEX, spanId: 'cd'.repeat(8) },
  get_profile: { projectSlugOrId: 'checkout', transactionName: 'GET /', ...PERIOD },
  get_profile_details: { projectSlugOrId: 'checkout', profileId: HEX },
  get_ai_conversation_details: { conversationId: 'talk' },
  get_agent_conversation_details: { conversationId: 'talk' },
  get_snapshot: { snapshotId: '12' },
  get_snapshot_image: { snapshotId: '12', imageIdentifier: 'home.png', imageResolution: 'full' },
  get_latest_base_snapshot: { appId: 'app', project: 'checkout' },
  whoami: {},
};

/** Those that change something. */
export const CHANGING: Readonly<Record<string, Arguments>> = {
  analyze_issue_with_seer: { issueId: 'CHECKOUT-3A' },
  update_issue: { issueId: 'CHECKOUT-3A', status: 'resolved' },
  add_issue_note: { issueId: 'CHECKOUT-3A', text: 'a note' },
  update_project: { projectSlug: 'checkout', name: 'Checkout' },
  add_team_to_project: { projectSlug: 'checkout', teamSlug: 'crew' },
  remove_team_from_project: { projectSlug: 'checkout', teamSlug: 'crew' },
  create_team: { name: 'Crew' },
  create_project: { teamSlug: 'crew', name: 'New' },
  create_dsn: { projectSlug: 'checkout', name: 'Second' },
  update_dsn: { projectSlug: 'checkout', keyId: HEX, name: 'Renamed' },
  create_uptime_monitor: { projectSlug: 'checkout', name: 'Up', url: 'https://example.org', intervalSeconds: 60 },
  update_uptime_monitor: { projectSlug: 'checkout', uptimeMonitorId: '10', name: 'Up' },
  delete_uptime_monitor: { projectSlug: 'checkout', uptimeMonitorId: '10' },
  onboarding_status_update: { runToken: 'a1'.repeat(5), update: { stage: 'create_project', status: 'active' } },
};
