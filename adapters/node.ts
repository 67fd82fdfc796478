#!/usr/bin/env node
import { BAD_CONFIGURATION } from './node/cli/exit-codes.ts';
import { ignoreInspectorSignal } from './node/cli/inspector.ts';
import { nodeVersionFault } from './node/cli/node-version.ts';
import { Signals } from './node/signals.ts';

const signals = new Signals();
const fault = nodeVersionFault(process.versions.node);
if (fault === undefined) {
  ignoreInspectorSignal();
  // All else is loaded only now: it may need what an older Node does not have.
  void import('./node/cli/main.ts').then(({ main }) => main(process.argv.slice(2), signals));
} else {
  process.stderr.write(`sentry-api-proxy: ${fault}\n`);
  process.exitCode = BAD_CONFIGURATION;
}
