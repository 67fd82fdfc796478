// node webpack-build.mjs FOLDER [setCommits]: builds FOLDER/index.js and uploads its source map.
import { sentryWebpackPlugin } from '@sentry/webpack-plugin';
import webpack from 'webpack';
import { sentryOptions } from './sentry-options.mjs';

const [context] = process.argv.slice(2);
webpack(
  {
    context,
    entry: './index.js',
    mode: 'production',
    devtool: 'source-map',
    output: { path: `${context}/dist` },
    plugins: [sentryWebpackPlugin(sentryOptions)],
  },
  (error, stats) => {
    if (error) throw error;
    console.log(stats.toString({ all: false, errors: true, warnings: true }));
    if (stats.hasErrors()) process.exitCode = 1;
  },
);
