// The requests of programs that are not run, read in their sources. O is an organization, P a project, T a team.
import { operationsIn } from '../../policy/client-operations.ts';

/** Grafana's data source 2.2.5. */
const GRAFANA = `
GET /api/0/organizations/
GET O/events-stats/
GET O/events/
GET O/issues/
GET O/metrics/data/
GET O/projects/
GET O/stats_v2/
GET O/tags/
GET O/teams/
GET O/trace-items/attributes/
GET T/projects/
`;

/** terraform-provider-sentry of July 2026. */
const TERRAFORM = `
GET /api/0/internal/health/
POST /api/0/organizations/
DELETE GET PUT O/
GET O/alert-rules/{alert_rule_id}/
GET POST O/code-mappings/
DELETE PUT O/code-mappings/{config_id}/
POST O/dashboards/
POST O/dashboards/widgets/
DELETE GET PUT O/dashboards/{dashboard_id}/
GET O/detectors/
DELETE GET PUT O/detectors/{detector_id}/
GET O/integrations/
GET POST O/integrations/{integration_id}/
GET POST O/members/
DELETE GET PUT O/members/{member_id}/
DELETE POST PUT O/members/{member_id}/teams/{team}/
POST O/notifications/actions/
DELETE GET PUT O/notifications/actions/{action_id}/
GET O/projects/
POST O/projects/{project}/detectors/
GET POST O/repos/
DELETE O/repos/{repo_id}/
GET O/sentry-app-installations/
DELETE POST O/spike-protections/
GET POST O/teams/
GET POST O/workflows/
DELETE GET PUT O/workflows/{workflow_id}/
GET /api/0/projects/
DELETE GET PUT P/
GET P/alert-rule-task/{task_uuid}/
GET POST P/alert-rules/
DELETE PUT P/alert-rules/{alert_rule_id}/
GET P/filters/
PUT P/filters/{filter_id}/
GET POST P/keys/
DELETE GET PUT P/keys/{key_id}/
GET PUT P/ownership/
DELETE GET POST PUT P/plugins/{plugin_id}/
GET P/rule-task/{task_uuid}/
GET POST P/rules/
DELETE GET PUT P/rules/{rule_id}/
DELETE GET POST PUT P/symbol-sources/
DELETE POST P/teams/{team}/
DELETE GET PUT T/
POST T/projects/
`;

export const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  grafana: operationsIn(GRAFANA),
  terraform: operationsIn(TERRAFORM),
};
