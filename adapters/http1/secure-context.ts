import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from 'node:tls';

/** Texts in PEM. */
export interface ClientTls {
  /** Trusted instead of the authorities that Node and the machine trust. */
  readonly ca?: string | undefined;
  /** The certificate of this client. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * What connections to an https origin are secured with.
 * @throws {Error} if a text is not PEM that TLS can use
 */
export function clientContext({ ca, cert, key }: ClientTls): SecureContext {
  // Node by itself trusts the list that it brings along, but not the CAs that an operator gave the machine.
  const trusted = ca ?? [...rootCertificates, ...getCACertificates('system')];
  return createSecureContext({ ca: trusted, ...(cert && { cert }), ...(key && { key }) });
}
