import { ProxyError } from '../../../src/http/errors.ts';
import { isToken } from '../../../src/http/grammar.ts';
import { type FieldLines, MalformedMessage, parseHead } from './field-lines.ts';
import { type Framing, framingOf, NO_BODY } from './framing.ts';

export interface RequestHead {
  readonly method: string;
  /** In origin-form, byte for byte. */
  readonly target: string;
  readonly isHttp10: boolean;
  readonly fields: FieldLines;
  readonly framing: Framing;
  readonly expectsContinue: boolean;
}

const MAX_FIELD_LINES = 200;

/** RFC 9112 section 3. */
const REQUEST_LINE = /^([^ ]+) ([^ ]+) HTTP\/1\.([01])$/;
/** A target's bytes are passed on as they are; it is visible ASCII without a fragment. */
const TARGET = /^[!"$-~]+$/;
/** RFC 9112 section 3.2.2. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/i;
/** RFC 3986 section 3.2: a name, an IPv4 address or a bracketed IPv6 address, and a port; no user information. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d{0,5})?$/;

/**
 * Reads a request's head strictly.
 * @param head the head without the empty line that ends it
 * @throws MalformedMessage, or ProxyError `expectation_failed`
 */
export function parseRequestHead(head: string): RequestHead {
  // RFC 9112 section 2.2: an empty line before the request line is ignored.
  const { startLine, fields } = parseHead(head.startsWith('\r\n') ? head.slice(2) : head, MAX_FIELD_LINES);
  const [, method = '', target = '', minor] = REQUEST_LINE.exec(startLine) ?? [];
  return readRequestHead(method, target, minor === '0', fields);
}

/**
 * Checks a request's head that another parser has split, which may be less strict.
 * @throws MalformedMessage, or ProxyError `expectation_failed`
 */
export function readRequestHead(method: string, target: string, isHttp10: boolean, fields: FieldLines): RequestHead {
  if (!isToken(method) || !TARGET.test(target)) throw new MalformedMessage('a malformed request line');
  const host = hostOf(fields, isHttp10);
  // With two credentials the sender is ambiguous: Sentry might use the other one.
  if (fields.count('authorization') > 1) throw new MalformedMessage('more than one Authorization');

  const declared = framingOf(fields, isHttp10) ?? NO_BODY;
  const isEmpty = declared.kind === 'length' && declared.length === 0;
  const expect = fields.get('expect');
  if (expect !== null && expect.toLowerCase() !== '100-continue') throw new ProxyError('expectation_failed');
  return {
    method,
    target: originForm(method, target, host),
    isHttp10,
    fields,
    framing: isEmpty ? NO_BODY : declared,
    // RFC 9110 section 10.1.1: HTTP/1.0 has no interim responses.
    expectsContinue: expect !== null && !isHttp10,
  };
}

function hostOf(fields: FieldLines, isHttp10: boolean): string {
  const lines = fields.count('host');
  if (lines === 0 && isHttp10) return '';
  const host = fields.get('host') ?? '';
  if (lines !== 1 || !HOST.test(host)) throw new MalformedMessage('no Host, a malformed one or more than one');
  return host;
}

function originForm(method: string, target: string, host: string): string {
  if (target.startsWith('/')) return target;
  // The handler answers these methods with 405, for any target.
  if (/^(?:CONNECT|TRACE|TRACK)$/i.test(method)) return '/';
  const [, authority, pathAndQuery = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  const isForThisHost = authority !== undefined && authority !== '' && authority.toLowerCase() === host.toLowerCase();
  if (!isForThisHost) throw new MalformedMessage("a request target that is not a path, nor one at Host's authority");
  return pathAndQuery.startsWith('/') ? pathAndQuery : `/${pathAndQuery}`;
}
