import { linesOf } from '../../../src/http/headers.ts';
import type { Body, ResponseInit } from '../../../src/http/types.ts';
import { fieldSection, statusLine, type WrittenHead } from '../message/head-writer.ts';

/** The handler's response, before it is written. */
export interface Answer extends ResponseInit {
  readonly body: Body | string | null;
}

/**
 * The text of an answer's head.
 * @throws MalformedMessage for text that no head may have
 */
export function responseHead(answer: Answer, isHttp10: boolean): WrittenHead {
  const { status, statusText = '', headers, body } = answer;
  // RFC 9110 section 8.6: a 204 has no Content-Length.
  const { text, hasLength } = fieldSection(linesOf(headers), status !== 204);
  const isChunked = body !== null && !hasLength && !isHttp10;
  const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : '';
  return { text: `${statusLine(status, statusText)}${text}${framing}Connection: close\r\n\r\n`, isChunked };
}

/** Gives up an answer that is not sent, so that its body does not wait for a reader. */
export function discard({ body }: Answer): void {
  if (body !== null && typeof body !== 'string') void body.cancel();
}
