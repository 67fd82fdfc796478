import type { Client, ProjectRef } from './client.ts';
import type { Pairs } from './query.ts';

/** Why a request is refused: for the log and the metrics. */
export const REASONS = [
  'expired',
  'method',
  'target',
  'deny_rule',
  'no_rule',
  'scope',
  'secret',
  'organization',
  'project',
  'not_limitable',
  'query',
  'header',
  'body',
  'look_up_failed',
] as const;

export type Reason = (typeof REASONS)[number];

/** A refusal. It never falls through to bypass. */
export interface Refused {
  readonly kind: 'refuse';
  /** The row of the error table: `look_up_failed` is a 503, the others are a 403 and a 401. */
  readonly error: 'client_denied' | 'client_expired' | 'look_up_failed';
  readonly reason: Reason;
  /** For the client: names it, and says what would do. Holds nothing that the request sent. */
  readonly detail: string;
  /** The rule that refuses, by its place in the file: `deny[0]`. */
  readonly by?: string;
}

/** A request that may be sent. */
export interface Allowed {
  readonly kind: 'allow';
  /** What gave it: a scope, or `allow[0]` by the rule's place in the file; `any client` for GET /api/0/. */
  readonly by: string;
  /** The path as the table writes it, if the table has it. */
  readonly template: string | undefined;
  /** If there, it takes the place of the target's query. */
  readonly query?: string;
  /** If there, these bytes were checked, and no others may be sent. */
  readonly body?: Uint8Array;
  /** If there, the answer is edited by it before the client sees it. */
  readonly response?: ResponseRule;
}

/** A request that may be sent if each of these holds: see `settle`. */
export interface Pending {
  readonly kind: 'check';
  readonly client: Client;
  /** The organization of the path: every look-up is held to it. */
  readonly org: string;
  /** The client's projects in it; never empty. */
  readonly projects: readonly ProjectRef[];
  readonly checks: readonly Check[];
  /** What it becomes. */
  readonly allowed: Allowed;
}

/** Something that only Sentry's answer or the request's body can show. */
export type Check =
  /** The project in the path is written as the client's are not: by id, or by slug. */
  | { readonly check: 'project'; readonly project: ProjectRef }
  /** The query is rebuilt with the ids of those of the client's projects that it asks for; of all, if it asks for none. */
  | { readonly check: 'query'; readonly pairs: Pairs }
  /** The project of an issue, by the issue's numeric id. */
  | { readonly check: 'issue'; readonly issueId: string }
  /** All projects of a release have to be the client's. */
  | { readonly check: 'release'; readonly version: string }
  /** The projects that the body names under this key. */
  | {
      readonly check: 'body';
      readonly key: 'project' | 'projects';
      /** Whether the body may name a release that exists: what it changes of it, it changes for all its projects. */
      readonly isRelease: boolean;
    };

/** What is taken out of an answer. */
export interface ResponseRule {
  /** Keys that are removed at every depth. */
  readonly without: readonly string[];
  /** If there, the answer is a list, and only the entries that these name stay: by `slug` or `id`. */
  readonly only?: readonly ProjectRef[];
  /** If there, the answer is an object, and the list is this member of it, if it has it. */
  readonly listIn?: string;
}

/** What `decide` and `settle` answer with. */
export type Decision = Allowed | Pending | Refused;

/** Makes a refusal with a text for the client. */
export function refuse(client: Client, reason: Reason, text: string): Refused {
  const error =
    reason === 'expired' ? 'client_expired' : reason === 'look_up_failed' ? 'look_up_failed' : 'client_denied';
  return { kind: 'refuse', error, reason, detail: `client ${client.name} ${text}` };
}
