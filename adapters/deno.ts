// deno serve --allow-env --allow-net adapters/deno.ts
import process from 'node:process';
import { lazyProxy } from './web/proxy.ts';
import { sockets } from './web/sockets.ts';

const proxy = lazyProxy(() => process.env, sockets);

// Served, it says at the start what is wrong with its settings; imported, it does nothing.
if (import.meta.main) proxy.start();

export default { fetch: proxy.fetch };
