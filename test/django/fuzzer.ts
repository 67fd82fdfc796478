// Requests made from a seed, sent through a running proxy to a real Django, which says what it understood of them.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../support/raw-client.ts';
import { type Case, caseOf } from './cases.ts';
import { CLIENTS } from './clients.ts';
import { wire } from './drafts/draft.ts';
import { arrivalViolation, flaw, lookUpViolation } from './oracle/arrivals.ts';
import { leak } from './oracle/leaks.ts';
import type { Row } from './rows.ts';
import type { Arrival, SentryStandIn } from './start.ts';

/** The token that the proxy puts into requests. */
export const TOKEN = 'c0ffee00'.repeat(8);
/** A field that tells Django's log which case a request belongs to. */
const CASE_FIELD = 'X-Fuzz-Case';
/** Milliseconds after which a reply is not waited for any longer. */
const PATIENCE = 2000;
const CONCURRENCY = 16;
/** So many cases are sent before the log of arrivals is read. */
const BATCH = 64;
/** So many findings are made smaller; the rest is printed as it is. */
const SHRUNK = 5;

const FINAL_STATUS = /^HTTP\/1\.[01] (?!100)(\d{3})/m;

/** Whether to stop waiting for a response: not all connections are closed after one. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  const length = /^content-length: *(\d+)/im.exec(answer.slice(0, end))?.[1];
  return end > 0 && length !== undefined && answer.length >= end + 4 + Number(length);
}

/** A rule that was broken, with the seed that shows it. */
export interface Finding {
  seed: number;
  client: string;
  reason: string;
  /** As it was sent, in latin1. */
  request: string;
  arrival?: Arrival;
}

/** What became of the cases. */
export interface Tally {
  cases: number;
  /** Arrived with the token, and the client may do it. */
  allowed: number;
  /** The same of requests that nothing was wrong with. */
  honest: number;
  /** Answered with 401, 403, 429 or 503 without arriving. */
  refused: number;
  /** Lookups that the proxy made by itself. */
  lookups: number;
  /** No answer came in time, or none at all. */
  unanswered: number;
}

/** Sends cases through a proxy, and judges what arrives. */
export class DjangoFuzzer {
  readonly tally: Tally = { cases: 0, allowed: 0, honest: 0, refused: 0, lookups: 0, unanswered: 0 };
  readonly findings: Finding[] = [];
  readonly #proxy: Address;
  readonly #sentry: SentryStandIn;
  readonly #rows: readonly Row[];
  readonly #sent = new Map<string, { case: Case; arrivals: number; answer: string }>();
  #run = 0;

  /** @param proxy that was started with the file of `clients.ts` and `TOKEN`, before one of the stand-in's fronts. */
  constructor(proxy: Address, sentry: SentryStandIn, rows: readonly Row[]) {
    this.#proxy = proxy;
    this.#sentry = sentry;
    this.#rows = rows;
  }

