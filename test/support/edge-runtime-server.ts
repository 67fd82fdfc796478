// Serves a script on Vercel's emulation of its Edge runtime: node edge-runtime-server.ts SCRIPT, with settings as variables.
import { readFileSync } from 'node:fs';
import { EdgeRuntime, runServer } from 'edge-runtime';

// Its undici takes the agent that is registered here, and does not understand the one of the newest Node.
Object.defineProperty(globalThis, Symbol.for('undici.globalDispatcher.1'), { value: undefined, writable: true });

const runtime = new EdgeRuntime({
  initialCode: readFileSync(process.argv[2]!, 'utf8'),
  extend: (context) => Object.assign(context, { process: { env: { ...process.env } } }),
});
const { url } = await runServer({ runtime, host: '127.0.0.1', port: 0 });
process.stdout.write(`listening on ${url}\n`);
