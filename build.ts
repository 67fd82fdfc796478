// Makes dist/sentry-api-proxy.cjs: the Node adapter with all that it needs in one file, for a bare Node.
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

const outfile = 'dist/sentry-api-proxy.cjs';

await build({
  entryPoints: ['adapters/node.ts'],
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
