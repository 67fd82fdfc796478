// deno serve --allow-env --allow-net adapters/deno.ts
import process from 'node:process';
import { makeProxy } from './edge/proxy.ts';
import { sockets } from './edge/sockets.ts';

export default { fetch: makeProxy(process.env, sockets) };
