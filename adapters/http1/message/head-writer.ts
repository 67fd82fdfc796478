// The code that writes a head checks it: a line end in a value would begin another field, or another message.
import { isToken, isVisibleAscii } from '../../../src/http/grammar.ts';
import { MalformedMessage } from './field-lines.ts';

/** A head that is ready to be sent. */
export interface WrittenHead {
  /** The start line, the field lines and the empty line, to be written as latin1. */
  readonly text: string;
  /** Whether the body after it is sent in chunks. */
  readonly isChunked: boolean;
}

/** RFC 9110 section 5.5; also a reason phrase (RFC 9112 section 4). */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @throws MalformedMessage for a method that is not a token, or a target that is not visible ASCII */
export function requestLine(method: string, target: string): string {
  if (!isToken(method)) throw new MalformedMessage('a malformed method');
  if (target === '' || !isVisibleAscii(target))
    throw new MalformedMessage('a request target that is not visible ASCII');
  return `${method} ${target} HTTP/1.1\r\n`;
}

/** @throws MalformedMessage for a reason with characters that no line may have */
export function statusLine(status: number, reason: string): string {
  if (!FIELD_VALUE.test(reason)) throw new MalformedMessage('a malformed reason phrase');
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/**
 * Field lines as text, and whether one of them is Content-Length.
 * @param mayHaveLength false to leave Content-Length out
 * @throws MalformedMessage for a name that is no token, or a value with a control character or one above U+00FF
 */
export function fieldSection(
  lines: readonly [string, string][],
  mayHaveLength = true,
): { text: string; hasLength: boolean } {
  let text = '';
  let hasLength = false;
  for (const [name, value] of lines) {
    if (!isToken(name) || !FIELD_VALUE.test(value)) throw new MalformedMessage('a field that cannot be sent');
    if (name.length === CONTENT_LENGTH.length && name.toLowerCase() === CONTENT_LENGTH) {
      if (!mayHaveLength) continue;
      hasLength = true;
    }
    text += `${name}: ${value}\r\n`;
  }
  return { text, hasLength };
}

const CONTENT_LENGTH = 'content-length';
