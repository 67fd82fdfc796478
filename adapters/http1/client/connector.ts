import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { makeLookup } from './dns.ts';
import { TlsSessions } from './tls-sessions.ts';
import type { TlsTrust } from './tls-trust.ts';

/** Milliseconds for one address before the next is tried (RFC 8305 section 8 allows 100 to 2000). */
const ATTEMPT_TIMEOUT = 200;

export interface ConnectOptions {
  /**
   * For an https origin: certificate authorities and a client certificate, made once. It is read for each connection,
   * so a getter can change it. Without it each connection makes its own, and no session is resumed.
   */
  readonly trust?: TlsTrust | undefined;
}

/** Makes a function that opens a connection to one origin, over TLS if the scheme is https. */
export function connector({ protocol, hostname, port }: URL, options: ConnectOptions): () => Socket {
  const isSecure = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const isName = isIP(host) === 0;
  const to = {
    host,
    port: Number(port) || (isSecure ? 443 : 80),
    // A response may come, and its side be closed, before the whole request is sent.
    allowHalfOpen: true,
    ...(isName && {
      lookup: makeLookup(),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT,
    }),
  };
  if (!isSecure) return () => connectTcp(to);
  const tls: TlsOptions = { ...to, ...(isName && { servername: host }), ALPNProtocols: ['http/1.1'] };
  const sessions = new TlsSessions();
  return () => {
    const { trust } = options;
    if (trust === undefined) return connectTls(tls);
    const known = sessions.of(trust);
    const secureContext = trust.contextFor(known?.group);
    const socket = connectTls({ ...tls, secureContext, ...(known && { session: known.session }) });
    sessions.learn(socket, trust, known);
    return socket;
  };
}
