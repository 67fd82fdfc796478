#!/usr/bin/env node
import packageJson from '../package.json' with { type: 'json' };
import type { Problem } from '../src/config.ts';
import { gatherValues, helpText, parseCommandLine, problemText, problemTexts } from './node/cli/command-line.ts';
import { type Config, readConfig } from './node/config/config.ts';
import { ofTheirFiles, WatchedFiles, withSecretFiles } from './node/config/secret-files.ts';
import { runProxy } from './node/run.ts';

const BAD_CONFIGURATION = 2;

const problems: Problem[] = [];
const commandLine = parseCommandLine(process.argv.slice(2), problems);
if (commandLine.help) process.stdout.write(helpText());
else if (commandLine.version) process.stdout.write(`${packageJson.version}\n`);
else void start();

async function start(): Promise<void> {
  const { values, environment, isSet } = await gatherValues(commandLine.values, process.env, problems);
  const read = (found: Problem[]): Config => {
    const wrong: Problem[] = [];
    const config = readConfig(withSecretFiles(values, isSet, wrong), environment, wrong);
    found.push(...ofTheirFiles(wrong, values));
    return config;
  };
  const files = new WatchedFiles(values);
  const config = read(problems);
  if (problems.length > 0) {
    process.stderr.write(problemText(problems));
    process.exitCode = BAD_CONFIGURATION;
  } else if (commandLine.command === 'check') {
    const { check } = await import('./node/cli/check.ts');
    process.exitCode = await check(config, commandLine.probe);
  } else if (commandLine.command === 'healthcheck') {
    const { healthcheck } = await import('./node/cli/healthcheck.ts');
    process.exitCode = await healthcheck(config);
  } else {
    await runProxy(config, (changed) => {
      files.watch(() => {
        const found: Problem[] = [];
        const reread = read(found);
        // A file with something wrong in it leaves in force what was read before.
        changed(found.length === 0 ? reread : undefined, problemTexts(found));
      });
    });
  }
}
