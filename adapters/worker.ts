import type { Settings } from './edge/config.ts';
import { makeProxy } from './edge/proxy.ts';
import { workerd } from './edge/workerd.ts';

let proxy: ReturnType<typeof makeProxy> | undefined;

export default {
  /** The bindings are the same for as long as an isolate lives, so what is made of them is made once. */
  fetch(request: Request, bindings: Settings): Promise<Response> {
    proxy ??= makeProxy(bindings, () => workerd);
    return proxy(request);
  },
};
