import { isPlainValue } from '../http/grammar.ts';
import type { IncomingRequest } from '../http/types.ts';
import type { Client } from '../policy/client.ts';
import { type Decision, type Refused, refuse } from '../policy/decision.ts';

/** Fields that a named client's request is sent without: what was allowed is the method that the request has. */
const DROPPED_OF_CLIENTS: readonly string[] = ['x-http-method-override', 'x-method-override', 'x-http-method'];

/** Where there is no body, also these. */
const DROPPED_WITHOUT_BODY: readonly string[] = [
  'content-type', // Django decodes the query by its charset, whether there is a body or not
  'content-encoding', // there is nothing that could be encoded
];

/** The parts of a request with a body that matter here. */
export interface Described {
  readonly method: string;
  /** All lines of Content-Type. */
  readonly contentTypes: readonly string[];
  readonly contentEncoding: string | null;
  /** Whether the policy reads the body. */
  readonly isBodyChecked: boolean;
}

/** Names of the fields to remove. */
export const droppedFields = (hasBody: boolean): readonly string[] =>
  hasBody ? DROPPED_OF_CLIENTS : [...DROPPED_OF_CLIENTS, ...DROPPED_WITHOUT_BODY];

/** Refuses a body that Sentry would read in another way than the policy. */
export function checkFields(client: Client, described: Described): Refused | undefined {
  const { method, contentTypes, contentEncoding, isBodyChecked } = described;
  const denied = (text: string) => refuse(client, 'header', text);
  // RFC 9110 section 9.3.1: such a body has no meaning, but DRF reads parameters from it.
  if (method === 'GET' || method === 'HEAD') return denied(`sent a body with ${method}`);
  if (contentTypes.length > 1) return denied('sent Content-Type twice');
  const [contentType = ''] = contentTypes;
  if (!isAcceptableType(contentType)) return denied('sent a Content-Type with a charset other than utf-8');
  if (!isBodyChecked) return undefined;
  if (!isJson(contentType)) return denied('must send the body as application/json, because the proxy checks it');
  // Django ignores it and reads the body as it is; a server in between may not.
  if (contentEncoding !== null) return denied('must send the body uncompressed, because the proxy checks it');
  return undefined;
}

/**
 * Of two charset parameters Django takes the last, and RFC 2231 lets one be written as `charset*`: none but one,
 * plainly.
 */
function isAcceptableType(contentType: string): boolean {
  if (!isPlainValue(contentType)) return false;
  if (!/charset/i.test(contentType)) return true;
  const [, ...parameters] = contentType.split(';');
  const charsets = parameters.filter((parameter) => /charset/i.test(parameter));
  return charsets.length === 1 && /^\s*charset=(?:utf-?8|"utf-?8")\s*$/i.test(charsets[0]!);
}

const isJson = (contentType: string): boolean =>
  contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/json';

/** Fields say how a body is read: where there is none, there is nothing to check. */
export function fieldRefusal(client: Client, request: IncomingRequest, decision: Decision): Refused | undefined {
  if (!hasBody(request)) return undefined;
  const isBodyChecked = decision.kind === 'conditional' && decision.conditions.some(({ kind }) => kind === 'body');
  const { method } = request;
  const described = {
    method,
    contentTypes: linesNamed('content-type', request),
    contentEncoding: linesNamed('content-encoding', request)[0] ?? null,
    isBodyChecked,
  };
  return checkFields(client, described);
}

/** As in the field tables, an underscore counts as a dash: WSGI joins both spellings. */
function linesNamed(name: string, { headers }: IncomingRequest): string[] {
  const lines: string[] = [];
  for (const [own, value] of headers) if (own.toLowerCase().replaceAll('_', '-') === name) lines.push(value);
  return lines;
}

export function hasBody({ headers, body }: IncomingRequest): boolean {
  const length = headers.get('content-length');
  return length === null ? body !== null || headers.get('transfer-encoding') !== null : length !== '0';
}
