// Made by tools/endpoints.ts from tools/endpoints.source.json; edit those.
// getsentry/sentry at 57915b5d (urls.py and permission classes, about November 2025)
// getsentry/sentry-api-schema 0.272.0 at a589a26c (openapi-derefed.json)

/** Lists of scopes of which any one will do, by their place, without scopes that imply others: first the one that opens least. */
export const SCOPE_LISTS: readonly string[] = [
  'org:read',
  'project:read',
  'event:read',
  'project:write',
  'project:read org:ci project:releases',
  'org:ci project:releases project:write',
  'org:write',
  'event:write',
  'alerts:write org:write',
  'alerts:write project:write',
  'alerts:read project:read',
  'event:admin',
  'alerts:read org:read',
  'project:releases project:admin',
  'member:write',
  'team:write',
  'project:admin',
  'member:read',
  'team:read',
  'org:read org:integrations',
  'team:admin',
  '',
  'org:write team:write',
  'org:ci org:integrations org:write',
  'org:integrations',
  'member:write org:write team:write',
  'org:write team:admin',
  'project:releases',
  'org:read org:ci org:integrations',
  'member:admin',
  'project:read project:distribution',
  'event:read member:read org:read project:read team:read project:releases',
  'org:admin',
];

/**
 * One path a line, below /api/0/, a blank for each segment that it has from the line before. Then for each method: its
 * letter (PUT is U, PATCH is A), the place of its scopes in base 36, the letter of its limit if the path alone does not
 * say it, and `!` if the answer holds a secret. A path without methods is only a name that is taken; with `!` alone,
 * all that is at or below it is guarded.
 */
