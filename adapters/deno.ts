// deno serve --allow-env --allow-net adapters/deno.ts
import process from 'node:process';
import { lazyProxy } from './web/proxy.ts';
import { sockets } from './web/sockets.ts';

const proxy = lazyProxy(() => process.env, sockets);

// Served, it says at the start what is wrong with its settings; imported, it does nothing.
if (import.meta.main) proxy.start();

/** The proxy for `deno serve`: it reads its settings from the environment, and answers 503 until they are valid. */
export default {
  /** Answers one request. It never rejects: a failure becomes a response. */
  fetch: proxy.fetch,
};
