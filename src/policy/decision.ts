import type { Client, ProjectRef } from './client.ts';
import type { FieldLimits, FieldRefusal } from './fields.ts';
import type { Pairs } from './query.ts';
import type { Reason } from './reasons.ts';
import type { LookupKind } from './sentry/endpoint.ts';

/** A refusal. It never falls through to bypass. */
export interface Refused {
  readonly kind: 'refuse';
  /** The row of the error table: `look_up_failed` is a 503, the others are a 403 and a 401. */
  readonly error: 'client_denied' | 'client_expired' | 'look_up_failed';
  readonly reason: Reason;
  /** A scope that would suffice, if a scope is lacking. */
  readonly scope?: string;
  /** For the client: names it, and says what would do. Holds nothing that the request sent. */
  readonly detail: string;
  /** The rule that refuses, by its place in the file: `deny[0]`. */
  readonly deniedBy?: string;
}

/** A request that may be sent. */
export interface Allowed {
  readonly kind: 'allow';
  /** The source of the grant: a scope, or `allow[0]` by the rule's place in the file; `any client` for GET /api/0/. */
  readonly grantedBy: string;
  /** The path as the table writes it, if the table has it. */
  readonly template: string | undefined;
  /** If there, it takes the place of the target's query. */
  readonly query?: string;
  /** If there, these bytes were checked, and no others may be sent. */
  readonly body?: Uint8Array;
  /** If there, the response is edited by it before the client sees it. */
  readonly response?: ResponseFilter;
  /** If there, the proxy responds with this JSON itself, and Sentry does not see the request. */
  readonly ownJson?: string;
}

/** A request that may be sent if all conditions hold: see `resolveConditions`. */
export interface Conditional {
  readonly kind: 'conditional';
  readonly client: Client;
  /** The organization of the path: every lookup is limited to it. */
  readonly org: string;
  /** The client's projects in it; undefined if it is not limited to projects. */
  readonly projects: readonly ProjectRef[] | undefined;
  readonly conditions: readonly Condition[];
  /** The request once all conditions hold. */
  readonly allowed: Allowed;
}

/** Something that only Sentry's response or the request's body can show. */
export type Condition =
  /** The project in the path is written as the client's are not: by id, or by slug. */
  | { readonly kind: 'project'; readonly project: ProjectRef }
  /** The query is rebuilt with the ids of those of the client's projects that it selects; of all, if it selects none. */
  | { readonly kind: 'query'; readonly pairs: Pairs }
  /** An issue whose path names no organization: it is looked up in the client's. */
  | { readonly kind: 'issue'; readonly id: string; readonly within: readonly Within[] }
  /** All projects of a thing that the path names have to be the client's. */
  | { readonly kind: 'lookup'; readonly thing: Thing }
  /** The body holds no key that the client may not send, and names the client's projects. */
  | {
      readonly kind: 'body';
      /** The key that has to name projects. */
      readonly required?: string;
      readonly limits: FieldLimits;
    };

/** An organization of a client, and its projects there, if it is limited to projects. */
export interface Within {
  readonly org: string;
  readonly projects: readonly ProjectRef[] | undefined;
}

/** Something that has projects in Sentry. */
export interface Thing {
  readonly kind: LookupKind;
  /** Of the path, decoded: a number, a slug, a version. */
  readonly id: string;
  /** Of the path, if Sentry has the thing below a project. */
  readonly project?: string;
}

/** The edits that remove parts of a response. */
export interface ResponseFilter {
  /** Keys that are removed at every depth. */
  readonly removeKeys: readonly string[];
  /** If there, the response has a list, and only the entries that these name stay: by `slug` or `id`. */
  readonly keepOnly?: readonly ProjectRef[];
  /** If there, the response is a list of projects with their organizations, and only those of the client stay. */
  readonly keepWithin?: readonly Within[];
  /** The place of the list: a member of an object, or `[].KEY`, of each entry of a list. Absent: the response. */
  readonly listKey?: string;
}

/** The result of `decide` and `resolveConditions`. */
export type Decision = Allowed | Conditional | Refused;

/** Makes a refusal of a field of the query or the body. */
export const refusalOf = (client: Client, { reason, text, scope }: FieldRefusal): Refused => ({
  ...refuse(client, reason, text),
  ...(scope !== undefined && { scope }),
});

/** Makes a refusal with a text for the client. */
export function refuse(client: Client, reason: Reason, text: string): Refused {
  const error =
    reason === 'expired' ? 'client_expired' : reason === 'look_up_failed' ? 'look_up_failed' : 'client_denied';
  return { kind: 'refuse', error, reason, detail: `client ${client.name} ${text}` };
}
