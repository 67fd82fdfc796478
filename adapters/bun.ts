// bun adapters/bun.ts
import process from 'node:process';
import { lazyProxy } from './web/proxy.ts';
import { sockets } from './web/sockets.ts';

const proxy = lazyProxy(() => process.env, sockets);

// Served, it says at the start what is wrong with its settings; imported, it does nothing.
if (import.meta.main) proxy.start();

/**
 * The proxy for Bun's server: its settings are the variables of the environment, and it answers 503 until they are
 * right.
 */
export default {
  /** Answers one request. It never rejects: a failure becomes a response. */
  fetch: proxy.fetch,
  /** Otherwise Bun shows what fails inside to the client. */
  development: false,
  /** Seconds without a byte, after which Bun closes a connection; 255 is the most that it takes. */
  idleTimeout: 255,
  /** Bytes, without a bound: what is too large is for Sentry to say. */
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
};
