import type { Program } from './program.ts';

const KEYS = 'a DSN is a secret; add a rule for it';
const SECRETS = 'its response holds secrets; add a rule for it';
const WHOLE = 'it belongs to the whole organization';
const SHARED = 'it may belong to several projects';

/** The missing rights are listed as requests, with one or several methods of a path: a resource makes several. */
export const TERRAFORM: Program = {
  name: 'terraform',
  is: 'the Terraform provider jianyuan/sentry',
  rights: {
    scopes: [
      { right: 'org:admin', why: 'manages dashboards, integrations of repositories and settings' },
      { right: 'member:admin', why: 'invites and removes members' },
      { right: 'project:admin', why: 'manages projects' },
      { right: 'team:admin', why: 'manages teams' },
      { right: 'alerts:write', why: 'manages alerts and monitors' },
    ],
    allow: [
      { right: 'GET /api/0/internal/health/', why: 'requests this first' },
      {
        right: 'PUT /api/0/projects/{org}/{project}/',
        why: "sets a project's allowed domains, to which its token is sent",
      },
    ],
  },
  settings: 'base_url = "https://proxy.example/api/", token = "<token>"',
  missing: [
    { what: 'GET POST /api/0/projects/{org}/{project}/keys/', as: 'all', why: KEYS },
    { what: 'GET PUT /api/0/projects/{org}/{project}/keys/{key_id}/', as: 'all', why: KEYS },
    { what: 'GET /api/0/organizations/{org}/integrations/', as: 'all', why: SECRETS },
    { what: 'GET /api/0/organizations/{org}/integrations/{integration_id}/', as: 'all', why: SECRETS },
    { what: 'GET /api/0/organizations/{org}/sentry-app-installations/', as: 'all', why: SECRETS },
    { what: 'GET PUT /api/0/projects/{org}/{project}/symbol-sources/', as: 'all', why: SECRETS },
    {
      what: 'POST /api/0/organizations/',
      as: 'all',
      why: 'it creates an organization, which belongs to the whole installation',
    },
    {
      what: 'DELETE /api/0/organizations/{org}/',
      as: 'all',
      why: 'it removes a whole organization',
    },
    {
      what: 'DELETE POST /api/0/organizations/{org}/spike-protections/',
      as: 'all',
      why: "it exists only in Sentry's cloud",
    },
    { what: 'GET POST PUT /api/0/projects/{org}/{project}/plugins/{plugin_id}/', as: 'all', why: SECRETS },
    {
      what: 'POST /api/0/organizations/{org}/integrations/{integration_id}/',
      as: 'all',
      why: 'it may send stored keys elsewhere; add a rule for it',
    },
    { what: 'PUT /api/0/organizations/{org}/', as: 'projects', why: WHOLE },
    { what: 'GET POST /api/0/organizations/{org}/teams/', as: 'projects', why: WHOLE },
    { what: 'DELETE GET PUT /api/0/teams/{org}/{team}/', as: 'projects', why: WHOLE },
    { what: 'POST /api/0/teams/{org}/{team}/projects/', as: 'projects', why: WHOLE },
    { what: 'GET POST /api/0/organizations/{org}/members/', as: 'projects', why: WHOLE },
    { what: 'DELETE GET PUT /api/0/organizations/{org}/members/{member_id}/', as: 'projects', why: WHOLE },
    {
      what: 'DELETE POST PUT /api/0/organizations/{org}/members/{member_id}/teams/{team}/',
      as: 'projects',
      why: WHOLE,
    },
    { what: 'GET POST /api/0/organizations/{org}/repos/', as: 'projects', why: WHOLE },
    { what: 'DELETE /api/0/organizations/{org}/repos/{repo_id}/', as: 'projects', why: WHOLE },
    { what: 'POST /api/0/organizations/{org}/code-mappings/', as: 'projects', why: WHOLE },
    { what: 'DELETE PUT /api/0/organizations/{org}/code-mappings/{config_id}/', as: 'projects', why: WHOLE },
    { what: 'POST /api/0/organizations/{org}/dashboards/', as: 'projects', why: WHOLE },
    { what: 'POST /api/0/organizations/{org}/dashboards/widgets/', as: 'projects', why: WHOLE },
    { what: 'DELETE GET PUT /api/0/organizations/{org}/dashboards/{dashboard_id}/', as: 'projects', why: WHOLE },
    { what: 'POST /api/0/organizations/{org}/workflows/', as: 'projects', why: SHARED },
    { what: 'DELETE GET PUT /api/0/organizations/{org}/workflows/{workflow_id}/', as: 'projects', why: SHARED },
  ],
};
