import type { Scope } from './scopes.ts';

/** The methods that a named client may use: exactly these spellings, since Django reads `delete` as DELETE. */
export const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** One method of one path of Sentry's API, as the table of rights has it. */
export interface Endpoint {
  /** Any one of these grants it; the first opens least. Empty: only `*` or an `allow` rule grants it. */
  readonly scopes: readonly Scope[];
  /** How a client with `projects` is limited to them: all of these apply. */
  readonly projects: ProjectLimit | readonly ProjectLimit[];
  /** Parameters of the query that need more than the row. */
  readonly query?: Fields;
  /** Keys of the body that need more than the row. */
  readonly body?: Fields;
  /** Keys that are removed from the response at any depth, unless a rule that ends in `**` grants the row. */
  readonly removed?: readonly string[];
  /** Keys that are removed as well for clients with `projects`. */
  readonly removedWithProjects?: readonly string[];
  /** Why only an `allow` rule that names the row grants it. */
  readonly needsRule?: RuleReason;
}

/** The response holds secrets; or there is no evidence that the row is harmless; or it does more than any scope says. */
export type RuleReason = 'secret' | 'unproven' | 'beyond scopes';

/**
 * How a client with `projects` is limited to them.
 * - `path`: the project of the path has to be the client's
 * - `query`: `project` in the query is narrowed to the client's
 * - `lookup:…`: Sentry is asked for the thing that the path names, and all its projects have to be the client's
 * - `body:KEY`: the body names projects under KEY, one or a list, and all have to be the client's
 * - `filter`: the response is a list, and only the client's projects stay in it; `filter:KEY`: the list is a member of
 *   the object; `filter:[].KEY`: each entry of the list has such a list
 * - `none`: holds nothing of a project, or of an organization if the path names none
 * - `refuse`: has data of all projects
 */
export type ProjectLimit =
  | 'path'
  | 'query'
  | 'none'
  | 'refuse'
  | 'filter'
  | `filter:${string}`
  | `lookup:${LookupKind}`
  | `body:${string}`;

/** Things that can be looked up by an id in the path. */
export type LookupKind =
  | 'issue'
  | 'release'
  | 'monitor'
  | 'rule'
  | 'alert-rule'
  | 'detector'
  | 'replay'
  | 'snapshot'
  | 'notification-action';

/** Parameters of a query or keys of a body. A dotted name is a key within a key; lists between them do not count. */
export interface Fields {
  readonly keys?: Readonly<Record<string, FieldRule>>;
  /** All names that a client with `projects` may send, next to those of `keys`; absent: any. */
  readonly only?: readonly string[];
}

/** The requirement on a field, or the requirement unless its value is one of these. */
export type FieldRule = Need | { readonly needs: Need; readonly unless: Harmless };

/** Values that need nothing: these, or those that look so. */
export type Harmless = readonly (string | number | boolean | null)[] | 'number';

/**
 * The requirement on a field.
 * - a scope: the client has to have it
 * - `rule`: an `allow` rule that spells the path out has to grant the request
 * - `never with projects`: clients with `projects` may not send it
 * - `never`: no named client may send it
 * - `projects`: it names projects, one or a list, which have to be those of a client with `projects`
 * - `release`: it names a release, which has to be theirs, or not there yet
 * - `ok`: nothing, though its name looks as if it selected something
 */
export type Need = Scope | 'rule' | 'never with projects' | 'never' | 'projects' | 'release' | 'ok';
