// Made by tools/endpoints.ts from tools/endpoints.source.json; edit those.
// getsentry/sentry at 57915b5d (urls.py and permission classes, about November 2025)
// getsentry/sentry-api-schema 0.272.0 at a589a26c (openapi-derefed.json)

/** Lists of scopes of which any one will do, by their place. */
export const SCOPE_LISTS: readonly string[] = [
  '',
  'event:admin event:read event:write',
  'event:admin event:write',
  'event:admin',
  'org:admin org:read org:write',
  'org:admin org:write',
  'alerts:read org:admin org:read org:write',
  'alerts:write org:admin org:write',
  'org:ci project:admin project:releases project:write',
  'org:ci project:admin project:read project:releases project:write',
  'org:admin org:ci org:integrations org:write',
  'org:read',
  'org:write',
  'org:admin org:integrations org:read org:write',
  'org:admin org:integrations',
  'member:admin member:read member:write',
  'member:admin member:invite member:write',
  'member:admin member:write',
  'org:write team:write',
  'member:admin member:write org:admin org:write team:admin team:write',
  'org:admin org:write team:admin',
  'alerts:read alerts:write project:admin project:read project:write',
  'alerts:write project:admin project:write',
  'project:admin project:releases',
  'project:admin project:write',
  'project:releases',
  'org:admin org:ci org:integrations org:read org:write',
  'team:admin team:read team:write',
  'team:admin team:write',
  'team:admin',
  'member:admin',
  'org:integrations org:read',
  'org:admin org:write team:write',
  'project:admin project:read project:write',
  'project:admin',
  'project:read',
  'project:write',
  'event:read',
  'event:write',
  'project:admin project:distribution project:read project:write',
  'event:admin event:read event:write member:read org:read project:read project:releases team:read',
  'org:admin',
];

/**
 * One path a line, below /api/0/, then for each method: its letter (PUT is U, PATCH is A), the place of its scopes, the
 * letter of its limit, and `!` if the answer holds a secret. A path without methods is only a name that is taken.
 */