  /** Plays the cases of seeds that follow each other, until they or the milliseconds are spent. */
  async play(first: number, count: number, within = Number.POSITIVE_INFINITY): Promise<void> {
    const end = performance.now() + within;
    for (let from = first; from < first + count && performance.now() < end; from += BATCH) {
      const cases = Array.from({ length: Math.min(BATCH, first + count - from) }, (_, index) =>
        caseOf(from + index, this.#rows),
      );
      await this.#playBatch(cases);
    }
    await sleep(300);
    await this.#judgeArrivals();
    await this.#shrink();
  }

  async #playBatch(cases: readonly Case[]): Promise<void> {
    const waiting = cases.map((one) => ({ case: one, id: this.#idOf(one) }));
    const late = new Map(waiting.map(({ case: one, id }) => [id, one]));
    const queue = waiting.values();
    const worker = async () => {
      for (const { case: one, id } of queue) this.#count(await this.#send(one, id));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    await this.#judgeArrivals();
    for (const [id, one] of late) if (one.isHonest) await this.#expectArrival(one, id);
  }

  #count(status: number): void {
    this.tally.cases++;
    if (status === 0) this.tally.unanswered++;
    if ([401, 403, 429, 503].includes(status)) this.tally.refused++;
  }

  async #expectArrival(one: Case, id: string): Promise<void> {
    let isThere = this.#sent.get(id)!.arrivals > 0;
    let status = 0;
    // Again, alone: the machine may have been too busy.
    for (let attempt = 0; !isThere && attempt < 2; attempt++) {
      const again = this.#idOf(one);
      status = await this.#send(one, again);
      await this.#judgeArrivals();
      isThere = this.#sent.get(again)!.arrivals > 0;
    }
    if (isThere) this.tally.honest++;
    else this.#find(one, `a request that its client may send did not arrive; the answer was ${status}`);
  }

  #idOf(one: Case): string {
    const id = `${one.seed}-${this.#run++}`;
    this.#sent.set(id, { case: one, arrivals: 0, answer: '' });
    return id;
  }

  #bytesOf(one: Case, id: string): Buffer {
    const { hostname, port } = { hostname: this.#proxy.host, port: this.#proxy.port };
    return wire(one.draft, [
      ['Host', `${hostname}:${port}`],
      [CASE_FIELD, id],
      ['Authorization', `Bearer ${one.client.token}`],
      ['Connection', 'close'],
    ]);
  }

  /** @returns the status of the answer; 0 if none came. */
  async #send(one: Case, id: string): Promise<number> {
    const answer = await this.#exchange(this.#bytesOf(one, id));
    this.#sent.get(id)!.answer = answer;
    return Number(FINAL_STATUS.exec(answer)?.[1] ?? 0);
  }

  #exchange(bytes: Buffer): Promise<string> {
    return new Promise((resolve) => {
      let received = '';
      const socket = connect(this.#proxy.port, this.#proxy.host, () => socket.write(bytes));
      socket.setTimeout(PATIENCE, () => socket.destroy());
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (isWhole(received)) socket.destroy();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(received));
    });
  }

  async #judgeArrivals(): Promise<Finding[]> {
    const found: Finding[] = [];
    for (const arrival of await this.#sentry.arrivals()) {
      const reason = this.#judge(arrival);
      if (reason === undefined) continue;
      const one = this.#sent.get(arrival.fields.HTTP_X_FUZZ_CASE ?? '')?.case;
      found.push(this.#find(one, reason, arrival));
    }
    return found;
  }

  #judge(arrival: Arrival): string | undefined {
    const id = arrival.fields.HTTP_X_FUZZ_CASE;
    const sent = id === undefined ? undefined : this.#sent.get(id);
    if (sent !== undefined) sent.arrivals++;
    if (!JSON.stringify(arrival).includes(TOKEN)) return undefined;
    const { client } = sent?.case ?? {};
    if (client === undefined) {
      this.tally.lookups++;
      return flaw(arrival, TOKEN, CLIENTS) ?? lookUpViolation(arrival, CLIENTS);
    }
    if (sent!.arrivals > 1) return 'it arrived twice';
    const reason =
      flaw(arrival, TOKEN, CLIENTS) ??
      arrivalViolation(client, arrival, this.#rows) ??
      leak(client, sent!.answer, arrival.understood ?? undefined, this.#rows);
    if (reason === undefined) this.tally.allowed++;
    return reason;
  }

  #find(one: Case | undefined, reason: string, arrival?: Arrival): Finding {
    const finding: Finding = {
      seed: one?.seed ?? -1,
      client: one?.client.name ?? '?',
      reason,
      request: one === undefined ? '' : this.#bytesOf(one, 'again').toString('latin1'),
      ...(arrival && { arrival }),
    };
    this.findings.push(finding);
    return finding;
  }

  /** Leaves out mutations that a finding does not need. */
  async #shrink(): Promise<void> {
    for (const finding of this.findings.slice(0, SHRUNK)) {
      if (finding.seed < 0 || finding.arrival === undefined) continue;
      const { mutations } = caseOf(finding.seed, this.#rows);
      const without: number[] = [];
      for (let index = 0; index < mutations; index++) {
        const smaller = caseOf(finding.seed, this.#rows, [...without, index]);
        const kept = this.findings.length;
        await this.#send(smaller, this.#idOf(smaller));
        await sleep(50);
        const [found] = await this.#judgeArrivals();
        this.findings.length = kept;
        if (found === undefined) continue;
        without.push(index);
        Object.assign(finding, found);
      }
    }
  }
}
