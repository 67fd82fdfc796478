// Makes sentry-api-proxy.cjs: the Node adapter with all that it needs in one file, for a bare Node. With --sea also
// sentry-api-proxy: the same with the Node that runs this build inside, for a machine without one (needs Node 25.5).
//
// node build.ts [--sea] [FOLDER]     FOLDER: dist
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values, positionals } = parseArgs({ options: { sea: { type: 'boolean' } }, allowPositionals: true });
const folder = positionals[0] ?? 'dist';
const outfile = join(folder, 'sentry-api-proxy.cjs');

/** The commit that is built. Without a repository, as in a container, a variable may name it. */
function commit(): string {
  const { SOURCE_COMMIT: given } = process.env;
  if (given) return given.slice(0, 12);
  try {
    const git = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
    return execFileSync('git', git, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown commit';
  }
}

await build({
  entryPoints: [join(import.meta.dirname, 'adapters/node.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  // As an ES module the file would load every module of Node's that any part of it may need before its first line:
  // 100 ms for node:http and the rest of what only the admin listener uses.
  format: 'cjs',
  // Older than what the program needs, so that an old Node can read the file far enough to say that it is too old.
  target: 'node18',
  define: { SENTRY_API_PROXY_COMMIT: JSON.stringify(commit()) },
  // pg-native is an optional peer of pg, which is used without it.
  external: ['pg-native'],
  // Node keeps the source in memory, at twice its size if one comment of a library is not ASCII.
  minifyWhitespace: true,
  lineLimit: 120,
  legalComments: 'inline',
  logLevel: 'warning',
});
chmodSync(outfile, 0o755);

if (values.sea) {
  const executable = join(folder, 'sentry-api-proxy');
  const configFile = `${executable}.sea.json`;
  const config = {
    main: outfile,
    output: executable,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // The program ignores the signal itself; so it is ignored even before it runs.
    execArgv: ['--disable-sigusr1'],
  };
  writeFileSync(configFile, JSON.stringify(config));
  try {
    execFileSync(process.execPath, ['--build-sea', configFile], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(configFile);
  }
}
