import { type FieldLines, MalformedMessage } from './field-lines.ts';

/** How a message body is delimited (RFC 9112 section 6). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/** The framing of a message without content. */
export const NO_BODY: Framing = { kind: 'none' };

/**
 * The framing that the fields alone declare; undefined if they declare none.
 * Stricter than RFC 9112 section 6.3, which lets a recipient repair messages that request smuggling relies on.
 *
 * @throws MalformedMessage
 */
export function framingOf(fields: FieldLines, isHttp10: boolean): Framing | undefined {
  const codings = fields.count('transfer-encoding');
  const lengths = fields.count('content-length');
  if (codings > 0) {
    if (lengths > 0) throw new MalformedMessage('both Transfer-Encoding and Content-Length');
    const isChunked = codings === 1 && fields.get('transfer-encoding')?.toLowerCase() === 'chunked';
    if (!isChunked) throw new MalformedMessage('a Transfer-Encoding other than chunked');
    if (isHttp10) throw new MalformedMessage('a Transfer-Encoding in HTTP/1.0');
    return { kind: 'chunked' };
  }
  if (lengths === 0) return undefined;
  const value = fields.get('content-length') ?? '';
  // Fifteen digits stay below 2^53.
  if (lengths > 1 || !/^(?:0|[1-9]\d{0,14})$/.test(value)) throw new MalformedMessage('a malformed Content-Length');
  return { kind: 'length', length: Number(value) };
}

/** Decodes the framing of a body. */
export interface Decoder {
  /** Whether the body ends with the close of the connection. */
  readonly isEndedByClose: boolean;
  /**
   * Passes on the data in `bytes`.
   * @returns once the message is complete, how many bytes came after it
   * @throws MalformedMessage
   */
  decode(bytes: Buffer, deliver: (data: Buffer) => void): number | undefined;
}
