// bun adapters/bun.ts
import process from 'node:process';
import { makeProxy } from './web/proxy.ts';
import { sockets } from './web/sockets.ts';

export default {
  fetch: makeProxy(process.env, sockets),
  /** Otherwise Bun shows what fails inside to the client. */
  development: false,
  /** Seconds without a byte, after which Bun closes a connection; 255 is the most that it takes. */
  idleTimeout: 255,
};