export const ENDPOINTS = `
/ G0n
issues/{issue_id}/ G1l U2l D3l
issues/{issue_id}/activities/ G1l
issues/{issue_id}/autofix/ G1l P2l
issues/{issue_id}/events/ G1l
issues/{issue_id}/events/{event_id}/ G1l
issues/{issue_id}/external-issues/ G1l
issues/{issue_id}/hashes/ G1l
issues/{issue_id}/integrations/{integration_id}/ G1l P2l U2l D3l
issues/{issue_id}/notes/ G1l P2l
issues/{issue_id}/tags/{key}/ G1l
issues/{issue_id}/tags/{key}/values/ G1l
issues/{issue_id}/user-feedback/ G1l
organizations/ G4f
organizations/{org}/ G4n U5r
organizations/{org}/ai-conversations/ G4i
organizations/{org}/ai-conversations/{conversation_id}/ G4r
organizations/{org}/alert-rules/ G6i P7r
organizations/{org}/alert-rules/available-actions
organizations/{org}/alert-rules/{alert_rule_id}/ G6r U7r D7r
organizations/{org}/artifactbundle/assemble/ P8b
organizations/{org}/chunk-upload/ G9n P8n
organizations/{org}/code-mappings/bulk/ P10s
organizations/{org}/combined-rules/ G4i
organizations/{org}/config/integrations/ G4r
organizations/{org}/dashboards/ G4r P5r
organizations/{org}/dashboards/starred
organizations/{org}/dashboards/widgets
organizations/{org}/dashboards/{dashboard_id}/ G4r U5r D5r
organizations/{org}/dashboards/{dashboard_id}/revisions/ G4r
organizations/{org}/detectors/ G6o U7r D7r
organizations/{org}/detectors/{detector_id}/ G6r U7r D7r
organizations/{org}/discover/saved/ G4r P5r
organizations/{org}/discover/saved/{query_id}/ G4r U5r D5r
organizations/{org}/environments/ G4i
organizations/{org}/eventids/{event_id}/ G4r
organizations/{org}/events-stats/ G4i
organizations/{org}/events-timeseries/ G4o
organizations/{org}/events/ G4o
organizations/{org}/events/validate/ G4r
organizations/{org}/external-users/ P5r
organizations/{org}/external-users/{external_user_id}/ U5r D5r
organizations/{org}/forwarding/ G11r! P12r
organizations/{org}/forwarding/{data_forwarder_id}/ U12r D12r
organizations/{org}/integrations/ G13r!
organizations/{org}/integrations/coding-agents
organizations/{org}/integrations/{integration_id}/ G13r! D14r
organizations/{org}/issues-count/ G4i
organizations/{org}/issues/ G1q U2q D3q
organizations/{org}/issues/{issue_id}/ G1l U2l D3l
organizations/{org}/issues/{issue_id}/activities/ G1l
organizations/{org}/issues/{issue_id}/autofix/ G1l P2l
organizations/{org}/issues/{issue_id}/events/ G1l
organizations/{org}/issues/{issue_id}/events/{event_id}/ G1l
organizations/{org}/issues/{issue_id}/external-issues/ G1l
organizations/{org}/issues/{issue_id}/hashes/ G1l
organizations/{org}/issues/{issue_id}/integrations/{integration_id}/ G1l P2l U2l D3l
organizations/{org}/issues/{issue_id}/notes/ G1l P2l
organizations/{org}/issues/{issue_id}/tags/{key}/ G1l
organizations/{org}/issues/{issue_id}/tags/{key}/values/ G1l
organizations/{org}/issues/{issue_id}/user-feedback/ G1l
organizations/{org}/members/ G15r P16r
organizations/{org}/members/{member_id}/ G15r! U16r D17r
organizations/{org}/members/{member_id}/teams/{team}/ P18r U19r D20r
organizations/{org}/metrics/data/ G4i
organizations/{org}/monitors/ G6o P7s
organizations/{org}/monitors/{monitor_id_or_slug}/ G21r U22r D22r
organizations/{org}/monitors/{monitor_id_or_slug}/checkins/ G21r
organizations/{org}/monitors/{monitor_id_or_slug}/stats/ G21r
organizations/{org}/notifications/actions/ G4o P5b
organizations/{org}/notifications/actions/{action_id}/ G4r U5r D5r
organizations/{org}/preprodartifacts/snapshots/latest-base/ G9o
organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/ G9r D23r
organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/archive/ G9r H9r P8r
organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/images/{image_identifier}/ G9r
organizations/{org}/preprodartifacts/{artifact_id}/install-details/ G4r
organizations/{org}/preprodartifacts/{artifact_id}/size-analysis/ G4r
organizations/{org}/profiling/chunks/ G4o
organizations/{org}/profiling/flamegraph/ G4o
organizations/{org}/project-keys/ G4r!
organizations/{org}/projects/ G4f P24r
organizations/{org}/projects/{project}/detectors/ P22p
organizations/{org}/relay_usage/ G4r
organizations/{org}/release-threshold-statuses/ G9o
organizations/{org}/releases/ G9o P8b
organizations/{org}/releases/stats
organizations/{org}/releases/{version}/ G9l U8l D23l
organizations/{org}/releases/{version}/commitfiles/ G25l
organizations/{org}/releases/{version}/commits/ G9l
organizations/{org}/releases/{version}/deploys/ G9l P8l
organizations/{org}/releases/{version}/files/ G9l P8l
organizations/{org}/releases/{version}/files/{file_id}/ G9l U8l D23l
organizations/{org}/releases/{version}/previous-with-commits/ G9l
organizations/{org}/replay-count/ G4o
organizations/{org}/replay-selectors/ G4o
organizations/{org}/replays/ G4o
organizations/{org}/replays/{replay_id}/ G4o
organizations/{org}/repos/ G26r
organizations/{org}/repos/{repo_id}/commits/ G4r
organizations/{org}/scim/v2/Groups G27r P28r
organizations/{org}/scim/v2/Groups/{team} G27r A28r D29r
organizations/{org}/scim/v2/Users G15r P17r
organizations/{org}/scim/v2/Users/{member_id} G15r A17r D30r
organizations/{org}/sentry-app-installations/ G31r!
organizations/{org}/sentry-apps/ G4r!
organizations/{org}/sessions/ G4o
organizations/{org}/shortids/{issue_id}/ G1l
organizations/{org}/spike-protections/ P24b D24b
organizations/{org}/stats-summary/ G4o
organizations/{org}/stats_v2/ G4o
organizations/{org}/tags/ G4o
organizations/{org}/tags/{key}/values/ G4i
organizations/{org}/teams/ G4r P32r
organizations/{org}/trace-items/attributes/ G4i
organizations/{org}/trace-items/stats/ G4o
organizations/{org}/trace-logs/ G4r
organizations/{org}/trace-meta/{trace_id}/ G4r
organizations/{org}/trace/{trace_id}/ G4r
organizations/{org}/uptime/ G4i
organizations/{org}/user-teams/ G4r
organizations/{org}/workflows/ G6r P7r U7r D7r
organizations/{org}/workflows/{workflow_id}/ G6r U7r D7r
projects/{org}/{project}/ G33p! U24p D34p
projects/{org}/{project}/environments/ G33p U24p
projects/{org}/{project}/environments/{environment}/ G33p U24p
projects/{org}/{project}/events/ G33p
projects/{org}/{project}/events/{event_id}/ G33p
projects/{org}/{project}/events/{event_id}/attachments/ G33p
projects/{org}/{project}/events/{event_id}/attachments/{attachment_id}/ G33p D34p
projects/{org}/{project}/events/{event_id}/source-map-debug/ G33p
projects/{org}/{project}/files/difs/assemble/ P8p
projects/{org}/{project}/files/dsyms/ G9p P8p D23p
projects/{org}/{project}/files/preprodartifacts/assemble/ P8p
projects/{org}/{project}/filters/ G33p
projects/{org}/{project}/filters/{filter_id}/ U24p
projects/{org}/{project}/hooks/ G35p! P36p
projects/{org}/{project}/hooks/{hook_id}/ G35p! U36p D34p
projects/{org}/{project}/issues/ G37p U38p D3p
projects/{org}/{project}/keys/ G33p! P24p!
projects/{org}/{project}/keys/{key_id}/ G33p! U24p! D34p
projects/{org}/{project}/members/ G33p
projects/{org}/{project}/monitors/{monitor_id_or_slug}/ G21p U22p D22p
projects/{org}/{project}/monitors/{monitor_id_or_slug}/checkins/ G21p
projects/{org}/{project}/monitors/{monitor_id_or_slug}/stats/ G21p
projects/{org}/{project}/ownership/ G33p U24p
projects/{org}/{project}/preprod/size-analysis/status-check-rules/ G33p
projects/{org}/{project}/preprod/size-analysis/status-checks/skip/ P8p
projects/{org}/{project}/preprod/snapshots/status-check-rules/ G33p
projects/{org}/{project}/preprod/snapshots/status-checks/skip/ P8p
projects/{org}/{project}/preprodartifacts/build-distribution/latest/ G39p
projects/{org}/{project}/preprodartifacts/snapshots/ P8p
projects/{org}/{project}/preprodartifacts/snapshots/upload-options/ G9p
projects/{org}/{project}/profiling/profiles/{profile_id}/ G33p
projects/{org}/{project}/releases/ G9p
projects/{org}/{project}/releases/completion
projects/{org}/{project}/releases/token/ G9p! P8p!
projects/{org}/{project}/releases/{version}/ G9p U8p D23p
projects/{org}/{project}/releases/{version}/commits/ G9p
projects/{org}/{project}/releases/{version}/files/ G9p P8p
projects/{org}/{project}/releases/{version}/files/{file_id}/ G9p U8p D23p
projects/{org}/{project}/replays/jobs/delete/ G24p P24p
projects/{org}/{project}/replays/jobs/delete/{job_id}/ G24p
projects/{org}/{project}/replays/{replay_id}/ D24p
projects/{org}/{project}/replays/{replay_id}/clicks/ G33p
projects/{org}/{project}/replays/{replay_id}/recording-segments/ G33p
projects/{org}/{project}/replays/{replay_id}/recording-segments/{segment_id}/ G33p
projects/{org}/{project}/replays/{replay_id}/viewed-by/ G1p
projects/{org}/{project}/repo/ P24p
projects/{org}/{project}/rules/ G21p P22p
projects/{org}/{project}/rules/configuration
projects/{org}/{project}/rules/preview
projects/{org}/{project}/rules/{rule_id}/ G21p U22p D22p
projects/{org}/{project}/stacktrace-link/ G33p
projects/{org}/{project}/stats/ G33p
projects/{org}/{project}/symbol-sources/ G33p! P24p U24p D34p
projects/{org}/{project}/tags/{key}/values/ G35p
projects/{org}/{project}/teams/ G33p
projects/{org}/{project}/teams/{team}/ P24p D24p
projects/{org}/{project}/trace-items/{item_id}/ G33p
projects/{org}/{project}/uptime/ P22p
projects/{org}/{project}/uptime/{uptime_detector_id}/ G21p U22p D22p
projects/{org}/{project}/user-feedback/ G35p P36p
projects/{org}/{project}/users/ G33p
seer/models/ G0r
sentry-app-installations/{uuid}/external-issues/ P38r
sentry-app-installations/{uuid}/external-issues/{external_issue_id}/ D3r
sentry-apps/{sentry_app_id_or_slug}/ G40r! U5r D41r
teams/{org}/{team}/ G27r U28r D29r
teams/{org}/{team}/external-teams/ P28r
teams/{org}/{team}/external-teams/{external_team_id}/ U28r D29r
teams/{org}/{team}/members/ G27r
teams/{org}/{team}/projects/ G33r P24r
`;
