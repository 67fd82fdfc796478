import type { SecureContext, TLSSocket } from 'node:tls';

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
}

/**
 * The TLS session to resume with one server. A resumed handshake costs a fraction of a full one: no certificates are
 * sent, and neither their chain nor their names are verified again.
 *
 * A session belongs to the secure context in which it was made: trust in other certificate authorities, or another
 * client certificate, is another secure context, and begins with a full handshake.
 */
export class TlsSessions {
  #context: SecureContext | undefined;
  #known: KnownSession | undefined;

  /** The session to offer in a handshake with this secure context. */
  of(context: SecureContext): KnownSession | undefined {
    if (context !== this.#context) {
      this.#context = context;
      this.#known = undefined;
    }
    const isTooOld = this.#known !== undefined && performance.now() - this.#known.verifiedAt > MAX_AGE;
    if (isTooOld) this.#known = undefined;
    return this.#known;
  }

  /** Keeps a session that the server gives, once it is verified. */
  learn(socket: TLSSocket, context: SecureContext, offered: KnownSession | undefined): void {
    if (offered === undefined) this.#learnFrom(socket, context);
    else {
      socket.once('secureConnect', () => {
        // The server has forgotten it.
        if (!socket.isSessionReused()) this.#forget(offered);
      });
    }
    // Nor is one offered again that a server chokes on.
    socket.once('error', () => this.#forget(offered));
  }

  #learnFrom(socket: TLSSocket, context: SecureContext): void {
    let verifiedAt: number | undefined;
    let early: Buffer | undefined;
    const keep = (session: Buffer): void => {
      // TLS 1.2 gives its session before the handshake is over, and so before the certificate's names are checked.
      if (verifiedAt === undefined) early = session;
      else if (context === this.#context) this.#known = { session, verifiedAt };
    };
    socket.on('session', keep);
    socket.once('secureConnect', () => {
      // Where NODE_TLS_REJECT_UNAUTHORIZED says so, a server passes that is not trusted.
      if (!socket.authorized) return;
      verifiedAt = performance.now();
      if (early !== undefined) keep(early);
    });
  }

  #forget(session: KnownSession | undefined): void {
    if (this.#known === session) this.#known = undefined;
  }
}
