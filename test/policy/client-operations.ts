// Every operation of 14 client programs: sentry-cli 3.8.0 and 2.58.6, the bundler plugins 11.9, action-release and fastlane,
// `sentry` 0.49.0, sentry-mcp 0.39.0, Grafana's data source 2.2.5, terraform-provider-sentry of July 2026, n8n, Airbyte,
// tap-sentry, Backstage and four Prometheus exporters, read in their packages or source.
import type { Client } from '../../src/policy/client.ts';
import { decide } from '../../src/policy/decide.ts';
import { exampleTarget } from './examples.ts';

/** O is an organization, P a project, T a team. */
const OPERATIONS = `
GET /api/0/
GET /api/0/auth/
GET /api/0/customers/{org}/
PUT /api/0/customers/{org}/product-trial/
GET /api/0/internal/health/
DELETE GET PUT /api/0/issues/{issue_id}/
GET POST /api/0/organizations/
DELETE GET PUT O/
GET O/agents/conversations/
GET O/agents/conversations/{conversation_id}/
GET O/alert-rule-detector/
GET O/alert-rules/
GET O/alert-rules/{alert_rule_id}/
POST O/artifactbundle/assemble/
GET O/available-actions/
GET POST O/chunk-upload/
GET POST O/code-mappings/
POST O/code-mappings/bulk/
DELETE PUT O/code-mappings/{config_id}/
GET O/combined-rules/
GET POST O/dashboards/
POST O/dashboards/widgets/
DELETE GET PUT O/dashboards/{dashboard_id}/
GET O/dashboards/{dashboard_id}/revisions/
POST O/dashboards/{dashboard_id}/revisions/{revision_id}/restore/
GET O/data-conditions/
GET O/detectors/
DELETE GET PUT O/detectors/{detector_id}/
GET O/environments/
GET O/eventids/{event_id}/
GET O/events-dropped/
GET O/events-stats/
GET O/events-timeseries/
GET O/events/
GET O/events/validate/
GET O/integrations/
DELETE GET POST O/integrations/{integration_id}/
GET PUT O/issues/
GET PUT O/issues/{issue_id}/
GET O/issues/{issue_id}/activities/
GET POST O/issues/{issue_id}/autofix/
GET O/issues/{issue_id}/events/
GET O/issues/{issue_id}/events/{event_id}/
GET O/issues/{issue_id}/external-issues/
DELETE O/issues/{issue_id}/external-issues/{external_issue_id}/
GET O/issues/{issue_id}/integrations/
DELETE PUT O/issues/{issue_id}/integrations/{integration_id}/
GET POST O/issues/{issue_id}/notes/
GET O/issues/{issue_id}/tags/
GET O/issues/{issue_id}/tags/{key}/
GET O/issues/{issue_id}/user-feedback/
GET O/issues/{issue_id}/user-reports/
GET POST O/members/
DELETE GET PUT O/members/{member_id}/
DELETE POST PUT O/members/{member_id}/teams/{team}/
GET O/metrics/data/
GET O/monitors/
GET O/monitors/{monitor_id_or_slug}/
GET O/monitors/{monitor_id_or_slug}/checkins/
GET O/monitors/{monitor_id_or_slug}/stats/
POST O/notifications/actions/
DELETE GET PUT O/notifications/actions/{action_id}/
POST O/onboarding/agent/status/
GET POST O/org-auth-tokens/
DELETE O/org-auth-tokens/{token_id}/
GET O/preprodartifacts/snapshots/latest-base/
GET O/preprodartifacts/snapshots/{snapshot_id}/
GET POST O/preprodartifacts/snapshots/{snapshot_id}/archive/
GET O/preprodartifacts/snapshots/{snapshot_id}/images/{image_identifier}/
GET O/preprodartifacts/{artifact_id}/install-details/
GET O/profiling/chunks/
GET O/profiling/flamegraph/
GET POST O/projects/
POST O/projects/{project}/detectors/
GET POST O/releases/
DELETE GET PUT O/releases/{version}/
POST O/releases/{version}/assemble/
GET O/releases/{version}/commits/
GET POST O/releases/{version}/deploys/
GET O/releases/{version}/files/
GET O/releases/{version}/files/{file_id}/
GET O/releases/{version}/previous-with-commits/
GET O/replay-count/
GET O/replays/
GET O/replays/{replay_id}/
GET POST O/repos/
DELETE O/repos/{repo_id}/
POST O/search-agent/start/
GET O/search-agent/state/{run_id}/
GET O/sentry-app-components/
GET O/sentry-app-installations/
GET O/shortids/{issue_id}/
DELETE POST O/spike-protections/
GET O/stats_v2/
GET O/tags/
GET POST O/teams/
GET O/trace-items/attributes/
GET O/trace-logs/
GET O/trace-meta/{trace_id}/
GET O/trace/{trace_id}/
GET O/uptime/
GET O/users/
GET POST O/workflows/
DELETE GET PUT O/workflows/{workflow_id}/
GET /api/0/projects/
DELETE GET PUT P/
GET P/alert-rule-task/{task_uuid}/
GET POST P/alert-rules/
DELETE PUT P/alert-rules/{alert_rule_id}/
GET P/environments/
GET P/events/
GET P/events/{event_id}/
GET P/events/{event_id}/attachments/
GET P/events/{event_id}/attachments/{attachment_id}/
GET P/events/{event_id}/committers/
GET P/events/{event_id}/json/
POST P/files/difs/assemble/
GET P/files/dsyms/unknown/
POST P/files/preprodartifacts/assemble/
POST P/files/proguard-artifact-releases
DELETE P/files/source-maps/
GET P/filters/
PUT P/filters/{filter_id}/
GET PUT P/issues/
GET POST P/keys/
DELETE GET PUT P/keys/{key_id}/
GET P/monitors/{monitor_id_or_slug}/
GET P/monitors/{monitor_id_or_slug}/checkins/
GET P/monitors/{monitor_id_or_slug}/stats/
GET PUT P/ownership/
DELETE GET POST PUT P/plugins/{plugin_id}/
POST P/preprodartifacts/snapshots/
GET P/preprodartifacts/snapshots/upload-options/
GET P/profiling/profiles/{profile_id}/
GET POST P/releases/
DELETE GET PUT P/releases/{version}/
GET P/releases/{version}/commits/
GET P/releases/{version}/files/
GET P/releases/{version}/files/{file_id}/
GET P/replays/{replay_id}/recording-segments/
GET P/rule-task/{task_uuid}/
GET POST P/rules/
DELETE GET PUT P/rules/{rule_id}/
GET P/stacktrace-link/
GET P/stats/
DELETE GET POST PUT P/symbol-sources/
GET P/tags/{key}/values/
GET P/teams/
DELETE POST P/teams/{team}/
GET P/trace-items/{item_id}/
POST P/uptime/
DELETE GET PUT P/uptime/{uptime_detector_id}/
GET P/uptime/{uptime_detector_id}/checks/
DELETE GET PUT T/
GET POST T/projects/
GET /api/0/users/me/
GET /api/0/users/me/regions/
`;

