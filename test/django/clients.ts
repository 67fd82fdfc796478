// The clients that the fuzzer asks as, of each kind that the file of clients can describe.
import { createHash } from 'node:crypto';

/** A client as the file of clients has it, and its token. */
export interface Client {
  name: string;
  token: string;
  scopes?: string[];
  orgs?: string[];
  /** As `organization/project`. */
  projects?: string[];
  allow?: string[];
  deny?: string[];
  expires?: string;
}

const DEFINITIONS: Omit<Client, 'token'>[] = [
  { name: 'grafana', scopes: ['org:read', 'project:read', 'event:read'], orgs: ['acme'] },
  { name: 'ci-web', scopes: ['org:ci'], projects: ['acme/web'] },
  {
    name: 'triage-agent',
    scopes: ['event:read', 'project:read'],
    projects: ['acme/web', 'acme/api'],
    deny: [
      'GET /api/0/projects/{org}/{project}/events/{event_id}/attachments/**',
      'GET /api/0/organizations/*/groups/*/comments/**',
    ],
  },
  {
    name: 'writer',
    scopes: ['event:admin', 'project:admin', 'project:releases', 'org:write', 'alerts:write'],
    projects: ['acme/web', 'acme/api'],
  },
  { name: 'all-of-acme', scopes: ['*'], orgs: ['acme'] },
  { name: 'all-of-web', scopes: ['*'], projects: ['acme/web'] },
  {
    name: 'keys-of-web',
    allow: [
      'GET /api/0/projects/{org}/{project}/keys/',
      'POST /api/0/projects/acme/*/releases/**',
      'GET /api/0/projects/{org}/{project}/rules/{rule_id}/',
      // Next to it is latest-base, which it does not mean.
      'GET /api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/',
    ],
    projects: ['acme/web'],
  },
  // Finer rights than these are needed inside: event:admin, project:write, org:admin, a rule.
  {
    name: 'half-rights',
    scopes: ['event:write', 'project:read', 'org:write', 'org:ci', 'alerts:write'],
    orgs: ['acme'],
  },
  // Nothing limits it but what only a rule gives.
  { name: 'everything', scopes: ['*'], orgs: ['*'] },
  { name: 'by-number', scopes: ['*'], projects: ['acme/11', 'acme/12'] },
  {
    name: 'two-orgs',
    scopes: ['readonly', 'event:write', 'org:ci'],
    projects: ['acme/api', 'other/22'],
    deny: ['* /api/0/projects/{org}/{project}/releases/{version}/**'],
  },
  {
    // Rules that spell a request out give what no limit can narrow, and the keys that need a rule.
    name: 'decided',
    scopes: ['alerts:write', 'project:write', 'org:write'],
    projects: ['acme/web'],
    allow: [
      'GET /api/0/organizations/{org}/repos/',
      'PUT /api/0/organizations/acme/detectors/{detector_id}/',
      'PUT /api/0/projects/{org}/{project}/',
      'GET /api/0/projects/{org}/{project}/releases/{version}/',
      'GET /api/0/organizations/acme/dashboards/**',
      'GET /api/0/internal/health/',
    ],
  },
  {
    // Each of these ids may be written in several ways.
    name: 'not-these',
    scopes: ['readonly', 'event:write'],
    orgs: ['acme'],
    deny: [
      '* /api/0/organizations/{org}/issues/SECRET-1/**',
      'GET /api/0/projects/acme/{project}/rules/311/',
      '* /api/0/organizations/acme/monitors/a0000000-0000-0000-0000-000000000011/**',
    ],
  },
  { name: 'secrets-of-web', allow: ['* /api/0/projects/{org}/{project}/**'], projects: ['acme/web'] },
  { name: 'reader', scopes: ['readonly'], orgs: ['*'] },
  { name: 'expired', scopes: ['*'], orgs: ['*'], expires: '2020-01-01' },
];

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Their tokens are not secrets: they are the same in each run, for a seed to be the same. */
export const CLIENTS: readonly Client[] = DEFINITIONS.map((client) => ({
  ...client,
  token: digest(`token of ${client.name}`),
}));

/** The text of the file of clients: the tokens are in it as their digests. */
export const clientsFile = (): string =>
  JSON.stringify({ clients: CLIENTS.map((client) => ({ ...client, token: `sha256:${digest(client.token)}` })) });
