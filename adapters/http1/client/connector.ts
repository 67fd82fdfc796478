import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { ProxyError } from '../../../src/http/errors.ts';
import type { Signal } from '../../../src/http/types.ts';
import { type Attempts, tryAddresses } from './connection-attempts.ts';
import { makeResolver } from './dns.ts';
import { TlsSessions } from './tls-sessions.ts';
import type { TlsTrust } from './tls-trust.ts';

export interface ConnectOptions {
  /**
   * For an https origin: certificate authorities and a client certificate, made once. It is read for each connection,
   * so a getter can change it. Without it each connection makes its own, and no session is resumed.
   */
  readonly trust?: TlsTrust | undefined;
}

/**
 * Opens a connection, unless the signal aborts first. It calls back once.
 * @param connected called with the socket, which may still be connecting
 * @param failed called with the system's error, or with why the signal aborted
 */
export type Connect = (signal: Signal, connected: (socket: Socket) => void, failed: (error: Error) => void) => void;

/** Makes a function that opens a connection to one origin, over TLS if the scheme is https. */
export function connector({ protocol, hostname, port }: URL, options: ConnectOptions): Connect {
  const isSecure = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const to = Number(port) || (isSecure ? 443 : 80);
  const open = isSecure ? tlsOpener(host, to, options) : (address: string) => connectTcp(optionsFor(address, to));
  return isIP(host) === 0 ? byName(host, open) : (_signal, connected) => connected(open(host));
}

type Open = (address: string) => Socket;

function byName(host: string, open: Open): Connect {
  const resolve = makeResolver(host);
  return (signal, connected, failed) => {
    let attempts: Attempts | undefined;
    const end = (): void => signal.removeEventListener('abort', onAbort);
    const onAbort = (): void => {
      end();
      attempts?.cancel();
      failed(abortReason(signal, 'connection'));
    };
    const succeed = (socket: Socket): void => {
      end();
      connected(socket);
    };
    const fail = (error: Error): void => {
      end();
      failed(error);
    };
    if (signal.aborted) {
      failed(abortReason(signal, 'connection'));
      return;
    }
    signal.addEventListener('abort', onAbort);
    resolve((error, addresses) => {
      if (signal.aborted) return;
      if (error !== null) fail(error);
      else if (addresses.length === 1) succeed(open(addresses[0]!.address));
      else attempts = tryAddresses(addresses, open, succeed, fail);
    });
  };
}

function tlsOpener(host: string, port: number, options: ConnectOptions): Open {
  // RFC 6066 section 3: a server name has no trailing dot.
  const name = isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {};
  const sessions = new TlsSessions();
  return (address) => {
    const tls: TlsOptions = { ...optionsFor(address, port), ...name, ALPNProtocols: ['http/1.1'] };
    const { trust } = options;
    if (trust === undefined) return connectTls(tls);
    const known = sessions.of(trust);
    const secureContext = trust.contextFor(known?.group);
    const socket = connectTls({ ...tls, secureContext, ...(known && { session: known.session }) });
    // An address that does not answer says nothing about a session.
    socket.once('connect', () => sessions.learn(socket, trust, known));
    return socket;
  };
}

/** A response may come, and its side be closed, before the whole request is sent. */
const optionsFor = (host: string, port: number) => ({ host, port, allowHalfOpen: true });

/**
 * Why an exchange was given up. Time that ran out before there was a connection was not Sentry's to answer in.
 * @param missing what the request was still waiting for, before it could be sent
 */
export function abortReason({ reason }: Signal, missing: 'connection' | 'handshake' | undefined): ProxyError {
  if (!(reason instanceof ProxyError)) return new ProxyError('client_gone');
  if (reason.name !== 'upstream_timeout' || missing === undefined) return reason;
  return new ProxyError('upstream_connect_timeout', missing === 'handshake' ? 'the TLS handshake did not end' : '');
}
