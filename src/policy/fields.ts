import type { Client } from './client.ts';
import type { Reason } from './reasons.ts';
import type { FieldRule, Fields, Harmless, Need } from './sentry/endpoint.ts';

/** Fields of a query or a body that a client may not send, by plain name. */
export interface FieldLimits {
  readonly keys: ReadonlyMap<string, FieldLimit>;
  /** All plain names that may be sent next to those of `keys`; undefined: any. */
  readonly only: ReadonlySet<string> | undefined;
}

/** The requirement on a field. */
type FieldLimit =
  | { readonly kind: 'passes' }
  | { readonly kind: 'projects' | 'release'; readonly unless: Harmless }
  | { readonly kind: 'refused'; readonly unless: Harmless; readonly refusal: FieldRefusal };

/** Why a field is refused. */
export interface FieldRefusal {
  readonly reason: Reason;
  /** After `client NAME `. */
  readonly text: string;
  /** The scope that is lacking. */
  readonly scope?: string;
}

/** How a request is granted, as far as its fields depend on it. */
interface FieldGrant {
  readonly client: Client;
  /** Whether the client is limited to projects. */
  readonly isHeld: boolean;
  /** Whether an `allow` rule that spells the path out grants it, or one that ends in `**`. */
  readonly isByRule: boolean;
  /** The rule that would do. */
  readonly rule: string;
  /** The part of the request that has the fields. */
  readonly part: 'query' | 'body';
}

/**
 * The rules of a row's fields for one client.
 * @returns undefined if there is nothing that the client may not send
 */
export function limitsOf(fields: Fields | undefined, grant: FieldGrant): FieldLimits | undefined {
  if (fields === undefined) return undefined;
  const keys = new Map<string, FieldLimit>();
  let isLimited = grant.isHeld && fields.only !== undefined;
  for (const [name, rule] of Object.entries(fields.keys ?? {})) {
    const limit = limitOf(name, rule, grant);
    // Without the row, a client with projects may not send what can select something in a query.
    if (limit.kind !== 'passes' || (grant.isHeld && grant.part === 'query')) isLimited = true;
    keys.set(plainPath(name), limit);
  }
  const only = grant.isHeld && fields.only !== undefined ? new Set(fields.only.map(plainPath)) : undefined;
  return isLimited ? { keys, only } : undefined;
}

function limitOf(
  name: string,
  rule: FieldRule,
  { client, isHeld, isByRule, rule: text, part }: FieldGrant,
): FieldLimit {
  const [need, unless]: [Need, Harmless] = typeof rule === 'string' ? [rule, []] : [rule.needs, rule.unless];
  const refused = (reason: Reason, why: string, scope?: string): FieldLimit => ({
    kind: 'refused',
    unless,
    refusal: { reason, text: `sent ${name}, which ${why}`, ...(scope !== undefined && { scope }) },
  });
  switch (need) {
    case 'ok':
      return PASSES;
    case 'projects':
    case 'release':
      return isHeld ? { kind: need, unless } : PASSES;
    case 'never':
      return refused(part, 'no named client may send here');
    case 'never with projects':
      return isHeld ? refused(part, 'a client that is limited to projects may not send here') : PASSES;
    case 'rule':
      return isByRule ? PASSES : refused('no_rule', `needs an allow rule: "${text}"`);
    default:
      return client.scopes.has(need) || isByRule ? PASSES : refused('scope', `needs the scope ${need}`, need);
  }
}

const PASSES: FieldLimit = { kind: 'passes' };

/** Whether a value needs nothing, since the row says that it does no harm. */
export const isHarmless = (value: unknown, unless: Harmless): boolean =>
  unless === 'number'
    ? (typeof value === 'string' && /^[0-9]{1,19}$/.test(value)) || Number.isSafeInteger(value)
    : unless.includes(value as string);

/** Sentry's serializers turn camelCase into snake_case, so several spellings can be one name. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const plainPath = (path: string): string => path.split('.').map(plainName).join('.');

/** A name that a request sent, as a text to the client may have it: letters alone, so that no token is among them. */
export const shownName = (name: string): string => (/^[A-Za-z_]{1,40}$/.test(name) ? name : 'a key');
