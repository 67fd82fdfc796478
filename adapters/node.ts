#!/usr/bin/env node
import packageJson from '../package.json' with { type: 'json' };
import type { Problem } from '../src/config.ts';
import { parseCommandLine } from './node/cli/command-line.ts';
import { helpText } from './node/cli/help.ts';
import { problemLines, problemText } from './node/cli/problem-text.ts';
import { gatherSettings } from './node/config/gather.ts';
import { loadConfig } from './node/config/load.ts';
import { watchFiles } from './node/config/reload.ts';
import { runProxy } from './node/run.ts';

const BAD_CONFIGURATION = 2;

const problems: Problem[] = [];
const commandLine = parseCommandLine(process.argv.slice(2), problems);
if (commandLine.help) process.stdout.write(helpText());
else if (commandLine.version) process.stdout.write(`${packageJson.version}\n`);
else void start();

async function start(): Promise<void> {
  const { given, environment } = await gatherSettings(commandLine.values, process.env, problems);
  const loaded = await loadConfig(given, environment, problems);
  const { config } = loaded;
  if (problems.length > 0) {
    process.stderr.write(problemLines(problems));
    process.exitCode = BAD_CONFIGURATION;
  } else if (commandLine.command === 'check') {
    const { check } = await import('./node/cli/check.ts');
    process.exitCode = await check(config, commandLine.probe);
  } else if (commandLine.command === 'healthcheck') {
    const { healthcheck } = await import('./node/cli/healthcheck.ts');
    process.exitCode = await healthcheck(config);
  } else {
    await runProxy(config, (changed) => {
      watchFiles(loaded, (config, found) => changed(config, found.map(problemText)));
    });
  }
}
