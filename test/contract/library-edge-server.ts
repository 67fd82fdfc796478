// createProxy as the one thing that a module for Deno, Bun or workerd exports, with its options as JSON.
import { createProxy } from '../../src/index.ts';

let proxy: ReturnType<typeof createProxy> | undefined;

export default {
  port: 0,
  hostname: '127.0.0.1',
  /** Seconds without a byte, after which Bun closes a connection; 255 is the most that it takes. */
  idleTimeout: 255,
  /** Bytes that Bun takes; 128 MiB by itself. */
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  fetch(request: Request, bindings: { OPTIONS?: string }): Promise<Response> {
    proxy ??= createProxy(JSON.parse(bindings?.OPTIONS ?? process.env.OPTIONS ?? ''));
    return proxy.fetch(request);
  },
};
