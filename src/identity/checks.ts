import type { Json } from '../json/members.ts';
import type { Client, Identity } from '../policy/client.ts';
import { matches, valueAt } from './claims.ts';
import type { Issuer } from './issuer.ts';
import { own } from './token.ts';

/** Why a token identifies no client: for the log. The client is told nothing of it. */
export type Refusal =
  | 'malformed'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'audience'
  | 'expired'
  | 'not_yet'
  | 'lifetime'
  | 'event'
  | 'no_client'
  | 'ambiguous';

/** Seconds by which clocks may differ. */
const LEEWAY = 30;
/** Seconds from `iat` to `exp`. */
const MAX_LIFETIME = 24 * 60 * 60;

/**
 * Checks the claims that limit a token: for whom it is valid, and when.
 * @param now seconds since 1970
 */
export function checkClaims(claims: Json, { audiences }: Pick<Issuer, 'audiences'>, now: number): Refusal | undefined {
  const times = ['exp', 'nbf', 'iat'].map((name) => own(claims, name));
  if (!times.every((time) => time === undefined || isTime(time))) return 'malformed';
  const [exp, nbf, iat] = times as (number | undefined)[];
  if (exp === undefined) return 'malformed';
  if (!isFor(own(claims, 'aud'), audiences)) return 'audience';
  if (exp + LEEWAY <= now) return 'expired';
  if ((nbf ?? now) - LEEWAY > now || (iat ?? now) - LEEWAY > now) return 'not_yet';
  if (exp - (iat ?? now) > MAX_LIFETIME) return 'lifetime';
  return undefined;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function isFor(aud: unknown, audiences: readonly string[]): boolean {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return list.every((one) => typeof one === 'string') && list.some((one) => audiences.includes(one));
}

/** A client, and one of its identities. */
export interface Identified {
  readonly client: Client;
  readonly identity: Identity;
}

/** The client that the claims are of, or why there is none. */
type Match = { readonly client: Client } | { readonly refusal: Refusal; readonly names: readonly string[] };

/** Finds the one client that has an identity with these claims. */
export function matchClient(claims: Json, candidates: readonly Identified[]): Match {
  const matching = candidates.filter(({ identity }) => matches(identity, claims));
  const admitted = matching.filter(({ identity }) => namesEvent(identity, claims));
  const clients = [...new Set(admitted.map(({ client }) => client))];
  if (clients.length === 1) return { client: clients[0]! };
  const refusal = clients.length > 1 ? 'ambiguous' : matching.length > 0 ? 'event' : 'no_client';
  return { refusal, names: clients.map(({ name }) => name) };
}

/**
 * GitHub's events with which people without write access to a repository can run its workflows: those of pull requests,
 * issues, discussions, with their comments; a fork, a star (`watch`), a page of a wiki (`gollum`); and what runs after
 * them. Many run on the default branch, so that `ref` does not tell.
 */
const OUTSIDERS_EVENT = /^(?:pull_request|issue|discussion|fork$|watch$|gollum$|workflow_run$)/;

/** Whether an identity names the event of a token, where that has to be meant. */
export function namesEvent({ claims: rules }: Identity, claims: Json): boolean {
  const found = valueAt(claims, ['event_name']);
  const events: readonly unknown[] = Array.isArray(found) ? found : [found];
  return events
    .filter((event) => typeof event === 'string' && OUTSIDERS_EVENT.test(event))
    .every((event) =>
      rules.some(
        ({ path, values }) => path.length === 1 && path[0] === 'event_name' && values.includes(event as string),
      ),
    );
}

/** The subject as the log shows it: at most 255 characters (OpenID Connect Core 1.0, section 2). */
export function subjectOf(claims: Json): string | undefined {
  const subject = own(claims, 'sub');
  return typeof subject === 'string' ? subject.slice(0, 255) : undefined;
}
