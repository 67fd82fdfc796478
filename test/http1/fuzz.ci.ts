// A short run of the fuzzer, always with the same seeds; `node test/http1/fuzz.ts` plays others, for as long as one likes.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { Finding, Fuzzer } from '../support/fuzzer.ts';
import { crowd } from '../support/quick-client.ts';

const CASES = 400;

const fuzzer = await Fuzzer.start();
after(() => fuzzer.stop());

test('nearly right requests and responses, in pieces, lead to nothing that must not be', async () => {
  const findings: string[] = [];
  await crowd(8, CASES, async (index) => {
    try {
      await fuzzer.play(1 + index);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      findings.push(`${error.message} (again: node test/http1/fuzz.ts --seed ${error.seed} --cases 1)`);
    }
  });
  assert.deepEqual(findings, []);
  const { relayed, refused, broken } = fuzzer.tally;
  for (const count of [relayed, refused, broken]) assert.ok(count > CASES / 20, JSON.stringify(fuzzer.tally));
});
