// Made by tools/endpoints.ts from tools/endpoints.source.json; edit those.
// getsentry/sentry at 57915b5d (urls.py and permission classes, about November 2025)
// getsentry/sentry-api-schema 0.272.0 at a589a26c (openapi-derefed.json)

/** Lists of scopes of which any one will do, by their place: first the scope that opens least. */
export const SCOPE_LISTS: readonly string[] = [
  'org:read org:write org:admin',
  'event:read event:write event:admin',
  'project:read project:write project:admin',
  'project:read org:ci project:releases project:write project:admin',
  'project:write project:admin',
  'org:ci project:releases project:write project:admin',
  'org:write org:admin',
  'alerts:write org:write org:admin',
  'event:write event:admin',
  'alerts:write project:write project:admin',
  'alerts:read project:read alerts:write project:write project:admin',
  'event:admin',
  'alerts:read org:read org:write org:admin',
  'project:releases project:admin',
  'team:write team:admin',
  'project:admin',
  'member:read member:write member:admin',
  'team:read team:write team:admin',
  'project:read',
  'org:write',
  'member:write member:admin',
  'team:admin',
  'project:write',
  '',
  'org:read org:integrations org:write org:admin',
  'member:invite member:write member:admin',
  'event:write',
  'org:ci org:integrations org:write org:admin',
  'org:read',
  'org:integrations org:admin',
  'org:write team:write',
  'member:write org:write team:write member:admin org:admin team:admin',
  'org:write org:admin team:admin',
  'project:releases',
  'org:read org:ci org:integrations org:write org:admin',
  'member:admin',
  'org:read org:integrations',
  'org:write team:write org:admin',
  'event:read',
  'project:read project:distribution project:write project:admin',
  'event:read member:read org:read project:read team:read project:releases event:write event:admin',
  'org:admin',
];

/**
 * One path a line, below /api/0/, a blank for each segment that it has from the line before. Then for each method: its
 * letter (PUT is U, PATCH is A), the place of its scopes, the letter of its limit, and `!` if the answer holds a secret.
 * A path without methods is only a name that is taken.
 */
