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

await build({
  entryPoints: [join(import.meta.dirname, 'adapters/node.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  // As an ES module the file would load every module of Node's that any part of it may need before its first line:
  // 100 ms for node:http and the rest of what only the admin listener uses.
  format: 'cjs',
  target: 'node22.18',
  // pg-native is an optional peer of pg, which is used without it.
  external: ['pg-native'],
  legalComments: 'inline',
  logLevel: 'warning',
});
chmodSync(outfile, 0o755);

if (values.sea) {
  const executable = join(folder, 'sentry-api-proxy');
  const configFile = `${executable}.sea.json`;
  const config = { main: outfile, output: executable, disableExperimentalSEAWarning: true };
  writeFileSync(configFile, JSON.stringify(config));
  try {
    execFileSync(process.execPath, ['--build-sea', configFile], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(configFile);
  }
}
