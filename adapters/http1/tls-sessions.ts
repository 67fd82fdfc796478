import type { EphemeralKeyInfo, TLSSocket } from 'node:tls';
import type { TlsTrust } from './tls-trust.ts';

/**
 * Milliseconds from the handshake in which a server's certificate was verified to the next one that verifies it:
 * a resumed session verifies nothing, so that this bounds how long a certificate counts that has expired meanwhile.
 */
const MAX_AGE = 5 * 60_000;

/** A session that can be resumed. */
export interface KnownSession {
  readonly session: Buffer;
  /** When the server's certificate was verified, by `performance.now()`. */
  readonly verifiedAt: number;
  /** The group in which the server agreed on a key; undefined if Node does not say. */
  readonly group: string | undefined;
}

/**
 * The TLS session to resume with one server. A resumed handshake costs a fraction of a full one: no certificates are
 * sent, and neither their chain nor their names are verified again.
 *
 * A session belongs to the trust in which it was made: other certificate authorities, or another client certificate, are
 * another trust, which begins with a full handshake.
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

  /** Keeps a session that the server gives, once it is verified. */
  learn(socket: TLSSocket, trust: TlsTrust, offered: KnownSession | undefined): void {
    if (offered === undefined) this.#learnFrom(socket, trust);
    else {
      socket.once('secureConnect', () => {
        // The server has forgotten it.
        if (!socket.isSessionReused()) this.#forget(offered);
      });
    }
    // Nor is one offered again that a server chokes on.
    socket.once('error', () => this.#forget(offered));
  }

  #learnFrom(socket: TLSSocket, trust: TlsTrust): void {
    let verifiedAt: number | undefined;
    let early: Buffer | undefined;
    let group: string | undefined;
    const keep = (session: Buffer): void => {
      // TLS 1.2 gives its session before the handshake is over, and so before the certificate's names are checked.
      if (verifiedAt === undefined) early = session;
      else if (trust === this.#trust) this.#known = { session, verifiedAt, group };
    };
    socket.on('session', keep);
    socket.once('secureConnect', () => {
      // Where NODE_TLS_REJECT_UNAUTHORIZED says so, a server passes that is not trusted.
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

/** Node names only groups of elliptic curves and, newer, others; there is none where RSA carried the key. */
const groupOf = (info: EphemeralKeyInfo | object | null): string | undefined =>
  info !== null && 'name' in info && typeof info.name === 'string' ? info.name : undefined;
