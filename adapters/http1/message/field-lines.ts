import { isToken } from '../../../src/http/grammar.ts';
import type { Fields } from '../../../src/http/types.ts';

/** Refuses a message. The text names the rule that it breaks and quotes nothing of it. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Field lines in their original order and spelling. */
export class FieldLines implements Fields {
  readonly #lines: readonly [string, string][];

  constructor(lines: readonly [string, string][]) {
    this.#lines = lines;
  }

  /** @param flat name, value, name, value … as node:http has them */
  static ofFlat(flat: readonly string[]): FieldLines {
    const lines: [string, string][] = [];
    for (let i = 0; i < flat.length; i += 2) lines.push([flat[i]!, flat[i + 1]!]);
    return new FieldLines(lines);
  }

  /** The values of one name, joined as RFC 9110 section 5.3 allows; null if there are none. */
  get(name: string): string | null {
    let joined: string | null = null;
    for (const [own, value] of this.#lines) {
      if (isName(own, name)) joined = joined === null ? value : `${joined}, ${value}`;
    }
    return joined;
  }

  /** How many lines have this name, which is given in lower case. */
  count(name: string): number {
    let lines = 0;
    for (const [own] of this.#lines) if (isName(own, name)) lines++;
    return lines;
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#lines[Symbol.iterator]();
  }
}

const isName = (name: string, lowerCase: string): boolean =>
  name.length === lowerCase.length && (name === lowerCase || name.toLowerCase() === lowerCase);

/** Controls in a head, but for HTAB, LF and a CR before an LF: RFC 9110 section 5.5, RFC 9112 section 2.2. */
const FORBIDDEN_IN_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

/**
 * The start line and the field lines of a message head.
 * @param head the head without the empty line that ends it
 * @param maxLines field lines at most
 * @throws MalformedMessage
 */
export function parseHead(head: string, maxLines: number): { startLine: string; fields: FieldLines } {
  if (FORBIDDEN_IN_HEAD.test(head)) throw new MalformedMessage('a control character in the head');
  const startEnd = endOfLine(head, 0);
  return { startLine: head.slice(0, startEnd), fields: parseFieldLines(head, startEnd + 2, maxLines) };
}

/** Where the line ends that begins there: at CRLF, or with the head. */
function endOfLine(head: string, from: number): number {
  const lf = head.indexOf('\n', from);
  if (lf === -1) return head.length;
  if (head.charCodeAt(lf - 1) !== CR) throw new MalformedMessage('a line that does not end with CRLF');
  return lf - 1;
}

const CR = 0x0d;

function parseFieldLines(head: string, from: number, maxLines: number): FieldLines {
  const lines: [string, string][] = [];
  for (let start = from; start < head.length; ) {
    const end = endOfLine(head, start);
    const colon = head.indexOf(':', start);
    // Also refuses a folded line, which begins with whitespace (RFC 9112 section 5.2), and whitespace before the colon.
    const name = colon === -1 || colon > end ? '' : head.slice(start, colon);
    if (!isToken(name)) throw new MalformedMessage('a field line without a valid name');
    lines.push([name, withoutBlanks(head, colon + 1, end)]);
    if (lines.length > maxLines) throw new MalformedMessage('too many field lines');
    start = end + 2;
  }
  return new FieldLines(lines);
}

/** Removes optional whitespace (SP, HTAB) from both ends. */
function withoutBlanks(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
