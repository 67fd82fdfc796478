/** Every scope that a client may be given, and the scopes that it implies (Sentry's SENTRY_SCOPE_HIERARCHY_MAPPING). */
const IMPLIED = {
  'org:read': [],
  'org:write': ['org:read'],
  'org:admin': ['org:read', 'org:write', 'org:integrations'],
  'org:integrations': [],
  // All that an organization token of Sentry's can do: uploads and releases.
  'org:ci': [],
  'member:read': [],
  'member:invite': ['member:read'],
  'member:write': ['member:read', 'member:invite'],
  'member:admin': ['member:read', 'member:invite', 'member:write'],
  'team:read': [],
  'team:write': ['team:read'],
  'team:admin': ['team:read', 'team:write'],
  'project:read': [],
  'project:write': ['project:read'],
  'project:admin': ['project:read', 'project:write'],
  // Stands alone: project:admin does not imply it.
  'project:releases': [],
  'project:distribution': [],
  'event:read': [],
  'event:write': ['event:read'],
  'event:admin': ['event:read', 'event:write'],
  'alerts:read': [],
  'alerts:write': ['alerts:read'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A scope of Sentry's. */
export type Scope = keyof typeof IMPLIED;

/** Sentry's scopes. The table of endpoints names each by its place. */
export const SCOPES: readonly string[] = Object.keys(IMPLIED);

/** Means every `:read` scope (Sentry's SENTRY_READONLY_SCOPES). */
export const READONLY = 'readonly';

/** Means every row of the table of endpoints. */
export const EVERYTHING = '*';

/** The scopes that a scope of the clients file grants, itself included; undefined if there is no such scope. */
export function scopesOf(name: string): readonly string[] | undefined {
  if (name === EVERYTHING) return SCOPES;
  if (name === READONLY) return SCOPES.filter((scope) => scope.endsWith(':read'));
  return Object.hasOwn(IMPLIED, name) ? [name, ...IMPLIED[name as Scope]] : undefined;
}
