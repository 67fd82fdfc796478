import packageJson from '../../../../package.json' with { type: 'json' };
import type { IssuerKeys } from '../../../../src/identity/keys/issuer-keys.ts';
import type { Client } from '../../../../src/policy/client.ts';
import { fingerprint } from '../../../system-token/fingerprint.ts';
import { expiryState, expiryText } from '../../clients/expiry.ts';
import type { NamedTokenState } from '../../token/named-token-state.ts';
import type { TokenHolder } from '../../token/token-holder.ts';
import type { Readiness } from '../readiness.ts';
import { CLIENT, type Collector, type LastRenewal, TOTAL } from './collector.ts';
import type { LastRequest } from './last-requests.ts';
import { BUCKETS, quantile } from './latencies.ts';
import { MINUTES } from './minutes.ts';
import type { RefusalCount } from './refusals.ts';
import { OTHERS } from './tally.ts';

/** Minutes over which a client's rate is taken. */
const RATE_MINUTES = 5;
/** Clients that are shown, unless more sent requests. */
const MAX_CLIENTS = 200;

/** The content of `/status.json`. It holds no secret: no token, no header's value, no query. */
export interface Status {
  /** As in RFC 3339. */
  readonly time: string;
  readonly version: string;
  readonly node: string;
  readonly uptime_s: number;
  /** `ready`, or what `/readyz` says is wrong. */
  readonly state: string;
  readonly in_flight: number;
  readonly token: {
    readonly kind: 'system' | 'static';
    readonly state: 'held' | 'no token' | 'token refused';
    readonly age_s: number | null;
    readonly fingerprint: string | null;
    /** Reads of the system token since the start. */
    readonly renewals: Readonly<Record<'changed' | 'unchanged' | 'failed', number>>;
    readonly last_renewal: LastRenewal | null;
  };
  /** Those of the tokens file. */
  readonly tokens: readonly NamedTokenState[];
  readonly last_hour: {
    readonly requests: number;
    readonly failed: number;
    readonly refused: number;
    /** Milliseconds; null if there were no requests. */
    readonly latency_ms: Latency;
    /** The oldest minute first; the last one is not over yet. */
    readonly minutes: readonly Minute[];
  };
  /** Whose tokens identify clients; empty if there are no issuers. */
  readonly issuers: readonly IssuerStatus[];
  /** The busiest one first; then those of the clients file that sent nothing. */
  readonly clients: readonly ClientStatus[];
  /** Why requests failed in the last hour, the most frequent reason first. */
  readonly reasons: readonly Count[];
  /** Refusals of the last hour, and those that observed clients would have got, the most frequent one first. */
  readonly refusals: readonly RefusalCount[];
  /** The newest one first. */
  readonly failures: readonly LastRequest[];
  /** The newest one first. */
  readonly last_refusals: readonly LastRequest[];
}

