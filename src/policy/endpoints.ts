// Made by tools/endpoints.ts from tools/endpoints.source.json; edit those.
// getsentry/sentry at 57915b5d (urls.py and permission classes, about November 2025)
// getsentry/sentry-api-schema 0.272.0 at a589a26c (openapi-derefed.json)

/**
 * One path a line, below /api/0/, a blank for each segment that it has from the line before. Then for each method: its
 * letter (PUT is U, PATCH is A), the letter of its limit, a letter for each scope that will do, by its place in SCOPES,
 * and `!` if the answer holds a secret.
 * A path without methods is only a name that is taken.
 */
export const ENDPOINTS = `
/ Gn
issues/{issue_id}/ Glrst Ulst Dlt
  activities/ Glrst
  autofix/ Glrst Plst
  events/ Glrst
   {event_id}/ Glrst
  external-issues/ Glrst
  hashes/ Glrst
  integrations/{integration_id}/ Glrst Plst Ulst Dlt
  notes/ Glrst Plst
  tags/{key}/ Glrst
    values/ Glrst
  user-feedback/ Glrst
organizations/ Gfabc
 {org}/ Gnabc Urbc
  ai-conversations/ Giabc
   {conversation_id}/ Grabc
  alert-rules/ Giuabc Prvbc
   available-actions
   {alert_rule_id}/ Gruabc Urvbc Drvbc
  artifactbundle/assemble/ Pbepno
  chunk-upload/ Gnmepno Pnepno
  code-mappings/bulk/ Psedbc
  combined-rules/ Giabc
  config/integrations/ Grabc
  dashboards/ Grabc Prbc
   starred
   widgets
   {dashboard_id}/ Grabc Urbc Drbc
    revisions/ Grabc
  detectors/ Gquabc Urvbc Drvbc
   {detector_id}/ Gruabc Urvbc Drvbc
  discover/saved/ Grabc Prbc
    {query_id}/ Grabc Urbc Drbc
  environments/ Giabc
  eventids/{event_id}/ Grabc
  events-stats/ Giabc
  events-timeseries/ Gqabc
  events/ Gqabc
   validate/ Grabc
  external-users/ Prbc
   {external_user_id}/ Urbc Drbc
  forwarding/ Gra! Prb
   {data_forwarder_id}/ Urb Drb
  integrations/ Gradbc!
   coding-agents
   {integration_id}/ Gradbc! Drdc
  issues-count/ Giabc
  issues/ Gqrst Uqst Dqt
   {issue_id}/ Glrst Ulst Dlt
    activities/ Glrst
    autofix/ Glrst Plst
    events/ Glrst
     {event_id}/ Glrst
    external-issues/ Glrst
    hashes/ Glrst
    integrations/{integration_id}/ Glrst Plst Ulst Dlt
    notes/ Glrst Plst
    tags/{key}/ Glrst
      values/ Glrst
    user-feedback/ Glrst
  members/ Grfhi Prghi
   {member_id}/ Grfhi! Urghi Drhi
    teams/{team}/ Prbk Urhbkicl Drbcl
  metrics/data/ Giabc
  monitors/ Gquabc Psvbc
   {monitor_id_or_slug}/ Grumvno Urvno Drvno
    checkins/ Grumvno
    stats/ Grumvno
  notifications/actions/ Gqabc Pbbc
    {action_id}/ Grabc Urbc Drbc
  preprodartifacts/snapshots/latest-base/ Gqmepno
    {snapshot_id}/ Grmepno Drpo
     archive/ Grmepno Hrmepno Prepno
     images/{image_identifier}/ Grmepno
   {artifact_id}/install-details/ Grabc
    size-analysis/ Grabc
  profiling/chunks/ Gqabc
   flamegraph/ Gqabc
  project-keys/ Grabc!
  projects/ Gfabc Prno
   {project}/detectors/ Ppvno
  relay_usage/ Grabc
  release-threshold-statuses/ Gqmepno
  releases/ Gqmepno Pbepno
   stats
   {version}/ Glmepno Ulepno Dlpo
    commitfiles/ Glp
    commits/ Glmepno
    deploys/ Glmepno Plepno
    files/ Glmepno Plepno
     {file_id}/ Glmepno Ulepno Dlpo
    previous-with-commits/ Glmepno
  replay-count/ Gqabc
  replay-selectors/ Gqabc
  replays/ Gqabc
   {replay_id}/ Gqabc
  repos/ Graedbc
   {repo_id}/commits/ Grabc
  scim/v2/Groups Grjkl Prkl
    Groups/{team} Grjkl Arkl Drl
    Users Grfhi Prhi
    Users/{member_id} Grfhi Arhi Dri
  sentry-app-installations/ Grad!
  sentry-apps/ Grabc!
  sessions/ Gqabc
  shortids/{issue_id}/ Glrst
  spike-protections/ Pbno Dbno
  stats-summary/ Gqabc
  stats_v2/ Gqabc
  tags/ Gqabc
   {key}/values/ Giabc
  teams/ Grabc Prbkc
  trace-items/attributes/ Giabc
   stats/ Gqabc
  trace-logs/ Grabc
  trace-meta/{trace_id}/ Grabc
  trace/{trace_id}/ Grabc
  uptime/ Giabc
  user-teams/ Grabc
  workflows/ Gruabc Prvbc Urvbc Drvbc
   {workflow_id}/ Gruabc Urvbc Drvbc
projects/{org}/{project}/ Gpmno! Upno Dpo
   environments/ Gpmno Upno
    {environment}/ Gpmno Upno
   events/ Gpmno
    {event_id}/ Gpmno
     attachments/ Gpmno
      {attachment_id}/ Gpmno Dpo
     source-map-debug/ Gpmno
   files/difs/assemble/ Ppepno
    dsyms/ Gpmepno Ppepno Dppo
    preprodartifacts/assemble/ Ppepno
   filters/ Gpmno
    {filter_id}/ Upno
   hooks/ Gpm! Ppn
    {hook_id}/ Gpm! Upn Dpo
   issues/ Gpr Ups Dpt
   keys/ Gpmno! Ppno!
    {key_id}/ Gpmno! Upno! Dpo
   members/ Gpmno
   monitors/{monitor_id_or_slug}/ Gpumvno Upvno Dpvno
     checkins/ Gpumvno
     stats/ Gpumvno
   ownership/ Gpmno Upno
   preprod/size-analysis/status-check-rules/ Gpmno
     status-checks/skip/ Ppepno
    snapshots/status-check-rules/ Gpmno
     status-checks/skip/ Ppepno
   preprodartifacts/build-distribution/latest/ Gpmqno
    snapshots/ Ppepno
     upload-options/ Gpmepno
   profiling/profiles/{profile_id}/ Gpmno
   releases/ Gpmepno
    completion
    token/ Gpmepno! Ppepno!
    {version}/ Gpmepno Upepno Dppo
     commits/ Gpmepno
     files/ Gpmepno Ppepno
      {file_id}/ Gpmepno Upepno Dppo
   replays/jobs/delete/ Gpno Ppno
      {job_id}/ Gpno
    {replay_id}/ Dpno
     clicks/ Gpmno
     recording-segments/ Gpmno
      {segment_id}/ Gpmno
     viewed-by/ Gprst
   repo/ Ppno
   rules/ Gpumvno Ppvno
    configuration
    preview
    {rule_id}/ Gpumvno Upvno Dpvno
   stacktrace-link/ Gpmno
   stats/ Gpmno
   symbol-sources/ Gpmno! Ppno Upno Dpo
   tags/{key}/values/ Gpm
   teams/ Gpmno
    {team}/ Ppno Dpno
   trace-items/{item_id}/ Gpmno
   uptime/ Ppvno
    {uptime_detector_id}/ Gpumvno Upvno Dpvno
   user-feedback/ Gpm Ppn
   users/ Gpmno
seer/models/ Gr
sentry-app-installations/{uuid}/external-issues/ Prs
   {external_issue_id}/ Drt
sentry-apps/{sentry_app_id_or_slug}/ Grrfamjpst! Urbc Drc
teams/{org}/{team}/ Grjkl Urkl Drl
   external-teams/ Prkl
    {external_team_id}/ Urkl Drl
   members/ Grjkl
   projects/ Grmno Prno
`;
