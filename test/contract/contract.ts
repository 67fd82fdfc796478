// The contract of every adapter: what clients and Sentry see of the proxy, over sockets.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patienceOfTest } from '../support/raw-client.ts';
import { bodies } from './bodies.ts';
import { clients } from './clients.ts';
import { errors } from './errors.ts';
import { framing } from './framing.ts';
import { identity } from './identity.ts';
import { keepInside } from './keep-inside.ts';
import { lifetimes } from './lifetimes.ts';
import { requestFields } from './request-fields.ts';
import { requestTarget } from './request-target.ts';
import { responseFields } from './response-fields.ts';
import { routing } from './routing.ts';
import { shareStages } from './scene.ts';
import type { Gap, Target } from './targets.ts';
import { severalTokens } from './tokens.ts';
import { upstreamFaults } from './upstream-faults.ts';
import { upstreamHeaders } from './upstream-headers.ts';

/** What a group of tests is given. */
export interface Contract {
  target: Target;
  /** One promise of the contract, or the assertion that it is a gap of this target. */
  test(title: string, body: () => Promise<void>): void;
}

const GROUPS: Record<string, (contract: Contract) => void> = {
  // The longest first, so that the others run next to them.
  framing,
  bodies,
  'upstream faults': upstreamFaults,
  routing,
  clients,
  identity,
  'several tokens': severalTokens,
  'request fields': requestFields,
  'response fields': responseFields,
  'request target': requestTarget,
  'upstream headers': upstreamHeaders,
  errors,
  'keep inside': keepInside,
  lifetimes,
};

/**
 * Defines the tests of the contract for one target.
 * @param groups default: the whole contract
 */
export function addTests(target: Target, groups: readonly string[] = Object.keys(GROUPS)): void {
  const gaps = Object.entries(target.gaps);
  const unmet = new Set(gaps.flatMap(([, { tests }]) => tests));
  // The groups are independent of each other, and what they do is wait more than anything.
  describe(`contract, ${target.name}`, { concurrency: 3 }, () => {
    shareStages(target);
    for (const group of groups) {
      const define = GROUPS[group]!;
      describe(group, { concurrency: group === 'lifetimes' ? 4 : 1 }, () => {
        const test = (title: string, body: () => Promise<void>) => {
          const isOf = (name: string | RegExp) =>
            typeof name === 'string' ? name === `${group}: ${title}` : name.test(`${group}: ${title}`);
          const gap = gaps.find(([, { tests }]) => tests.some(isOf));
          if (gap === undefined) return void it(title, body);
          for (const name of unmet) if (isOf(name)) unmet.delete(name);
          return void it(`${title} (gap: ${gap[0]})`, () => stillFails(...gap, body));
        };
        define({ target, test });
      });
    }
    it('has each test that a gap names', () => assert.deepEqual([...unmet], []));
  });
}

/** Milliseconds: in some gaps no response comes at all. */
const PATIENCE_IN_GAPS = 5000;

async function stillFails(name: string, { reason, link }: Gap, body: () => Promise<void>): Promise<void> {
  const outcome = await patienceOfTest.run(PATIENCE_IN_GAPS, body).then(
    () => 'passed',
    () => 'failed',
  );
  assert.equal(outcome, 'failed', `The gap "${name}" (${reason}, ${link}) is closed: take the test out of it.`);
}
