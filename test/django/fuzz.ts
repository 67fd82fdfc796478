// The fuzzer of clients' rights as a program:
//   node test/django/fuzz.ts [--endpoints FILE] [--front nginx|router|socket] [--seed S] [--cases N] [--seconds T]
// PROXY_PROGRAM names another program than this repository's proxy. A finding is printed with its seed, which plays it
// again: --seed S --cases 1
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startProxy } from '../support/proxy-process.ts';
import { removeFolder, serviceFolder } from '../support/system-service.ts';
import { clientsFile } from './clients.ts';
import { DjangoFuzzer, type Finding, type Tally, TOKEN } from './fuzzer.ts';
import { ENDPOINTS, readRows } from './rows.ts';
import { type Front, type SentryStandIn, startSentry } from './start.ts';

/** What a run of the fuzzer found. */
export interface Result {
  tally: Tally;
  findings: Finding[];
}

/** Starts the proxy before one front of a stand-in, and plays cases. @param within milliseconds. */
export async function fuzz(
  sentry: SentryStandIn,
  front: Front,
  endpoints: string,
  run: { seed: number; cases: number; within?: number },
): Promise<Result> {
  const folder = await serviceFolder('clients');
  const file = join(folder, 'clients.json');
  await writeFile(file, clientsFile());
  try {
    const args = [`--sentry-uri=${sentry.urls[front]}`, `--token=${TOKEN}`, `--clients-file=${file}`];
    const proxy = await startProxy(args);
    try {
      const fuzzer = new DjangoFuzzer(proxy, sentry, readRows(endpoints));
      await fuzzer.play(run.seed, run.cases, run.within);
      return { tally: fuzzer.tally, findings: fuzzer.findings };
    } finally {
      await proxy.stop();
    }
  } finally {
    await removeFolder(folder);
  }
}

/** A finding as text, for a person to play it again. */
export function described({ seed, client, reason, request, arrival }: Finding, front: Front): string {
  const short = (text: string) => (text.length > 1500 ? `${text.slice(0, 1500)}…` : text);
  return [
    `client ${client}: ${reason}`,
    `  again: node test/django/fuzz.ts --front ${front} --seed ${seed} --cases 1`,
    `  sent: ${short(JSON.stringify(request))}`,
    ...(arrival === undefined ? [] : [`  understood: ${short(JSON.stringify(arrival))}`]),
  ].join('\n');
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      endpoints: { type: 'string', default: ENDPOINTS },
      front: { type: 'string', default: 'nginx' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      cases: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const front = values.front as Front;
  const run = { seed: Number(values.seed), cases: Number(values.cases), within: Number(values.seconds) * 1000 };
  const sentry = await startSentry(values.endpoints);
  try {
    const { tally, findings } = await fuzz(sentry, front, values.endpoints, run);
    for (const finding of findings.slice(0, 20)) console.log(described(finding, front));
    console.log(`seed ${run.seed}, ${front}: ${JSON.stringify(tally)}, ${findings.length} findings`);
    process.exitCode = findings.length === 0 && tally.allowed > 0 ? 0 : 1;
  } finally {
    await sentry.stop();
  }
}
