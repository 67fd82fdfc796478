import type { Client, ProjectRef } from './client.ts';
import type { FieldLimits } from './fields.ts';
import type { Pairs } from './query.ts';
import type { Reason } from './reasons.ts';
import type { LookupKind } from './sentry/endpoint.ts';

/** A refusal. It never falls through to bypass. */
export interface Refused {
  readonly kind: 'refuse';
  /** The row of the error table: `look_up_failed` is a 503, the others are a 403 and a 401. */
  readonly error: 'client_denied' | 'client_expired' | 'look_up_failed';
  readonly reason: Reason;
  /** For the client: names it, and says what would do. Holds nothing that the request sent. */
  readonly detail: string;
  /** The rule that refuses, by its place in the file: `deny[0]`. */
  readonly deniedBy?: string;
}

/** A request that may be sent. */
export interface Allowed {
  readonly kind: 'allow';
  /** What grants it: a scope, or `allow[0]` by the rule's place in the file; `any client` for GET /api/0/. */
  readonly grantedBy: string;
  /** The path as the table writes it, if the table has it. */
  readonly template: string | undefined;
  /** If there, it takes the place of the target's query. */
  readonly query?: string;
  /** If there, these bytes were checked, and no others may be sent. */
  readonly body?: Uint8Array;
  /** If there, the response is edited by it before the client sees it. */
  readonly response?: ResponseFilter;
}

/** A request that may be sent if all conditions hold: see `resolveConditions`. */
export interface Conditional {
  readonly kind: 'conditional';
  readonly client: Client;
  /** The organization of the path: every lookup is held to it. */
  readonly org: string;
  /** The client's projects in it; undefined if it is not limited to projects. */
  readonly projects: readonly ProjectRef[] | undefined;
  readonly conditions: readonly Condition[];
  /** What it becomes. */
  readonly allowed: Allowed;
}

/** Something that only Sentry's response or the request's body can show. */
export type Condition =
  /** The project in the path is written as the client's are not: by id, or by slug. */
  | { readonly kind: 'project'; readonly project: ProjectRef }
  /** The query is rebuilt with the ids of those of the client's projects that it selects; of all, if it selects none. */
  | { readonly kind: 'query'; readonly pairs: Pairs }
  /** All projects of a thing that the path names have to be the client's. */
  | { readonly kind: 'lookup'; readonly thing: Thing }
  /** The body holds no key that the client may not send, and names the client's projects. */
  | {
      readonly kind: 'body';
      /** The key that has to name projects. */
      readonly required?: string;
      readonly limits: FieldLimits;
    };

/** Something that has projects in Sentry. */
export interface Thing {
  readonly kind: LookupKind;
  /** Of the path, decoded: a number, a slug, a version. */
  readonly id: string;
  /** Of the path, if Sentry has the thing below a project. */
  readonly project?: string;
}

/** What is taken out of a response. */
export interface ResponseFilter {
  /** Keys that are removed at every depth. */
  readonly removeKeys: readonly string[];
  /** If there, the response has a list, and only the entries that these name stay: by `slug` or `id`. */
  readonly keepOnly?: readonly ProjectRef[];
  /** Where the list is: a member of an object, or `[].KEY`, a member of each entry of a list. Absent: it is the response. */
  readonly listKey?: string;
}

/** What `decide` and `resolveConditions` answer with. */
export type Decision = Allowed | Conditional | Refused;

/** Makes a refusal with a text for the client. */
export function refuse(client: Client, reason: Reason, text: string): Refused {
  const error =
    reason === 'expired' ? 'client_expired' : reason === 'look_up_failed' ? 'look_up_failed' : 'client_denied';
  return { kind: 'refuse', error, reason, detail: `client ${client.name} ${text}` };
}
