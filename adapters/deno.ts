// deno serve --allow-env --allow-net adapters/deno.ts
import process from 'node:process';
import { makeProxy } from './web/proxy.ts';
import { sockets } from './web/sockets.ts';

export default { fetch: makeProxy(process.env, sockets) };
