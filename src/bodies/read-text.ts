import { ProxyError } from '../http/errors.ts';
import type { Body, Signal, UpstreamResponse } from '../http/types.ts';
import { decode } from './decode.ts';
import { readBounded } from './read-bounded.ts';
import type { Reservation } from './types.ts';

/** Bytes of a response that is edited, encoded and decoded. */
const LIMIT = 8 * 1024 * 1024;

/** A response's content, read for an edit. */
interface ReadText {
  /** Undefined if it can't be edited. */
  readonly text: string | undefined;
  /** Why it can't, as a clause; empty if it can. */
  readonly problem: string;
  /** The content as received. */
  readonly body: Body;
  /** Bytes of the content as received. */
  readonly size: number;
}

/** How a response's content is read for an edit. */
export interface TextReading {
  /** Counts the bytes that are read and decoded; the caller sets it to what is kept afterwards. */
  readonly reservation: Pick<Reservation, 'growTo'> | undefined;
  /** Ends the wait for content that stalls. */
  readonly signal: Signal;
}

/**
 * Reads and decodes a response's content.
 * @throws the body's own error, if it fails while it is read; the signal's reason; ProxyError `responses_full`
 */
export async function readText(
  { headers, body }: Pick<UpstreamResponse, 'headers'> & { readonly body: Body },
  { reservation, signal }: TextReading,
): Promise<ReadText> {
  const length = headers.get('content-length');
  if (length !== null && Number(length) > LIMIT) return { text: undefined, problem: TOO_LARGE, body, size: 0 };
  const bounded = await readBounded(body, LIMIT, { reservation, signal });
  if (bounded.isOverBudget) await refuse(bounded.body);
  const asItCame = { body: bounded.body, size: bounded.bytes?.length ?? LIMIT };
  if (bounded.bytes === undefined) return { text: undefined, problem: TOO_LARGE, ...asItCame };

  let isFull = false;
  const decoding = {
    growTo(size: number) {
      isFull = reservation?.growTo(asItCame.size + size) === false;
      return !isFull;
    },
  };
  const plain = await decode(bounded.bytes, headers.get('content-encoding'), LIMIT, decoding);
  if (isFull) await refuse(bounded.body);
  try {
    // A byte order mark is kept. It is not valid JSON.
    const text = plain && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
    if (text !== undefined) return { text, problem: '', ...asItCame };
  } catch {
    // It is not UTF-8.
  }
  return { text: undefined, problem: 'it is not gzip or UTF-8, or too large decoded', ...asItCame };
}

async function refuse(body: Body): Promise<never> {
  await body.cancel();
  throw new ProxyError('responses_full');
}

const TOO_LARGE = `it is larger than ${LIMIT} bytes`;
