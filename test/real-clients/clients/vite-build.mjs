// node vite-build.mjs FOLDER [setCommits]: builds FOLDER/index.js and uploads its source map.
import { sentryVitePlugin } from '@sentry/vite-plugin';
import { build } from 'vite';
import { sentryOptions } from './sentry-options.mjs';

const [root] = process.argv.slice(2);
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: { sourcemap: true, rollupOptions: { input: `${root}/index.js` } },
  plugins: [sentryVitePlugin(sentryOptions)],
});
