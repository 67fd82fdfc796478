// The fuzzer as a program:  node test/http1/fuzz.ts [--minutes N] [--seed S] [--cases N]
// Without a seed it starts from the clock. A finding is printed with its seed, which plays it again: --seed S --cases 1
import { parseArgs } from 'node:util';
import { Finding, Fuzzer } from '../support/fuzzer.ts';
import { hasProcFs, liveHeap, openDescriptors, WITH_HEAP_REPORTS } from '../support/process-figures.ts';

const CONCURRENCY = 8;

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, cases: { type: 'string' } },
});
const first = Number(values.seed ?? Date.now() % 2 ** 31);
const end = performance.now() + Number(values.minutes ?? 1) * 60_000;
const last = values.cases === undefined ? Number.POSITIVE_INFINITY : first + Number(values.cases) - 1;

const fuzzer = await Fuzzer.start(WITH_HEAP_REPORTS);
const figures = async (): Promise<string> => {
  const heap = ((await liveHeap(fuzzer.proxy)) / 1024 / 1024).toFixed(1);
  const descriptors = hasProcFs ? await openDescriptors(fuzzer.proxy.child.pid!) : '?';
  return `${JSON.stringify(fuzzer.tally)} heap ${heap} MiB, ${descriptors} descriptors`;
};
console.log(`seed ${first}; ${await figures()}`);

let next = first;
let findings = 0;
const worker = async (): Promise<void> => {
  while (next <= last && (values.cases !== undefined || performance.now() < end)) {
    try {
      await fuzzer.play(next++);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      findings++;
      console.log(`FINDING: ${error.message}\n  again: node test/http1/fuzz.ts --seed ${error.seed} --cases 1`);
      if (values.cases === '1') console.log(error.exchange);
      if (findings >= 20) process.exit(1);
    }
  }
};
const progress = setInterval(() => void figures().then(console.log), 60_000);
await Promise.all(Array.from({ length: values.cases === '1' ? 1 : CONCURRENCY }, worker));
clearInterval(progress);
// What is in flight has ended, and so has what lingers after it.
await new Promise((resolve) => setTimeout(resolve, 5000));
console.log(`${await figures()}; ${findings} findings`);
await fuzzer.stop();
process.exitCode = findings === 0 ? 0 : 1;
