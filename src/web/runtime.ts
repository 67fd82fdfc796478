// Where the `fetch` of a runtime departs from the others in what reaches Sentry or the client.

/** The runtime's name by its User-Agent, which all but old ones give. */
const [NAME = ''] = globalThis.navigator?.userAgent?.split('/', 1) ?? [];

/** An identity transform of workerd's whose length it knows, and the only way to give a stream a length there. */
declare const FixedLengthStream: (new (length: number) => TransformStream<Uint8Array, Uint8Array>) | undefined;

const isWorkerd = typeof FixedLengthStream === 'function';

/** Whether the code of a request may stop without notice, because its client left. */
export const dropsRequests = isWorkerd;

/** Node and Bun frame a stream by its Content-Length. Deno ignores that field and sends it in chunks; others may too. */
export const losesLengths = !isWorkerd && NAME !== 'Node.js' && NAME !== 'Bun';

/** Deno decodes nothing if a request names Accept-Encoding. Bun and workerd can be told not to: `RAW_CONTENT`. */
const leavesContentEncoded = isWorkerd || NAME === 'Deno' || NAME === 'Bun';

/** Members of `fetch`'s init, and of `Response`'s, with which content stays as it was sent. Others ignore them. */
export const RAW_CONTENT = {
  /** Bun. */
  decompress: false,
  /** workerd, of a response that was received. */
  encodeResponseBody: 'manual',
  /** workerd, of a response that is made. */
  encodeBody: 'manual',
};

/** The codings that the Fetch standard decodes. Content with any other coding stays as it was sent. */
const DECODED = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);

/** Whether `fetch` has decoded a response with this Content-Encoding. */
export function isDecoded(contentEncoding: string): boolean {
  if (leavesContentEncoded) return false;
  return contentEncoding.split(',').every((coding) => DECODED.has(coding.trim().toLowerCase()));
}

/** The stream, with a length that the runtime sends. Where a field is enough, it is the same stream. */
export function withLength(
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  onFailure: (error: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  if (!isWorkerd || length === undefined) return stream;
  const { readable, writable } = new FixedLengthStream!(length);
  // If it fails, so does reading what is returned.
  stream.pipeTo(writable).catch(onFailure);
  return readable;
}
