// The client programs as the clients that `token --for` makes of them: with organizations and with projects. What works with an
// alias token works, or docs/works-with.md names it with the reason.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROGRAMS } from '../../adapters/node/programs/programs.ts';
import { tableUnder } from '../support/pages.ts';
import { CLI, CLI_3, CLI_CHANGING, SENTRY, SENTRY_CHANGING } from './commands.ts';
import { CHANGING, READING } from './mcp-tools.ts';
import { clientFor, clientOfReadme, type Reach, type Scene, startScene } from './recipe-scene.ts';

/** Something that a program is run with, and the recipe for it. */
interface Run {
  /** As docs/works-with.md calls it. */
  readonly title: string;
  readonly program: string;
  readonly write: boolean;
  readonly commands: readonly string[];
  /** @returns why each of these failed, by the command */
  runIn(scene: Scene, commands: readonly string[]): Promise<Map<string, string>>;
}

const inShell =
  (path: string) =>
  async (scene: Scene, commands: readonly string[]): Promise<Map<string, string>> => {
    const failed = new Map<string, string>();
    for (const command of commands) {
      const why = await scene.run(path, command);
      if (why !== undefined) failed.set(command, why);
    }
    return failed;
  };

const cli3 = inShell('@sentry/cli/bin/sentry-cli');
const cli2 = inShell('sentry-cli-2/bin/sentry-cli');
const sentry = inShell('sentry/dist/bin.cjs');
const tools: Run['runIn'] = (scene, names) => scene.call(names);

/** Of a bundler, or of one with something that its plugin is to do. */
const builds: Run['runIn'] = async (scene, bundlers) => {
  const failed = new Map<string, string>();
  for (const build of bundlers) {
    const [bundler, what] = build.split(' ').reverse();
    const why = await scene.run(`./clients/${bundler}-build.mjs`, ['FOLDER', what ?? ''].join(' ').trim());
    if (why !== undefined) failed.set(build, why);
  }
  return failed;
};

const run = (
  title: string,
  write: boolean,
  commands: readonly string[],
  runIn: Run['runIn'],
  program: string,
): Run => ({
  ...{ title, program, write, commands, runIn },
});

const RUNS: readonly Run[] = [
  run('sentry-cli 3.8.0', false, [...CLI, ...CLI_3], cli3, 'sentry-cli'),
  run('sentry-cli 3.8.0, `--write`', true, CLI_CHANGING, cli3, 'sentry-cli'),
  run('sentry-cli 2.58.6', false, CLI, cli2, 'sentry-cli'),
  run('sentry-cli 2.58.6, `--write`', true, CLI_CHANGING, cli2, 'sentry-cli'),
  run('bundler plugins', false, ['vite', 'webpack', 'setCommits vite', 'setCommits webpack'], builds, 'bundler'),
  run('`sentry` 0.49.0', false, SENTRY, sentry, 'sentry'),
  run('`sentry` 0.49.0, `--write`', true, SENTRY_CHANGING, sentry, 'sentry'),
  run('sentry-mcp 0.39.0', false, Object.keys(READING), tools, 'sentry-mcp'),
  run('sentry-mcp 0.39.0, `--write`', true, Object.keys(CHANGING), tools, 'sentry-mcp'),
];

const isOf = (command: string, what: string): boolean => command === what || command.startsWith(`${what} `);

const missingOf = (program: string, reach: Reach): readonly string[] =>
  PROGRAMS.find(({ name }) => name === program)!
    .missing.filter(({ as }) => as === 'all' || as === reach)
    .map(({ what }) => what);

async function failedIn(scene: Scene, { runIn }: Run, commands: readonly string[]): Promise<Map<string, string>> {
  try {
    return await runIn(scene, commands);
  } finally {
    await scene.stop();
  }
}

const worked = new Map<string, number>();

/** Half of it is the start of `sentry`, 140 times: on a busy machine that takes minutes. */
const PATIENCE = 600_000;

describe('a program with the entry that token --for prints', { concurrency: 4, timeout: PATIENCE }, () => {
  for (const one of RUNS) {
    const { title, program, write, commands } = one;
    for (const reach of ['orgs', 'projects'] as const) {
      it(`${title}, as a client with ${reach}`, { timeout: PATIENCE }, async () => {
        const failed = await failedIn(await startScene(await clientFor(program, reach, write)), one, commands);
        const missing = missingOf(program, reach);
        const expected = commands.filter((command) => missing.some((what) => isOf(command, what)));
        const outputs = [...failed].map(([command, why]) => `${command}: ${why}`).join('\n');
        assert.deepEqual([...failed.keys()], expected, outputs);
        worked.set(`${title} ${reach}`, commands.length - failed.size);
      });
    }

    const lacking = commands.filter((command) => missingOf(program, 'projects').some((what) => isOf(command, what)));
    if (lacking.length > 0) {
      it(`${title}, with an alias token, does what these lack`, { timeout: PATIENCE }, async () => {
        assert.deepEqual(await failedIn(await startScene(), one, lacking), new Map());
      });
    }
  }

  it('the agent of the README finds and reads issues of two projects with sentry-mcp', async () => {
    const scene = await startScene(await clientOfReadme());
    const issueTools = Object.keys(READING).filter((name) => /issue|stacktrace|resource/.test(name));
    const names = ['find_organizations', 'find_projects', ...issueTools];
    assert.ok(names.length >= 11);
    try {
      assert.deepEqual(await scene.call(names), new Map());
    } finally {
      await scene.stop();
    }
  });
});

it('docs/works-with.md has the counts', () => {
  const counts = RUNS.map(({ title, commands }) =>
    [title, commands.length, worked.get(`${title} orgs`), worked.get(`${title} projects`)].map(String),
  );
  assert.deepEqual(
    tableUnder('docs/works-with.md', '## How much works as a client').map((cells) => cells.slice(0, 4)),
    counts,
  );
});

it('docs/works-with.md names nothing as left out that is not run', () => {
  const commands = RUNS.flatMap(({ program, commands }) => commands.map((command) => ({ program, command })));
  const others = PROGRAMS.filter(({ name }) => RUNS.some(({ program }) => program === name)).flatMap((program) =>
    program.missing
      .filter(({ what }) => !commands.some((one) => one.program === program.name && isOf(one.command, what)))
      .map(({ what }) => what),
  );
  assert.deepEqual(others, []);
});
