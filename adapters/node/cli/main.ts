import type { Problem } from '../../../src/config/values.ts';
import { type Collected, collectSettings } from '../config/collect.ts';
import { loadConfig } from '../config/load.ts';
import { problemLines, problemText } from '../config/problem-text.ts';
import { type OnReload, pollFiles } from '../config/reload.ts';
import type { RecipeOptions } from '../programs/recipe.ts';
import { runProxy } from '../run.ts';
import type { Signals } from '../signals.ts';
import { parseCommandLine } from './command-line.ts';
import { BAD_CONFIGURATION } from './exit-codes.ts';

/** Does what the command line asks for, and sets the exit code. */
export async function main(args: readonly string[], signals: Signals): Promise<void> {
  const problems: Problem[] = [];
  const { command, help, version, probe, json, recipe, as, asToken, values } = parseCommandLine(args, problems);
  const isForPeople = help || version || command !== 'run';
  if (isForPeople) {
    signals.release();
    surviveClosedPipes();
  } else {
    // There is no request yet that could be cut off.
    signals.onStop(() => signals.release());
  }
  if (help) {
    const { helpText } = await import('./help.ts');
    process.stdout.write(helpText());
    return;
  }
  if (version) {
    const { versionText } = await import('./version.ts');
    process.stdout.write(versionText());
    return;
  }

  if (command === 'token') {
    process.exitCode = await printToken(json, recipe, problems);
    return;
  }
  const collected = await collectSettings(values, process.env, problems);
  if (command === 'suggest') {
    process.exitCode = await printSuggestion(collected, problems);
    return;
  }
  const loaded = await loadConfig(collected, problems);
  const { config, warnings } = loaded;
  if (command === 'check' && as === undefined && asToken === undefined) {
    const { check } = await import('../check/check.ts');
    process.exitCode = await check(loaded, problems, probe);
  } else if (problems.length > 0) {
    process.exitCode = refuse(problems);
  } else if (asToken !== undefined) {
    const { checkAsToken } = await import('../identity/check-as-token.ts');
    process.exitCode = await checkAsToken(asToken, config, Date.now());
  } else if (as !== undefined) {
    const { checkAs } = await import('../check/check-as.ts');
    process.exitCode = await checkAs(as, config, Date.now());
  } else if (command === 'healthcheck') {
    const { healthcheck } = await import('./healthcheck.ts');
    process.exitCode = await healthcheck(config);
  } else {
    const watch = (onReload: OnReload) => pollFiles(loaded, onReload);
    await runProxy(config, { warnings: warnings.map(problemText), watch }, signals);
  }
}

function refuse(problems: readonly Problem[]): number {
  process.stderr.write(problemLines(problems));
  return BAD_CONFIGURATION;
}

/** @returns the exit code */
async function printToken(isJson: boolean, asked: RecipeOptions | undefined, problems: Problem[]): Promise<number> {
  const [{ newToken, tokenNote }, { entryOf, readRecipe }, { recipeText }] = await Promise.all([
    import('./token.ts'),
    import('../programs/recipe.ts'),
    import('../programs/recipe-text.ts'),
  ]);
  const recipe = asked && readRecipe(asked, problems);
  if (problems.length > 0) return refuse(problems);
  const made = newToken();
  const printed = recipe === undefined ? made : { ...made, client: entryOf(recipe, made.digest) };
  process.stdout.write(`${isJson ? JSON.stringify(printed) : made.token}\n`);
  if (!isJson) process.stderr.write(recipe === undefined ? tokenNote(made) : recipeText(recipe, made));
  return 0;
}

/** @returns the exit code */
async function printSuggestion({ given }: Collected, problems: Problem[]): Promise<number> {
  const [{ createInterface }, { suggest }, { readKnownClients }] = await Promise.all([
    import('node:readline'),
    import('../suggest/suggest.ts'),
    import('../suggest/known-clients.ts'),
  ]);
  const known = await readKnownClients(given, problems);
  if (problems.length > 0) return refuse(problems);
  if (process.stdin.isTTY) process.stderr.write('Reading the log of the proxy from standard input.\n');
  const { json, notes } = await suggest(createInterface({ input: process.stdin }), known);
  process.stderr.write(notes.map((note) => `${note}\n`).join(''));
  // A file made of the output would be refused, so there is none.
  if (json === undefined) return 1;
  process.stdout.write(`${json}\n`);
  return 0;
}

/** `check | head -1` closes the pipe before everything is written. That is not an error. */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
