import type { Program } from './program.ts';
import { TERRAFORM } from './terraform.ts';

const DSNS = 'GET /api/0/projects/{org}/{project}/keys/';
const REPOSITORIES = 'GET /api/0/organizations/{org}/repos/';
const TEAMS = 'GET /api/0/organizations/{org}/teams/';
const ATTACHMENT = 'GET /api/0/projects/{org}/{project}/events/{event_id}/attachments/{attachment_id}/';

const PERSON = "it shows the account that the proxy's token belongs to";
const DASHBOARDS = 'a dashboard has queries over all projects';
const TRACES = 'a trace has spans of all projects';
const SEER = 'Seer reads code, and traces through all projects';
const IMAGES = 'it gets a token that can also remove objects, and uploads the images past the proxy';
const COMMITS = 'commits name repositories, and resolve issues, of the whole organization';
const GIT =
  'it names a repository of the organization; sentry-cli does so in CI, so uploads there need --no-git-metadata';
const MAPPINGS = 'code mappings belong to the whole organization';
const TEAM = 'a team belongs to the whole organization';

const CLI_SETTINGS = 'SENTRY_URL=https://proxy.example SENTRY_AUTH_TOKEN=<token> SENTRY_ORG=acme SENTRY_PROJECT=web';

/** The programs that `token --for` knows, with a reason for each right. The recipes of the docs are made of them. */
export const PROGRAMS: readonly Program[] = [
  {
    name: 'sentry-cli',
    otherNames: ['cli'],
    is: 'sentry-cli 3 and 2: uploads, releases, lists',
    rights: {
      scopes: [
        { right: 'org:ci', why: 'uploads source maps, debug files and builds, and makes and edits releases' },
        { right: 'org:read', why: 'lists organizations, projects and monitors, and uses logs' },
        { right: 'project:read', why: 'lists events' },
        { right: 'project:releases', why: 'removes releases' },
        { right: 'event:read', why: 'lists issues' },
      ],
    },
    write: { scopes: [{ right: 'event:write', why: 'resolves, mutes and reopens issues' }] },
    settings: CLI_SETTINGS,
    missing: [
      {
        what: 'build download',
        as: 'all',
        why: 'it gets a link that downloads the build without a login for 12 hours',
      },
      { what: 'snapshots upload', as: 'all', why: IMAGES },
      { what: 'releases set-commits', as: 'projects', why: COMMITS },
      { what: 'code-mappings upload', as: 'projects', why: MAPPINGS },
      { what: 'build upload --force-git-metadata', as: 'projects', why: GIT },
      { what: 'repos list', as: 'projects', why: 'repositories belong to the whole organization' },
    ],
  },
  {
    name: 'bundler',
    otherNames: ['vite', 'webpack', 'rollup', 'esbuild', 'ci'],
    is: 'the plugins for Vite, webpack, Rollup and esbuild',
    rights: { scopes: [{ right: 'org:ci', why: 'makes a release and uploads source maps' }] },
    settings: CLI_SETTINGS,
    missing: [
      {
        what: 'setCommits',
        as: 'projects',
        why: `${COMMITS}; a build that does not set it tries, and goes on without them`,
      },
    ],
  },
  {
    name: 'sentry',
    is: 'the command line `sentry`',
    rights: {
      scopes: [
        { right: 'org:read', why: 'lists organizations and projects, and reads events, logs, traces and dashboards' },
        { right: 'project:read', why: 'reads projects, releases, events and snapshots' },
        { right: 'team:read', why: 'lists teams' },
        { right: 'event:read', why: 'reads issues with their events' },
        { right: 'alerts:read', why: 'reads alerts and monitors' },
      ],
      allow: [{ right: DSNS, why: 'lists DSNs' }],
      allowWithProjects: [
        { right: REPOSITORIES, why: 'lists repositories' },
        { right: TEAMS, why: 'lists teams' },
      ],
    },
    write: {
      scopes: [
        { right: 'org:ci', why: 'uploads source maps, debug files and builds, and makes and edits releases' },
        { right: 'project:releases', why: 'removes releases' },
        { right: 'event:write', why: 'resolves, archives and reopens issues' },
      ],
    },
    settings: CLI_SETTINGS,
    missing: [
      { what: 'auth whoami', as: 'all', why: PERSON },
      { what: 'token list', as: 'all', why: 'tokens are secrets: add GET /api/0/organizations/{org}/org-auth-tokens/' },
      {
        what: 'integration list',
        as: 'all',
        why: 'their configuration holds secrets: add GET /api/0/organizations/{org}/integrations/',
      },
      { what: 'snapshots upload', as: 'all', why: IMAGES },
      { what: 'release set-commits', as: 'projects', why: COMMITS },
      { what: 'code-mappings upload', as: 'projects', why: MAPPINGS },
      { what: 'dashboard list', as: 'projects', why: DASHBOARDS },
      { what: 'dashboard view', as: 'projects', why: DASHBOARDS },
      { what: 'dashboard revisions', as: 'projects', why: DASHBOARDS },
      { what: 'trace view', as: 'projects', why: TRACES },
      { what: 'trace logs', as: 'projects', why: TRACES },
      { what: 'span view', as: 'projects', why: TRACES },
      { what: 'alert issues view', as: 'projects', why: 'Sentry does not limit the id of an alert to a project' },
    ],
  },
  {
    name: 'sentry-mcp',
    otherNames: ['mcp', 'mcp-server'],
    is: 'the MCP server of an AI agent, with all its reading tools',
    rights: {
      scopes: [
        { right: 'org:read', why: 'finds organizations and projects, and searches events, traces and replays' },
        { right: 'project:read', why: 'reads projects, releases, profiles and snapshots' },
        { right: 'team:read', why: 'finds teams' },
        { right: 'event:read', why: 'searches and reads issues with their events' },
        { right: 'alerts:read', why: 'reads alert rules and monitors' },
      ],
      allow: [
        { right: DSNS, why: 'shows DSNs' },
        { right: ATTACHMENT, why: 'reads attachments of events, with any content' },
      ],
      allowWithProjects: [{ right: TEAMS, why: 'finds teams' }],
    },
    write: {
      scopes: [
        { right: 'event:write', why: 'resolves and assigns issues, and adds notes' },
        { right: 'project:write', why: 'changes projects and uptime monitors' },
        { right: 'team:write', why: 'makes teams' },
      ],
      allow: [
        { right: 'POST /api/0/projects/{org}/{project}/keys/', why: 'makes DSNs' },
        { right: 'PUT /api/0/projects/{org}/{project}/keys/{key_id}/', why: 'changes DSNs' },
        {
          right: 'POST /api/0/organizations/{org}/onboarding/agent/status/',
          why: "reports how it sets Sentry up to the person whom the proxy's token belongs to",
        },
      ],
    },
    rate: '120/min',
    settings: 'npx @sentry/mcp-server --host=proxy.example, with SENTRY_ACCESS_TOKEN=<token>',
    missing: [
      { what: 'whoami', as: 'all', why: PERSON },
      { what: 'find_dashboards', as: 'projects', why: DASHBOARDS },
      { what: 'get_dashboard_details', as: 'projects', why: DASHBOARDS },
      { what: 'get_trace_details', as: 'projects', why: TRACES },
      { what: 'get_span_details', as: 'projects', why: TRACES },
      { what: 'analyze_issue_with_seer', as: 'projects', why: SEER },
      { what: 'create_team', as: 'projects', why: TEAM },
      { what: 'create_project', as: 'projects', why: "a new project is not one of the client's" },
    ],
  },
  {
    name: 'grafana',
    is: "Grafana's data source for Sentry",
    rights: {
      scopes: [
        { right: 'org:read', why: 'lists projects, and reads events, tags and statistics' },
        { right: 'project:read', why: 'lists the projects of teams' },
        { right: 'event:read', why: 'reads issues' },
      ],
      allowWithProjects: [{ right: TEAMS, why: 'lists the teams to choose from' }],
    },
    rate: '300/min',
    concurrency: 8,
    settings: 'URL https://proxy.example, auth token <token>',
    missing: [],
  },
  TERRAFORM,
  {
    name: 'agent',
    is: 'a script or an agent that reads issues, and nothing else',
    rights: {
      scopes: [{ right: 'event:read', why: 'reads issues with their events' }],
      allow: [
        { right: 'GET /api/0/organizations/', why: 'finds its organization, and sees no other' },
        { right: 'GET /api/0/organizations/{org}/projects/', why: 'finds its projects, and sees no others' },
      ],
    },
    write: { scopes: [{ right: 'event:write', why: 'resolves and assigns issues, and adds notes' }] },
    rate: '60/min',
    concurrency: 2,
    settings: 'https://proxy.example in place of Sentry, with the field Authorization: Bearer <token>',
    missing: [],
  },
];
