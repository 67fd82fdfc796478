import { type FieldLines, MalformedMessage, parseHead } from '../message/field-lines.ts';
import { type Framing, framingOf, NO_BODY } from '../message/framing.ts';
import type { HeadReader } from '../message/head-reader.ts';

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly fields: FieldLines;
  readonly framing: Framing;
}

const MAX_FIELD_LINES = 1000;
const MALFORMED_STATUS_LINE = 'a malformed status line';

/** RFC 9112 section 4, where some servers leave out the reason phrase and the space before it. */
const STATUS_LINE = /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Reads a response's head.
 * @param head the head without the empty line that ends it
 * @param method of the request, which decides with the status whether there is a body
 * @throws MalformedMessage
 */
export function parseResponseHead(head: string, method: string): ResponseHead {
  const { startLine, fields } = parseHead(head, MAX_FIELD_LINES);
  if (!STATUS_LINE.test(startLine)) throw new MalformedMessage(MALFORMED_STATUS_LINE);
  // The parts of a status line have fixed places, so the expression need not capture them.
  const isHttp10 = startLine.startsWith('HTTP/1.0');
  const status = Number(startLine.slice(9, 12));
  if (status === 101) throw new MalformedMessage('an unrequested switch of protocols');
  const framing = responseFraming(method, status, fields, isHttp10);
  return { status, statusText: startLine.slice(13), fields, framing };
}

/** What every response begins with. */
const BEGINNING = 'HTTP/1.';

/**
 * Refuses what can't become a response's head. A server of another protocol, TLS or HTTP/2 for example, waits for an
 * answer to its first bytes, and its client would wait until its time is up, or take the end for a broken connection.
 * @param head that has not ended yet
 * @throws MalformedMessage
 */
export function refuseOtherProtocol(head: HeadReader): void {
  if (!BEGINNING.startsWith(head.beginning(BEGINNING.length))) throw new MalformedMessage(MALFORMED_STATUS_LINE);
  if (head.hasBareLineEnd()) throw new MalformedMessage('a line that does not end with CRLF');
}

/** RFC 9112 section 6.3. */
function responseFraming(method: string, status: number, fields: FieldLines, isHttp10: boolean): Framing {
  const declared = framingOf(fields, isHttp10);
  const isBodiless = method === 'HEAD' || status === 204 || status === 304;
  const isEmpty = declared?.kind === 'length' && declared.length === 0;
  if (isBodiless || isEmpty) return NO_BODY;
  return declared ?? { kind: 'until-close' };
}

/**
 * Bytes after the end of a response are dropped, because this connection carries one response. But a server that
 * announces its last response and sends more with it contradicts itself (response splitting).
 * @throws MalformedMessage
 */
export function refuseContradiction(method: string, status: number, fields: FieldLines, behind: Buffer): void {
  // A body in a response to HEAD or in a 304 is a known slip and harmless, and so is a line end (RFC 9112 section 2.2).
  const isSlip = method === 'HEAD' || status === 304 || behind.every((byte) => byte === CR || byte === LF);
  const isLast = fields.get('connection')?.toLowerCase() === 'close';
  if (isLast && !isSlip) throw new MalformedMessage('bytes after the response that was said to be the last');
}

const CR = 0x0d;
const LF = 0x0a;
