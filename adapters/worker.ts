import type { Settings } from './web/config.ts';
import { makeProxy } from './web/proxy.ts';
import { workerd } from './web/workerd/ends.ts';

let proxy: ReturnType<typeof makeProxy> | undefined;

/** The part of the runtime's context that is used. */
interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void;
}

/** The proxy as a Worker: its settings are the bindings, and it answers 503 until they are right. */
export default {
  /**
   * Answers one request. It never rejects: a failure becomes a response.
   * @param bindings the same for as long as an isolate lives, so the proxy is made of them once
   * @param context keeps an isolate at work after the response
   */
  fetch(request: Request, bindings: Settings, context?: ExecutionContext): Promise<Response> {
    proxy ??= makeProxy(bindings, workerd);
    return proxy(request, (work) => context?.waitUntil(work));
  },
};