interface Latency {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

interface Minute {
  readonly requests: number;
  readonly failed: number;
  readonly refused: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

interface ClientStatus {
  /** A client's name; or the route of those without one, in parentheses. */
  readonly client: string;
  /** Null if it is not a client of the clients file. */
  readonly mode: Client['mode'] | null;
  /** A date that still counts, or a time in UTC; null if it does not expire. */
  readonly expires: string | null;
  /** `soon`: within 14 days. */
  readonly expiry: 'expired' | 'soon' | 'no';
  readonly per_minute: number;
  readonly requests: number;
  readonly failed: number;
  readonly refused: number;
  readonly observed: number;
}

interface IssuerStatus {
  readonly issuer: string;
  /** Keys that can be used. */
  readonly keys: number;
  /** Since they were fetched; null: there are none yet. */
  readonly age_s: number | null;
  /** `ok`, or why the last fetch failed. */
  readonly state: string;
}

interface Count {
  readonly reason: string;
  readonly count: number;
}

/** Credentials that the status shows next to the default token and the counters. */
export interface ShownCredentials {
  readonly issuers?: readonly IssuerKeys[];
  readonly tokens?: readonly NamedTokenState[];
  /** Those of the clients file. */
  readonly clients?: readonly Client[];
}

/** Makes the status of this moment. */
export function makeStatus(
  collector: Collector,
  token: TokenHolder,
  readiness: Readiness,
  { issuers = [], tokens = [], clients = [] }: ShownCredentials = {},
): Status {
  const { minute, totals, renewals } = collector;
  const sum = (counter: number) => totals.sum(minute, counter);
  return {
    time: new Date().toISOString(),
    version: packageJson.version,
    node: process.version,
    uptime_s: Math.round(process.uptime()),
    state: readiness.fault ?? 'ready',
    in_flight: collector.inFlight,
    token: {
      kind: token.kind,
      state: readiness.tokenFault ?? 'held',
      age_s: token.age === undefined ? null : Math.round(token.age),
      fingerprint: token.current === undefined ? null : fingerprint(token.current),
      renewals: { ...renewals },
      last_renewal: collector.lastRenewal ?? null,
    },
    tokens,
    last_hour: {
      requests: sum(TOTAL.requests),
      failed: sum(TOTAL.failed),
      refused: sum(TOTAL.refused),
      ...latencies(collector),
    },
    issuers: issuers.map(issuerStatus),
    clients: clientsOf(collector, clients),
    reasons: countsOf(collector, collector.reasons),
    refusals: collector.refusals.list(minute),
    failures: collector.failures.list(),
    last_refusals: collector.lastRefusals.list(),
  };
}

function issuerStatus({ issuer, state }: IssuerKeys): IssuerStatus {
  const { keys, ageSeconds, fault } = state;
  const age = ageSeconds === undefined ? null : Math.round(ageSeconds);
  return { issuer: issuer.name, keys, age_s: age, state: fault ?? (age === null ? 'not fetched yet' : 'ok') };
}

function latencies({ minute, totals }: Collector): Pick<Status['last_hour'], 'latency_ms' | 'minutes'> {
  const byBucket = Array.from({ length: BUCKETS }, (_, bucket) => totals.values(minute, TOTAL.latencies + bucket));
  const ofHour = byBucket.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const [requests, failed, refused] = [TOTAL.requests, TOTAL.failed, TOTAL.refused].map((counter) =>
    totals.values(minute, counter),
  );
  const minutes = Array.from({ length: MINUTES }, (_, index): Minute => {
    const ofMinute = byBucket.map((counts) => counts[index]!);
    return {
      requests: requests![index]!,
      failed: failed![index]!,
      refused: refused![index]!,
      p50_ms: quantile(ofMinute, 0.5) ?? null,
      p95_ms: quantile(ofMinute, 0.95) ?? null,
    };
  });
  const latency = (part: number) => quantile(ofHour, part) ?? null;
  return { latency_ms: { p50: latency(0.5), p95: latency(0.95), p99: latency(0.99) }, minutes };
}

function clientsOf(collector: Collector, listed: readonly Client[]): ClientStatus[] {
  const { minute, clients } = collector;
  const now = Date.now();
  const byName = new Map(listed.map((client) => [client.name, client]));
  // In the first second a rate would say nothing.
  const covered = Math.max(1 / 60, collector.covered(RATE_MINUTES));
  const counted = new Map(clients.entries());
  // Any client may be among the others.
  const quiet = counted.has(OTHERS) ? [] : [...byName.keys()].filter((name) => !counted.has(name));
  return [...counted.keys(), ...quiet.slice(0, Math.max(0, MAX_CLIENTS - counted.size))]
    .map((name) => {
      const minutes = counted.get(name);
      const sum = (counter: number, over?: number) => minutes?.sum(minute, counter, over) ?? 0;
      return {
        client: name,
        ...describedClient(byName.get(name), now),
        per_minute: Number((sum(CLIENT.requests, RATE_MINUTES) / covered).toFixed(1)),
        requests: sum(CLIENT.requests),
        failed: sum(CLIENT.failed),
        refused: sum(CLIENT.refused),
        observed: sum(CLIENT.observed),
      };
    })
    .filter(({ requests, mode }) => requests > 0 || mode !== null)
    .sort((one, other) => other.requests - one.requests);
}

function describedClient(client: Client | undefined, now: number): Pick<ClientStatus, 'mode' | 'expires' | 'expiry'> {
  if (client === undefined) return { mode: null, expires: null, expiry: 'no' };
  const expires = client.expiresAt === undefined ? null : expiryText(client.expiresAt);
  return { mode: client.mode, expires, expiry: expiryState(client, now) };
}

function countsOf({ minute }: Collector, tally: Collector['reasons']): Count[] {
  return [...tally.entries()]
    .map(([reason, minutes]) => ({ reason, count: minutes.sum(minute, 0) }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count);
}