export const ENDPOINTS = `
/ G23n
issues/{issue_id}/ G1l U8l D11l
  activities/ G1l
  autofix/ G1l P8l
  events/ G1l
   {event_id}/ G1l
  external-issues/ G1l
  hashes/ G1l
  integrations/{integration_id}/ G1l P8l U8l D11l
  notes/ G1l P8l
  tags/{key}/ G1l
    values/ G1l
  user-feedback/ G1l
organizations/ G0f
 {org}/ G0n U6r
  ai-conversations/ G0i
   {conversation_id}/ G0r
  alert-rules/ G12i P7r
   available-actions
   {alert_rule_id}/ G12r U7r D7r
  artifactbundle/assemble/ P5b
  chunk-upload/ G3n P5n
  code-mappings/bulk/ P27s
  combined-rules/ G0i
  config/integrations/ G0r
  dashboards/ G0r P6r
   starred
   widgets
   {dashboard_id}/ G0r U6r D6r
    revisions/ G0r
  detectors/ G12q U7r D7r
   {detector_id}/ G12r U7r D7r
  discover/saved/ G0r P6r
    {query_id}/ G0r U6r D6r
  environments/ G0i
  eventids/{event_id}/ G0r
  events-stats/ G0i
  events-timeseries/ G0q
  events/ G0q
   validate/ G0r
  external-users/ P6r
   {external_user_id}/ U6r D6r
  forwarding/ G28r! P19r
   {data_forwarder_id}/ U19r D19r
  integrations/ G24r!
   coding-agents
   {integration_id}/ G24r! D29r
  issues-count/ G0i
  issues/ G1q U8q D11q
   {issue_id}/ G1l U8l D11l
    activities/ G1l
    autofix/ G1l P8l
    events/ G1l
     {event_id}/ G1l
    external-issues/ G1l
    hashes/ G1l
    integrations/{integration_id}/ G1l P8l U8l D11l
    notes/ G1l P8l
    tags/{key}/ G1l
      values/ G1l
    user-feedback/ G1l
  members/ G16r P25r
   {member_id}/ G16r! U25r D20r
    teams/{team}/ P30r U31r D32r
  metrics/data/ G0i
  monitors/ G12q P7s
   {monitor_id_or_slug}/ G10r U9r D9r
    checkins/ G10r
    stats/ G10r
  notifications/actions/ G0q P6b
    {action_id}/ G0r U6r D6r
  preprodartifacts/snapshots/latest-base/ G3q
    {snapshot_id}/ G3r D13r
     archive/ G3r H3r P5r
     images/{image_identifier}/ G3r
   {artifact_id}/install-details/ G0r
    size-analysis/ G0r
  profiling/chunks/ G0q
   flamegraph/ G0q
  project-keys/ G0r!
  projects/ G0f P4r
   {project}/detectors/ P9p
  relay_usage/ G0r
  release-threshold-statuses/ G3q
  releases/ G3q P5b
   stats
   {version}/ G3l U5l D13l
    commitfiles/ G33l
    commits/ G3l
    deploys/ G3l P5l
    files/ G3l P5l
     {file_id}/ G3l U5l D13l
    previous-with-commits/ G3l
  replay-count/ G0q
  replay-selectors/ G0q
  replays/ G0q
   {replay_id}/ G0q
  repos/ G34r
   {repo_id}/commits/ G0r
  scim/v2/Groups G17r P14r
    Groups/{team} G17r A14r D21r
    Users G16r P20r
    Users/{member_id} G16r A20r D35r
  sentry-app-installations/ G36r!
  sentry-apps/ G0r!
  sessions/ G0q
  shortids/{issue_id}/ G1l
  spike-protections/ P4b D4b
  stats-summary/ G0q
  stats_v2/ G0q
  tags/ G0q
   {key}/values/ G0i
  teams/ G0r P37r
  trace-items/attributes/ G0i
   stats/ G0q
  trace-logs/ G0r
  trace-meta/{trace_id}/ G0r
  trace/{trace_id}/ G0r
  uptime/ G0i
  user-teams/ G0r
  workflows/ G12r P7r U7r D7r
   {workflow_id}/ G12r U7r D7r
projects/{org}/{project}/ G2p! U4p D15p
   environments/ G2p U4p
    {environment}/ G2p U4p
   events/ G2p
    {event_id}/ G2p
     attachments/ G2p
      {attachment_id}/ G2p D15p
     source-map-debug/ G2p
   files/difs/assemble/ P5p
    dsyms/ G3p P5p D13p
    preprodartifacts/assemble/ P5p
   filters/ G2p
    {filter_id}/ U4p
   hooks/ G18p! P22p
    {hook_id}/ G18p! U22p D15p
   issues/ G38p U26p D11p
   keys/ G2p! P4p!
    {key_id}/ G2p! U4p! D15p
   members/ G2p
   monitors/{monitor_id_or_slug}/ G10p U9p D9p
     checkins/ G10p
     stats/ G10p
   ownership/ G2p U4p
   preprod/size-analysis/status-check-rules/ G2p
     status-checks/skip/ P5p
    snapshots/status-check-rules/ G2p
     status-checks/skip/ P5p
   preprodartifacts/build-distribution/latest/ G39p
    snapshots/ P5p
     upload-options/ G3p
   profiling/profiles/{profile_id}/ G2p
   releases/ G3p
    completion
    token/ G3p! P5p!
    {version}/ G3p U5p D13p
     commits/ G3p
     files/ G3p P5p
      {file_id}/ G3p U5p D13p
   replays/jobs/delete/ G4p P4p
      {job_id}/ G4p
    {replay_id}/ D4p
     clicks/ G2p
     recording-segments/ G2p
      {segment_id}/ G2p
     viewed-by/ G1p
   repo/ P4p
   rules/ G10p P9p
    configuration
    preview
    {rule_id}/ G10p U9p D9p
   stacktrace-link/ G2p
   stats/ G2p
   symbol-sources/ G2p! P4p U4p D15p
   tags/{key}/values/ G18p
   teams/ G2p
    {team}/ P4p D4p
   trace-items/{item_id}/ G2p
   uptime/ P9p
    {uptime_detector_id}/ G10p U9p D9p
   user-feedback/ G18p P22p
   users/ G2p
seer/models/ G23r
sentry-app-installations/{uuid}/external-issues/ P26r
   {external_issue_id}/ D11r
sentry-apps/{sentry_app_id_or_slug}/ G40r! U6r D41r
teams/{org}/{team}/ G17r U14r D21r
   external-teams/ P14r
    {external_team_id}/ U14r D21r
   members/ G17r
   projects/ G2r P4r
`;
