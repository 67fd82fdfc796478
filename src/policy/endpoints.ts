// Made by tools/endpoints.ts from tools/endpoints.source.json; edit those.
// getsentry/sentry at 57915b5d (urls.py and permission classes, about November 2025)
// getsentry/sentry-api-schema 0.272.0 at a589a26c (openapi-derefed.json)

/** Lists of scopes of which any one will do, by their place: first the scope that opens least. */
export const SCOPE_LISTS: readonly string[] = [
  '',
  'event:read event:write event:admin',
  'event:write event:admin',
  'event:admin',
  'org:read org:write org:admin',
  'org:write org:admin',
  'alerts:read org:read org:write org:admin',
  'alerts:write org:write org:admin',
  'org:ci project:releases project:write project:admin',
  'project:read org:ci project:releases project:write project:admin',
  'org:ci org:integrations org:write org:admin',
  'org:read',
  'org:write',
  'org:read org:integrations org:write org:admin',
  'org:integrations org:admin',
  'member:read member:write member:admin',
  'member:invite member:write member:admin',
  'member:write member:admin',
  'org:write team:write',
  'member:write org:write team:write member:admin org:admin team:admin',
  'org:write org:admin team:admin',
  'alerts:read project:read alerts:write project:write project:admin',
  'alerts:write project:write project:admin',
  'project:releases project:admin',
  'project:write project:admin',
  'project:releases',
  'org:read org:ci org:integrations org:write org:admin',
  'team:read team:write team:admin',
  'team:write team:admin',
  'team:admin',
  'member:admin',
  'org:read org:integrations',
  'org:write team:write org:admin',
  'project:read project:write project:admin',
  'project:admin',
  'project:read',
  'project:write',
  'event:read',
  'event:write',
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
/ G0n
issues/{issue_id}/ G1l U2l D3l
  activities/ G1l
  autofix/ G1l P2l
  events/ G1l
   {event_id}/ G1l
  external-issues/ G1l
  hashes/ G1l
  integrations/{integration_id}/ G1l P2l U2l D3l
  notes/ G1l P2l
  tags/{key}/ G1l
    values/ G1l
  user-feedback/ G1l
organizations/ G4f
 {org}/ G4n U5r
  ai-conversations/ G4i
   {conversation_id}/ G4r
  alert-rules/ G6i P7r
   available-actions
   {alert_rule_id}/ G6r U7r D7r
  artifactbundle/assemble/ P8b
  chunk-upload/ G9n P8n
  code-mappings/bulk/ P10s
  combined-rules/ G4i
  config/integrations/ G4r
  dashboards/ G4r P5r
   starred
   widgets
   {dashboard_id}/ G4r U5r D5r
    revisions/ G4r
  detectors/ G6q U7r D7r
   {detector_id}/ G6r U7r D7r
  discover/saved/ G4r P5r
    {query_id}/ G4r U5r D5r
  environments/ G4i
  eventids/{event_id}/ G4r
  events-stats/ G4i
  events-timeseries/ G4q
  events/ G4q
   validate/ G4r
  external-users/ P5r
   {external_user_id}/ U5r D5r
  forwarding/ G11r! P12r
   {data_forwarder_id}/ U12r D12r
  integrations/ G13r!
   coding-agents
   {integration_id}/ G13r! D14r
  issues-count/ G4i
  issues/ G1q U2q D3q
   {issue_id}/ G1l U2l D3l
    activities/ G1l
    autofix/ G1l P2l
    events/ G1l
     {event_id}/ G1l
    external-issues/ G1l
    hashes/ G1l
    integrations/{integration_id}/ G1l P2l U2l D3l
    notes/ G1l P2l
    tags/{key}/ G1l
      values/ G1l
    user-feedback/ G1l
  members/ G15r P16r
   {member_id}/ G15r! U16r D17r
    teams/{team}/ P18r U19r D20r
  metrics/data/ G4i
  monitors/ G6q P7s
   {monitor_id_or_slug}/ G21r U22r D22r
    checkins/ G21r
    stats/ G21r
  notifications/actions/ G4q P5b
    {action_id}/ G4r U5r D5r
  preprodartifacts/snapshots/latest-base/ G9q
    {snapshot_id}/ G9r D23r
     archive/ G9r H9r P8r
     images/{image_identifier}/ G9r
   {artifact_id}/install-details/ G4r
    size-analysis/ G4r
  profiling/chunks/ G4q
   flamegraph/ G4q
  project-keys/ G4r!
  projects/ G4f P24r
   {project}/detectors/ P22p
  relay_usage/ G4r
  release-threshold-statuses/ G9q
  releases/ G9q P8b
   stats
   {version}/ G9l U8l D23l
    commitfiles/ G25l
    commits/ G9l
    deploys/ G9l P8l
    files/ G9l P8l
     {file_id}/ G9l U8l D23l
    previous-with-commits/ G9l
  replay-count/ G4q
  replay-selectors/ G4q
  replays/ G4q
   {replay_id}/ G4q
  repos/ G26r
   {repo_id}/commits/ G4r
  scim/v2/Groups G27r P28r
    Groups/{team} G27r A28r D29r
    Users G15r P17r
    Users/{member_id} G15r A17r D30r
  sentry-app-installations/ G31r!
  sentry-apps/ G4r!
  sessions/ G4q
  shortids/{issue_id}/ G1l
  spike-protections/ P24b D24b
  stats-summary/ G4q
  stats_v2/ G4q
  tags/ G4q
   {key}/values/ G4i
  teams/ G4r P32r
  trace-items/attributes/ G4i
   stats/ G4q
  trace-logs/ G4r
  trace-meta/{trace_id}/ G4r
  trace/{trace_id}/ G4r
  uptime/ G4i
  user-teams/ G4r
  workflows/ G6r P7r U7r D7r
   {workflow_id}/ G6r U7r D7r
projects/{org}/{project}/ G33p! U24p D34p
   environments/ G33p U24p
    {environment}/ G33p U24p
   events/ G33p
    {event_id}/ G33p
     attachments/ G33p
      {attachment_id}/ G33p D34p
     source-map-debug/ G33p
   files/difs/assemble/ P8p
    dsyms/ G9p P8p D23p
    preprodartifacts/assemble/ P8p
   filters/ G33p
    {filter_id}/ U24p
   hooks/ G35p! P36p
    {hook_id}/ G35p! U36p D34p
   issues/ G37p U38p D3p
   keys/ G33p! P24p!
    {key_id}/ G33p! U24p! D34p
   members/ G33p
   monitors/{monitor_id_or_slug}/ G21p U22p D22p
     checkins/ G21p
     stats/ G21p
   ownership/ G33p U24p
   preprod/size-analysis/status-check-rules/ G33p
     status-checks/skip/ P8p
    snapshots/status-check-rules/ G33p
     status-checks/skip/ P8p
   preprodartifacts/build-distribution/latest/ G39p
    snapshots/ P8p
     upload-options/ G9p
   profiling/profiles/{profile_id}/ G33p
   releases/ G9p
    completion
    token/ G9p! P8p!
    {version}/ G9p U8p D23p
     commits/ G9p
     files/ G9p P8p
      {file_id}/ G9p U8p D23p
   replays/jobs/delete/ G24p P24p
      {job_id}/ G24p
    {replay_id}/ D24p
     clicks/ G33p
     recording-segments/ G33p
      {segment_id}/ G33p
     viewed-by/ G1p
   repo/ P24p
   rules/ G21p P22p
    configuration
    preview
    {rule_id}/ G21p U22p D22p
   stacktrace-link/ G33p
   stats/ G33p
   symbol-sources/ G33p! P24p U24p D34p
   tags/{key}/values/ G35p
   teams/ G33p
    {team}/ P24p D24p
   trace-items/{item_id}/ G33p
   uptime/ P22p
    {uptime_detector_id}/ G21p U22p D22p
   user-feedback/ G35p P36p
   users/ G33p
seer/models/ G0r
sentry-app-installations/{uuid}/external-issues/ P38r
   {external_issue_id}/ D3r
sentry-apps/{sentry_app_id_or_slug}/ G40r! U5r D41r
teams/{org}/{team}/ G27r U28r D29r
   external-teams/ P28r
    {external_team_id}/ U28r D29r
   members/ G27r
   projects/ G33r P24r
`;
