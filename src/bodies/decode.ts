import { readBounded } from './read-bounded.ts';
import type { Reservation } from './types.ts';

/**
 * Decodes a body that may be compressed with gzip.
 * @param encoding the value of Content-Encoding
 * @param limit bytes of the result
 * @param reservation counts the bytes that are decoded
 * @returns undefined if the body is in another encoding, broken, or too large
 */
export async function decode(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: string | null,
  limit: number,
  reservation?: Pick<Reservation, 'growTo'>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // RFC 9110 section 8.4.1: some servers name the coding that is none.
  if (encoding === null || /^(?:identity)?$/i.test(encoding)) return bytes;
  if (!/^(?:x-)?gzip$/i.test(encoding)) return undefined;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const plain = await readBounded(stream, limit, { reservation });
    if (plain.bytes === undefined) await plain.body.cancel();
    return plain.bytes;
  } catch {
    return undefined;
  }
}
