/**
 * What stands first below /api/0/ and is never given by a scope, not even by `*`: an `allow` rule has to name it.
 * With what it would give away.
 */
export const GUARDED_NAMES: ReadonlySet<string> = new Set([
  'internal', // Sentry's own options, and a PUT that sets them
  'relocations', // exports of whole organizations
  'publickeys', // keys of relocations
  'relays', // the ingestion of events
  'users', // accounts, for a superuser all of them
  'userroles', // rights of administrators
  'auth', // sessions
  'auth-v2', // sessions
  'api-tokens', // tokens of users
  'api-applications', // OAuth applications and their secrets
  'api-authorizations', // what users let applications do
  'authenticators', // second factors
  'wizard', // tokens and DSNs; its GET makes a hash that leads to them
  'accept-transfer', // the transfer of a project
  'accept-invite', // membership
  'broadcasts', // what Sentry shows to all users
  'assistant', // a user's own state
  'prompts-activity', // a user's own state
  'sentry-apps', // client secrets, which a superuser sees unmasked
  'sentry-app-installations', // grant codes
  'doc-integrations', // integrations of all organizations
  'integration-features', // integrations of all organizations
  'secret-scanning', // reports of leaked tokens
  'data-export', // exported events
]);

/** Whether a path below /api/0/ is one of those. The bare list of projects is: it has those of all organizations. */
export const isGuarded = (names: readonly string[]): boolean =>
  GUARDED_NAMES.has(names[0] ?? '') || (names[0] === 'projects' && (names[1] ?? '') === '');
