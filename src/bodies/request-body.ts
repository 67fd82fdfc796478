import { ProxyError } from '../http/errors.ts';
import type { Body, Signal } from '../http/types.ts';
import { makeBudget } from './memory-budget.ts';
import { readBounded } from './read-bounded.ts';
import type { BodyRules } from './types.ts';

/**
 * Makes the rules of one proxy.
 * @param maxAge milliseconds after which a request counts as dropped, for a runtime that drops requests without notice
 */
export function makeBodyRules(
  { replayLimit, replayLimitTotal, streamChunked, needsWholeBodies = false }: BodySettings,
  maxAge?: number,
): BodyRules {
  // There is always room for one body of the allowed size.
  const total = Math.max(replayLimit, replayLimitTotal);
  return {
    replayLimit,
    budget: makeBudget(total, maxAge),
    streamChunked,
    needsWholeBodies,
    wholeLimit: total,
    bypassBudget: makeBudget(total, maxAge),
  };
}

interface BodySettings {
  /** Bytes. */
  readonly replayLimit: number;
  /** Bytes. */
  readonly replayLimitTotal: number;
  readonly streamChunked: boolean;
  /** Whether the transport loses the length of a body that streams. Default false. */
  readonly needsWholeBodies?: boolean | undefined;
}

/** A request body on its way to Sentry. */
export interface OutgoingBody {
  readonly body: Body | Uint8Array | null;
  /** Bytes, if the client's own Content-Length does not give them. */
  readonly length?: number;
  /** Whether it can be sent again. */
  readonly canReplay: boolean;
  /** Releases the memory that is reserved for its kept part. */
  release(): void;
}

/** The properties of a request that decide how its body is sent. */
export interface Delivery {
  readonly isInjected: boolean;
  /** Bytes by its Content-Length; undefined without one. */
  readonly length: number | undefined;
  /** Without this and without a length, there may be no body: in HTTP/2, and for a `Request` made in code. */
  readonly isChunked: boolean;
  /** Whether Sentry may refuse the token, so that the request is sent again with another one. */
  readonly mayReplay: boolean;
  readonly signal: Signal;
}

/**
 * Prepares a request body.
 *
 * - A body that may have to be sent again is read whole first, unless it is longer than what may be kept.
 * - Sentry behind uWSGI reads a chunked body as empty, so the chunked body of an injected request is read whole and
 *   sent with a length, or refused.
 * - Where a body that streams would lose its length, each body of known length is read whole.
 * - Any other body streams. Nothing of a bypassed request is kept, since anyone can send one.
 *
 * @throws ProxyError `content_too_large` or `uploads_full`
 */
export async function outgoingBody(
  body: Body | Uint8Array,
  delivery: Delivery,
  rules: BodyRules,
): Promise<OutgoingBody> {
  const { isInjected, length, isChunked, mayReplay, signal } = delivery;
  const isLengthKnown = length !== undefined;
  // The whole body was read for a check.
  if (body instanceof Uint8Array) return kept(body, isLengthKnown);
  const needsLength = isLengthKnown ? rules.needsWholeBodies : isInjected;
  const mustBeWhole = needsLength && !rules.streamChunked;
  const mayBeNone = !isLengthKnown && !isChunked;
  const limit = mustBeWhole && isLengthKnown ? rules.wholeLimit : rules.replayLimit;
  const isKept = mustBeWhole || (mayReplay && (length ?? 0) <= limit);
  if (!isKept && !mayBeNone) return streaming(body);

  const reservation = (isInjected ? rules.budget : rules.bypassBudget).open();
  try {
    // In some runtimes a request without content has an empty body. Sent in chunks, it would be content.
    const read = await readBounded(body, isKept ? limit : 0, { reservation, signal });
    if (mayBeNone && read.bytes?.length === 0) return { ...NO_BODY, release: reservation.close };
    if (read.bytes !== undefined) return kept(read.bytes, isLengthKnown, reservation.close);
    if (!mustBeWhole) return streaming(read.body, reservation.close);
    await read.body.cancel();
    throw new ProxyError(read.isOverBudget ? 'uploads_full' : 'content_too_large', isLengthKnown ? READ_WHOLE : '');
  } catch (error) {
    reservation.close();
    throw error;
  }
}

/** The body of a request without one. */
export const NO_BODY: OutgoingBody = { body: null, canReplay: true, release() {} };

const kept = (body: Uint8Array, isLengthKnown: boolean, release = () => {}): OutgoingBody => ({
  body,
  canReplay: true,
  release,
  ...(!isLengthKnown && { length: body.length }),
});

const streaming = (body: Body, release = () => {}): OutgoingBody => ({ body, canReplay: false, release });

/** Why a body that has a length is too large. */
const READ_WHOLE = 'this runtime sends every body in chunks unless it is read whole before, up to REPLAY_LIMIT_TOTAL';