export const ENDPOINTS = `
/ Gln
accept-invite !
accept-transfer !
api-applications !
api-authorizations !
api-tokens !
assistant !
auth !
auth-v2 !
authenticators !
broadcasts !
data-export !
doc-integrations !
integration-features !
internal !
issues/{issue_id}/ G2lU7lDbl
  activities/ G2l
  autofix/ G2lP7l
  events/ G2l
   {event_id}/ G2l
  external-issues/ G2l
  hashes/ G2l
  integrations/{integration_id}/ G2lP7lU7lDbl
  notes/ G2lP7l
  tags/{key}/ G2l
    values/ G2l
  user-feedback/ G2l
organizations/ G0f
 {org}/ G0mU6
  ai-conversations/ G0i
   {conversation_id}/ G0
  alert-rules/ GciP8
   available-actions
   {alert_rule_id}/ GcU8D8
  api-keys !
  artifactbundle/assemble/ P5b
  audit-logs !
  auth-provider !
  chunk-upload/ G4nP5n
  code-mappings/bulk/ Pns
  combined-rules/ G0i
  config/integrations/ G0
  dashboards/ G0P6
   starred
   widgets
   {dashboard_id}/ G0U6D6
    revisions/ G0
  data-export !
  detectors/ GcqU8D8
   {detector_id}/ GcU8D8
  discover/saved/ G0P6
    {query_id}/ G0U6D6
  environments/ G0i
  eventids/{event_id}/ G0
  events-stats/ G0i
  events-timeseries/ G0q
  events/ G0q
   validate/ G0
  external-users/ P6
   {external_user_id}/ U6D6
  flags/signing-secrets !
  forwarding/ G0!P6!
   {data_forwarder_id}/ U6!D6
  integrations/ Gj!
   coding-agents
   {integration_id}/ Gj!Do
  invite-requests !
  issues-count/ G0i
  issues/ G2qU7qDbq
   {issue_id}/ G2U7Db
    activities/ G2
    autofix/ G2P7
    events/ G2
     {event_id}/ G2
    external-issues/ G2
    hashes/ G2
    integrations/{integration_id}/ G2P7U7Db
    notes/ G2P7
    tags/{key}/ G2
      values/ G2
    user-feedback/ G2
  members/ GhPe
   {member_id}/ Gh!Ue!De
    teams/{team}/ PmUpDq
  metrics/data/ G0i
  monitors/ GcqP8s
   {monitor_id_or_slug}/ GaU9D9
    checkins/ Ga
    stats/ Ga
  notifications/actions/ G0qP6b
    {action_id}/ G0U6D6
  org-auth-tokens !
  preprodartifacts/snapshots/latest-base/ G4q
    {snapshot_id}/ G4Dd
     archive/ G4H4P5
     images/{image_identifier}/ G4
   {artifact_id}/install-details/ G0
    size-analysis/ G0
  profiling/chunks/ G0q
   flamegraph/ G0q
  project-keys/ G0!
  projects/ G0fP3
   {project}/detectors/ P9
  relay_usage/ G0
  release-threshold-statuses/ G4
  releases/ G4qP5b
   stats
   {version}/ G4U5Dd
    commitfiles/ Gr
    commits/ G4
    deploys/ G4P5
    files/ G4P5
     {file_id}/ G4U5Dd
    previous-with-commits/ G4
  replay-count/ G0q
  replay-selectors/ G0q
  replays/ G0q
   {replay_id}/ G0
  repos/ Gs
   {repo_id}/commits/ G0
  scim/v2/Groups GiPf
    Groups/{team} GiAfDk
    Users GhPe
    Users/{member_id} GhAeDt
  sentry-app-installations/ Gj!
  sentry-apps/ G0!
  sessions/ G0q
  shortids/{issue_id}/ G2l
  spike-protections/ P3bD3b
  stats-summary/ G0q
  stats_v2/ G0q
  tags/ G0q
   {key}/values/ G0i
  teams/ G0Pm
  trace-items/attributes/ G0i
   stats/ G0q
  trace-logs/ G0
  trace-meta/{trace_id}/ G0
  trace/{trace_id}/ G0
  uptime/ G0i
  user-teams/ G0
  workflows/ GcP8U8D8
   {workflow_id}/ GcU8D8
projects/ !
 {org}/{project}/ G1!U3Dg
   environments/ G1U3
    {environment}/ G1U3
   events/ G1
    {event_id}/ G1
     attachments/ G1
      {attachment_id}/ G1Dg
     source-map-debug/ G1
   files/difs/assemble/ P5
    dsyms/ G4P5Dd
    preprodartifacts/assemble/ P5
   filters/ G1
    {filter_id}/ U3
   hooks/ G1!P3!
    {hook_id}/ G1!U3!Dg
   issues/ G2U7Db
   keys/ G1!P3!
    {key_id}/ G1!U3!Dg
   members/ G1
   monitors/{monitor_id_or_slug}/ GaU9D9
     checkins/ Ga
     stats/ Ga
   ownership/ G1U3
   preprod/size-analysis/status-check-rules/ G1
     status-checks/skip/ P5
    snapshots/status-check-rules/ G1
     status-checks/skip/ P5
   preprodartifacts/build-distribution/latest/ Gu
    snapshots/ P5
     upload-options/ G4
   profiling/profiles/{profile_id}/ G1
   releases/ G4
    completion
    token/ G4!P5!
    {version}/ G4U5Dd
     commits/ G4
     files/ G4P5
      {file_id}/ G4U5Dd
   replays/jobs/delete/ G3P3
      {job_id}/ G3
    {replay_id}/ G1D3
     clicks/ G1
     recording-segments/ G1
      {segment_id}/ G1
     viewed-by/ G2
   repo/ P3
   rules/ GaP9
    configuration
    preview
    {rule_id}/ GaU9D9
   stacktrace-link/ G1
   stats/ G1
   symbol-sources/ G1!P3U3!Dg
   tags/{key}/values/ G1
   teams/ G1
    {team}/ P3D3
   tempest-credentials !
   trace-items/{item_id}/ G1
   uptime/ P9
    {uptime_detector_id}/ GaU9D9
   user-feedback/ G1P3
   users/ G1
prompts-activity !
publickeys !
relays !
relocations !
secret-scanning !
seer/models/ Gl
sentry-app-installations !
sentry-app-installations/{uuid}/external-issues/ P7
   {external_issue_id}/ Db
sentry-apps !
sentry-apps/{sentry_app_id_or_slug}/ Gv!U6!Dw
teams/{org}/{team}/ GiUfDk
   external-teams/ Pf
    {external_team_id}/ UfDk
   members/ Gi
   projects/ G1P3
userroles !
users !
wizard !
`;
