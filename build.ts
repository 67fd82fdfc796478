// Makes dist/sentry-api-proxy.mjs: the Node adapter with all that it needs in one file, for a bare Node.
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

const outfile = 'dist/sentry-api-proxy.mjs';

await build({
  entryPoints: ['adapters/node.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.18',
  // pg-native is an optional peer of pg, which is used without it.
  external: ['pg-native'],
  // pg is CommonJS and asks for Node's own modules by require.
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
  legalComments: 'inline',
  logLevel: 'warning',
});
chmodSync(outfile, 0o755);
