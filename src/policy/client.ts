import type { Rule } from './rules.ts';

/** A project as the clients file names it, within its organization. */
export interface ProjectRef {
  readonly kind: 'id' | 'slug';
  readonly value: string;
}

/** The organizations or projects that a client is limited to. */
export type Boundary =
  | { readonly kind: 'all' }
  | { readonly kind: 'organizations'; readonly organizations: ReadonlySet<string> }
  | { readonly kind: 'projects'; readonly projects: ReadonlyMap<string, readonly ProjectRef[]> };

/** One way to write a client's credential. */
export type Credential =
  | { readonly kind: 'digest' /** SHA-256 in lower-case hex. */; readonly hex: string }
  | { readonly kind: 'token'; readonly token: string };

/** A value to compare a claim with. In a text, `*` is any number of characters other than `/` and `:`. */
export type ClaimValue = string | number | boolean;

/** A claim that a token must have, with one of these values. */
export interface ClaimRule {
  /** The claim as the file names it: a name, or a JSON pointer. */
  readonly claim: string;
  readonly path: readonly string[];
  readonly values: readonly ClaimValue[];
}

/** The tokens of an issuer that stand for a client: those with all of these claims. */
export interface Identity {
  /** The issuer's name in the clients file. */
  readonly issuer: string;
  readonly claims: readonly ClaimRule[];
}

/** A client of the clients file. */
export interface Client {
  readonly name: string;
  readonly credentials: readonly Credential[];
  /** Any of these identifies the client, next to its credentials. */
  readonly identities?: readonly Identity[];
  /** Those of the file, and all that they imply. */
  readonly scopes: ReadonlySet<string>;
  /** Whether the scopes are `*`, which gives all rows of the table but those with secrets. */
  readonly hasAllScopes: boolean;
  readonly boundary: Boundary;
  readonly allow: readonly Rule[];
  readonly deny: readonly Rule[];
  readonly rate?: Rate;
  /** Requests at a time. */
  readonly concurrency?: number;
  /** Milliseconds since 1970; from then on the client is refused. */
  readonly expiresAt?: number;
  /** `observe`: what would be refused is logged and let through. */
  readonly mode: 'enforce' | 'observe';
  /**
   * The name of the token that its requests are sent with, and no other. Undefined: the least powerful one that will
   * do.
   */
  readonly sentryToken?: string;
}

/** So many requests in so many seconds. */
export interface Rate {
  readonly requests: number;
  readonly seconds: number;
}

/** A project by its id or its slug, as it is written. */
export const projectRef = (value: string): ProjectRef => ({ kind: /^[0-9]+$/.test(value) ? 'id' : 'slug', value });

/** `unknown`: it is written by id and some of the others by slug, or the other way. */
export function membership(projects: readonly ProjectRef[], { kind, value }: ProjectRef): 'yes' | 'no' | 'unknown' {
  if (projects.some((project) => project.kind === kind && project.value === value)) return 'yes';
  return projects.some((project) => project.kind !== kind) ? 'unknown' : 'no';
}

/** Whether the time of a client is up. */
export const isExpired = (client: Client, now: number): boolean =>
  client.expiresAt !== undefined && now >= client.expiresAt;

/** Whether the log and the metrics write this name for requests that no client of the file sent. */
export const isReservedName = (name: string): boolean => /^(?:anyone|none|alias(?:-[0-9]+)?)$/.test(name);