const PLACES: Readonly<Record<string, string>> = {
  O: '/api/0/organizations/{org}',
  P: '/api/0/projects/{org}/{project}',
  T: '/api/0/teams/{org}/{team}',
};

/** Each operation of a list as `METHOD /path`, with the parameters of the table. */
export const operationsIn = (list: string): readonly string[] =>
  list
    .trim()
    .split('\n')
    .flatMap((line) => {
      const words = line.split(' ');
      const path = words.pop()!.replace(/^[OPT](?=\/)/, (place) => PLACES[place]!);
      return words.map((method) => `${method} ${path}`);
    });

export const CLIENT_OPERATIONS = operationsIn(OPERATIONS);

/** The part of the operations that a client may do. */
export const grantedOf = (operations: readonly string[], client: Client): string[] =>
  operations.filter((operation) => {
    const [method = '', path = ''] = operation.split(' ');
    return decide(client, method, exampleTarget(path), 0).kind !== 'refuse';
  });

/** Why no scope grants one of these. */
export const CLOSED: Readonly<Record<string, string>> = {
  'GET /api/0/auth/': "it is the token owner's own account",
  'GET /api/0/customers/{org}/': "it exists only in Sentry's cloud",
  'PUT /api/0/customers/{org}/product-trial/': "it exists only in Sentry's cloud",
  'GET /api/0/internal/health/': 'it is about the whole installation',
  'POST /api/0/organizations/': 'it is about the whole installation',
  'DELETE /api/0/organizations/{org}/': 'it does more than a scope says',
  'GET /api/0/organizations/{org}/integrations/': 'its response holds secrets',
  'GET /api/0/organizations/{org}/integrations/{integration_id}/': 'its response holds secrets',
  'POST /api/0/organizations/{org}/integrations/{integration_id}/': 'it does more than a scope says',
  'POST /api/0/organizations/{org}/onboarding/agent/status/': "it is of the token owner's own account",
  'GET /api/0/organizations/{org}/org-auth-tokens/': 'it makes, shows or revokes tokens',
  'POST /api/0/organizations/{org}/org-auth-tokens/': 'it makes, shows or revokes tokens',
  'DELETE /api/0/organizations/{org}/org-auth-tokens/{token_id}/': 'it makes, shows or revokes tokens',
  'GET /api/0/organizations/{org}/preprodartifacts/{artifact_id}/install-details/': 'its response holds secrets',
  'POST /api/0/organizations/{org}/search-agent/start/': 'it does more than a scope says',
  'GET /api/0/organizations/{org}/sentry-app-components/': 'it does more than a scope says',
  'GET /api/0/organizations/{org}/sentry-app-installations/': 'its response holds secrets',
  'DELETE /api/0/organizations/{org}/spike-protections/': "it exists only in Sentry's cloud",
  'POST /api/0/organizations/{org}/spike-protections/': "it exists only in Sentry's cloud",
  'GET /api/0/projects/{org}/{project}/events/{event_id}/attachments/{attachment_id}/':
    'it does more than a scope says',
  'GET /api/0/projects/{org}/{project}/keys/': 'its response holds secrets',
  'POST /api/0/projects/{org}/{project}/keys/': 'its response holds secrets',
  'GET /api/0/projects/{org}/{project}/keys/{key_id}/': 'its response holds secrets',
  'PUT /api/0/projects/{org}/{project}/keys/{key_id}/': 'its response holds secrets',
  'GET /api/0/projects/{org}/{project}/plugins/{plugin_id}/': 'its response holds secrets',
  'POST /api/0/projects/{org}/{project}/plugins/{plugin_id}/': 'its response holds secrets',
  'PUT /api/0/projects/{org}/{project}/plugins/{plugin_id}/': 'its response holds secrets',
  'GET /api/0/projects/{org}/{project}/preprodartifacts/snapshots/upload-options/': 'its response holds secrets',
  'GET /api/0/projects/{org}/{project}/symbol-sources/': 'its response holds secrets',
  'PUT /api/0/projects/{org}/{project}/symbol-sources/': 'its response holds secrets',
  'GET /api/0/users/me/': "it is the token owner's own account",
};
