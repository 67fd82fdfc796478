import type { EphemeralKeyInfo, TLSSocket } from 'node:tls';
import type { TlsTrust } from './tls-trust.ts';

/**
 * Milliseconds from the handshake that verified a server's certificate to the next one that verifies it. A resumed
 * session verifies nothing, so this bounds how long a certificate is accepted after it has expired.
 */
const MAX_AGE = 5 * 60_000;

/** A session that can be resumed. */
export interface KnownSession {
  readonly session: Buffer;
  /** When the server's certificate was verified, by `performance.now()`. */
  readonly verifiedAt: number;
  /** The group of the key exchange; undefined if Node does not report it. */
  readonly group: string | undefined;
}

/**
 * The TLS session to resume with one server. A resumed handshake costs a fraction of a full one: no certificates are
 * sent, and neither their chain nor their names are verified again.
 *
 * A session belongs to the trust with which it was made. Other certificate authorities, or another client certificate,
 * are another trust, which begins with a full handshake.
 */
export class TlsSessions {
  #trust: TlsTrust | undefined;
  #known: KnownSession | undefined;

  /** The session to offer in a handshake with this trust. */
  of(trust: TlsTrust): KnownSession | undefined {
    if (trust !== this.#trust) {
      this.#trust = trust;
      this.#known = undefined;
    }
    const isTooOld = this.#known !== undefined && performance.now() - this.#known.verifiedAt > MAX_AGE;
    if (isTooOld) this.#known = undefined;
    return this.#known;
  }

  /** Keeps the server's session once its certificate is verified. */
  learn(socket: TLSSocket, trust: TlsTrust, offered: KnownSession | undefined): void {
    if (offered === undefined) this.#learnFrom(socket, trust);
    else {
      socket.once('secureConnect', () => {
        // The server has forgotten it.
        if (!socket.isSessionReused()) this.#forget(offered);
      });
    }
    // A session at which the server failed is not offered again either.
    socket.once('error', () => this.#forget(offered));
  }

  #learnFrom(socket: TLSSocket, trust: TlsTrust): void {
    let verifiedAt: number | undefined;
    let early: Buffer | undefined;
    let group: string | undefined;
    const keep = (session: Buffer): void => {
      // TLS 1.2 gives its session before the handshake ends, so before the certificate's names are checked.
      if (verifiedAt === undefined) early = session;
      else if (trust === this.#trust) this.#known = { session, verifiedAt, group };
    };
    socket.on('session', keep);
    socket.once('secureConnect', () => {
      // With NODE_TLS_REJECT_UNAUTHORIZED=0 even an untrusted server passes.
      if (!socket.authorized) return;
      verifiedAt = performance.now();
      group = groupOf(socket.getEphemeralKeyInfo());
      if (early !== undefined) keep(early);
    });
  }

  #forget(session: KnownSession | undefined): void {
    if (this.#known === session) this.#known = undefined;
  }
}

/** Older Node names only groups of elliptic curves, newer Node all. If RSA carried the key, there is no group. */
const groupOf = (info: EphemeralKeyInfo | object | null): string | undefined =>
  info !== null && 'name' in info && typeof info.name === 'string' ? info.name : undefined;
