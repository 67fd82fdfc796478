// The proxy for a node:http server of your own, and for the frameworks that are built on one.
/// <reference lib="esnext.disposable" preserve="true" />
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sendNodeResponse } from '@whatwg-node/server';
import { OwnSignal } from '../src/http/deadline.ts';
import { ProxyError } from '../src/http/errors.ts';
import type { Signal } from '../src/http/types.ts';
import { endedInTime, untilAborted } from '../src/http/until-aborted.ts';
import { answer, type ServedEnv } from '../src/pipeline/answer.ts';
import { fixedTokens } from '../src/pipeline/fixed-tokens.ts';
import { makeEnv } from '../src/pipeline/make-env.ts';
import { mountedAt } from '../src/pipeline/url-context.ts';
import type { TokenSource } from '../src/tokens/token-source.ts';
import { makeResponse } from '../src/web/response.ts';
import { nodeKeyMeans } from './http1/client/key-access.ts';
import { makeTransport } from './http1/client/transport.ts';
import { breakOff, breakOffAfter } from './node-http/break-off.ts';
import { closeOf } from './node-http/close-signal.ts';
import { Connections } from './node-http/connections.ts';
import { drainWhenAnswered, fieldsOf, readIncoming, shownUrlOf, targetOf } from './node-http/incoming.ts';
import { type ListenerOptions, readListenerOptions } from './node-http/options.ts';
import { storedTokenSource } from './system-token/source.ts';
import { fileToken } from './token-files/file-token.ts';

export { OptionsError } from '../src/config/option-types.ts';
export type * from '../src/public-types.ts';
export type { ListenerOptions } from './node-http/options.ts';
export type { TokenRead } from './system-token/source.ts';

/**
 * A listener for the requests of node:http. Its promise is fulfilled when the response is written or broken off, and
 * never rejects.
 */
export interface Listener extends AsyncDisposable {
  (request: IncomingMessage, response: ServerResponse): Promise<void>;
  /**
   * Ends the requests that are running, and the reads in the background. Later requests get 503. The server is its
   * owner's to close.
   */
  close(): Promise<void>;
}

/**
 * Makes a request listener that proxies to Sentry over separate connections.
 *
 * @throws OptionsError that names every wrong option
 * @example
 * const { ALIAS_TOKEN = '' } = process.env;
 * const listener = createListener({
 *   sentryUri: 'https://sentry.example.com',
 *   pgxConn: 'postgres://sentry@db.example.com/postgres',
 *   aliasTokens: [ALIAS_TOKEN],
 * });
 * http.createServer(listener).listen(3000);
 */
export function createListener(options: ListenerOptions): Listener {
  const { token: origin, trust, onTokenRead, ...config } = readListenerOptions(options, process.env);
  const token: TokenSource = 'hosts' in origin ? storedTokenSource(origin, onTokenRead) : origin;
  const own = config.transport;
  const transport = own === undefined ? makeTransport({ origin: config.sentryUri.origin, trust }) : endedInTime(own);
  // A client that does not read must not keep its place forever.
  const lease = config.writeTimeout === 0 ? undefined : config.writeTimeout;
  const { writeTimeout, basePath, onRequest } = config;
  const closing = new OwnSignal();
  const keyAccess = { ...nodeKeyMeans(), isShared: true };
  const env: ServedEnv<Response> = {
    ...makeEnv(config, {
      tokens: fixedTokens(config, token, fileToken),
      fetch: transport,
      respond: makeResponse,
      lease,
      closing,
      keyAccess,
    }),
    writeTimeout,
    basePath,
    onRequest,
    closing,
  };

  const connections = new Connections();
  const refused = new WeakSet<Socket>();

  const respond = (incoming: IncomingMessage, response: ServerResponse, closed: Signal): Promise<Response> => {
    const { target, mountPath } = targetOf(incoming, config.basePath);
    const shown = {
      method: incoming.method ?? '',
      url: shownUrlOf(incoming, mountPath, target),
      headers: fieldsOf(incoming),
    };
    const receive = () => {
      try {
        if (refused.has(incoming.socket)) throw new ProxyError('bad_request', 'it follows a request that was refused');
        return readIncoming(incoming, target, closed);
      } catch (error) {
        // The end of an unacceptable message is unclear, so nothing after it is read. Node reads ahead: what it has
        // taken for another request already is refused as well.
        refused.add(incoming.socket);
        response.setHeader('Connection', 'close');
        throw error;
      }
    };
    const { destination } = mountPath === '' ? env : mounted(env, mountPath);
    return answer({ ...env, destination, respond: responderFor(incoming, response) }, shown, receive);
  };
  const listener = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    void env.authenticator.refresh?.();
    const isQueued = response.socket === null;
    const closed = closeOf(response, isQueued ? connections.endOf(incoming.socket) : undefined);
    breakOffAfter(config.writeTimeout, closing, response, closed);
    drainWhenAnswered(incoming, response);
    const answered = await respond(incoming, response, closed);
    // What a transport of the owner's sends beyond its Content-Length would be read as another response.
    response.strictContentLength = true;
    try {
      // As a framework's request is given: of the bare one it would set the options of the socket, which are the server's.
      const sending = sendNodeResponse(answered, response, { raw: incoming }, false);
      // It waits for a client to read on even if that has left.
      if (sending !== undefined) await untilAborted(sending, closed);
    } catch {
      // A response that node:http does not take must not look whole.
      breakOff(response);
    }
  };
  const close = async (): Promise<void> => {
    closing.abort(new ProxyError('proxy_closed'));
    await env.destination.tokens.close();
  };
  return Object.assign(listener, { close, [Symbol.asyncDispose]: close });
}

/** Makes the response to one request. */
const responderFor =
  ({ method }: IncomingMessage, response: ServerResponse): ServedEnv<Response>['respond'] =>
  (body, init) => {
    // A server may be set to refuse content in a response to HEAD.
    const content = method === 'HEAD' && typeof body === 'string' ? null : body;
    // Left to the writer, a failure would become an error of the client's connection, and its end a normal one.
    return makeResponse(content, init, [], () => breakOff(response));
  };

/** Clients of a mounted listener are kept inside below the path at which it is mounted. */
const mounted = <R>(env: ServedEnv<R>, mountPath: string): ServedEnv<R> => ({
  ...env,
  destination: {
    ...env.destination,
    urls: env.destination.urls && mountedAt(env.destination.urls, mountPath),
  },
});
