// What a test file starts ends with the file, also when its set-up throws before there is anything to tear down.
import { after } from 'node:test';

type End = () => unknown;

const ends = new Set<End>();

/** Calls `end` when all tests of the file are over, unless the returned function was called before. */
export function endsWithTestFile(end: End): () => void {
  ends.add(end);
  return () => void ends.delete(end);
}

// The fuzzer and the soak test use the same helpers outside the test runner, which would start with a hook.
const isTestFile = /\.(test|ci)\.ts$/.test(process.argv[1] ?? '');
// The runner calls a hook of the file itself even where sockets or children would keep the process running.
if (isTestFile) after(endAll);
process.once('exit', endAll);

function endAll(): void {
  for (const end of ends) end();
  ends.clear();
}
