import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from 'node:tls';

/** Groups that nearly every server knows, in case a server no longer knows the group that it chose before. */
const COMMON_GROUPS = ['X25519', 'prime256v1', 'secp384r1'];

/** Texts in PEM. */
export interface ClientTls {
  /** The authorities to trust instead of Node's and the machine's. */
  readonly ca?: string | undefined;
  /** The certificate of this client. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The authorities that a TLS client trusts and the certificate that it shows, as contexts for its handshakes. */
export class TlsTrust {
  /** For a handshake in which the server is verified: it offers the same as Node. */
  readonly context: SecureContext;
  readonly #options: { ca: string | string[]; cert?: string; key?: string };
  readonly #byGroup = new Map<string, SecureContext>();

  /** @throws {Error} if a text is not PEM that TLS can use */
  constructor({ ca, cert, key }: ClientTls) {
    // By default Node trusts its own list, but not the CAs that an operator added to the machine.
    const trusted = ca ?? [...rootCertificates, ...getCACertificates('system')];
    this.#options = { ca: trusted, ...(cert && { cert }), ...(key && { key }) };
    this.context = createSecureContext(this.#options);
  }

  /**
   * For a handshake that resumes a session. Node makes a key share for each of its favourite groups, one of which is
   * post-quantum and expensive. The server has shown which group it uses, so this makes one share, of that group.
   */
  contextFor(group: string | undefined): SecureContext {
    if (group === undefined) return this.context;
    let context = this.#byGroup.get(group);
    if (context === undefined) {
      context = this.#make([group, ...COMMON_GROUPS.filter((common) => common !== group)]);
      this.#byGroup.set(group, context);
    }
    return context;
  }

  #make(groups: readonly string[]): SecureContext {
    try {
      return createSecureContext({ ...this.#options, ecdhCurve: groups.join(':') });
    } catch {
      // This Node reports the group but can't be set to offer it.
      return this.context;
    }
  }
}
