// Nothing may arrive at Sentry with the injected token that its client may not do: judged by what a real Django behind a
// real uWSGI, with and without nginx, understood. Needs Debian's packages, so it is a separate step in .ci/run:
//   node --test test/django/django.ci.ts
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { described, fuzz } from './fuzz.ts';
import { ENDPOINTS } from './rows.ts';
import { type Front, missingPackages, type SentryStandIn, startSentry } from './start.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const CASES = Number(process.env.FUZZ_CASES ?? 5000);
const WITHIN = 50_000;

describe('what Django understands of a client’s requests', () => {
  let sentry: SentryStandIn;

  before(async () => {
    assert.deepEqual(await missingPackages(), [], 'Debian packages are missing: .ci/django-packages installs them');
    sentry = await startSentry(ENDPOINTS);
  });
  after(() => sentry?.stop());

  for (const [index, front] of (['nginx', 'router', 'socket'] satisfies Front[]).entries()) {
    test(`is what the client may do, through ${front}`, async () => {
      const run = { seed: SEED + index * CASES, cases: CASES, within: WITHIN };
      const { tally, findings } = await fuzz(sentry, front, ENDPOINTS, run);
      assert.equal(findings.length, 0, findings.map((finding) => described(finding, front)).join('\n'));
      // A proxy that refuses everything would break no rule.
      assert.ok(tally.allowed > tally.cases / 5, `too few arrived: ${JSON.stringify(tally)}`);
      assert.ok(tally.honest > tally.cases / 10, `too few honest ones arrived: ${JSON.stringify(tally)}`);
    });
  }
});
