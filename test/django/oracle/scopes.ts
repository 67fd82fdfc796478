// What scopes give, as Sentry and the documentation say it.
import type { Client } from '../clients.ts';
import type { Row } from '../rows.ts';

const IMPLIES: Record<string, string[]> = {
  ...Object.fromEntries(
    ['org', 'member', 'team', 'project', 'event'].flatMap((kind) => [
      [`${kind}:write`, [`${kind}:read`]],
      [`${kind}:admin`, [`${kind}:read`, `${kind}:write`]],
    ]),
  ),
  'alerts:write': ['alerts:read'],
  'org:admin': ['org:read', 'org:write', 'org:integrations'],
  'member:invite': ['member:read'],
  'member:write': ['member:read', 'member:invite'],
  'member:admin': ['member:read', 'member:write', 'member:invite'],
};
const READ_ONLY = ['org', 'member', 'team', 'project', 'event', 'alerts'].map((kind) => `${kind}:read`);

/** Whether a client has one of these scopes, or all. */
export function hasOneOf(client: Client, wanted: readonly string[]): boolean {
  const given = client.scopes ?? [];
  if (given.includes('*')) return true;
  const named = given.flatMap((scope) => (scope === 'readonly' ? READ_ONLY : [scope]));
  return wanted.some((scope) => named.some((one) => one === scope || IMPLIES[one]?.includes(scope)));
}

/** Beginnings of paths that no scope grants. */
const NEVER_BY_SCOPE = [
  ...['internal', 'relocations', 'publickeys', 'relays', 'users', 'userroles', 'auth', 'auth-v2', 'api-tokens'],
  ...['api-applications', 'api-authorizations', 'authenticators', 'wizard', 'accept-transfer', 'accept-invite'],
  ...['broadcasts', 'assistant', 'prompts-activity', 'sentry-apps', 'sentry-app-installations', 'doc-integrations'],
  ...['integration-features', 'secret-scanning', 'data-export'],
].map((name) => `/api/0/${name}/`);
const NEVER_BELOW_AN_ORGANIZATION = [
  ...['api-keys', 'audit-logs', 'auth-provider', 'data-export', 'flags/signing-secrets', 'invite-requests'],
  'org-auth-tokens',
].map((name) => `/api/0/organizations/{org}/${name}/`);
const GUARDED = [
  ...NEVER_BY_SCOPE,
  ...NEVER_BELOW_AN_ORGANIZATION,
  '/api/0/projects/{org}/{project}/tempest-credentials/',
];

/** Whether only a rule gives a row, one that names it. */
export const needsRule = (row: Row): boolean =>
  row.needsRule !== undefined || GUARDED.some((path) => row.path.startsWith(path));
