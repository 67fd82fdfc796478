import { bodyOf } from '../bodies/read-bounded.ts';
import { readText, type TextReading } from '../bodies/read-text.ts';
import type { Reservation } from '../bodies/types.ts';
import { CONDITIONS, OF_THE_BYTES } from '../http/header-tables.ts';
import { withEdits } from '../http/headers.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { Body, EditedFields, Fields, IncomingRequest, ResponseStage, Signal } from '../http/types.ts';
import { editJson, editProblem } from '../json/edit.ts';
import type { Addresses } from './env.ts';
import { type RewriteRow, rewriteRowOf } from './rewrite-rows.ts';
import { apiUrlIn, fromSentry, type UrlContext, urlContextOf } from './url-context.ts';

/** The rewriting of one response. */
export interface Rewriting extends UrlContext {
  /** Undefined if its content stays as it is. */
  readonly row: RewriteRow | undefined;
}

/** @returns undefined if it is not a request to Sentry's API */
export function rewritingOf(request: IncomingRequest, addresses: Addresses): Rewriting | undefined {
  const context = urlContextOf(request, addresses);
  return context && { ...context, row: rewriteRowOf(context.path) };
}

/** The fields of a request, without those with which Sentry would leave out the content to edit. */
export function askForAll(headers: EditedFields, { method, row }: Rewriting): EditedFields {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && row !== undefined ? withEdits(headers, CONDITIONS, []) : headers;
}

/**
 * Makes the stage that replaces Sentry's URLs with the proxy's own, so that a client that follows them stays inside.
 * It fails with the body's own error, or with a ProxyError `responses_full`.
 * @param signal of the request
 * @param openReservation for a body that has to be edited; undefined if what is kept of it is counted already
 */
export function urlRewriting(
  rewriting: Rewriting,
  context: RequestContext,
  signal: Signal,
  openReservation: (() => Reservation) | undefined,
): ResponseStage {
  return async ({ response, headers }) => {
    const { status, headers: fields, body } = response;
    const kept = keepFieldsInside(headers, rewriting);
    const isEdited = rewriting.row !== undefined && status === 200 && JSON_TYPE.test(fields.get('content-type') ?? '');
    if (!isEdited) return { response, headers: kept };
    // It is unknown if GET's content would change, so HEAD leaves out fields about its bytes (RFC 9110 section 9.3.2).
    if (body === null) {
      return { response, headers: rewriting.method === 'HEAD' ? withEdits(kept, OF_THE_BYTES, []) : kept };
    }
    const reading = { reservation: openReservation?.(), signal };
    const edited = await keepBodyInside({ headers: fields, body }, kept, rewriting, reading);
    if (edited.warning !== undefined) context.warning = edited.warning;
    return { response: { ...response, body: edited.body }, headers: edited.headers };
  };
}

const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;

function keepFieldsInside(headers: EditedFields, rewriting: Rewriting): EditedFields {
  // A filter may have dropped them.
  const lineOf = (name: string) => (headers.dropped.has(name) ? null : headers.from.get(name));
  const link = lineOf('link');
  const location = lineOf('location');
  const dropped: string[] = [];
  const added: [string, string][] = [];
  if (link !== null) {
    const inside = withOwnTargets(link, rewriting);
    if (inside !== link) {
      dropped.push('link');
      added.push(['Link', inside]);
    }
  }
  if (location !== null) {
    const { sentry, sentryPublic } = rewriting.addresses;
    const inside = fromSentry(location, rewriting, sentryPublic === undefined ? [sentry] : [sentry, sentryPublic]);
    if (inside !== undefined) {
      dropped.push('location');
      added.push(['Location', inside]);
    }
  }
  return added.length === 0 ? headers : withEdits(headers, dropped, added);
}

/** A Link with its targets at this proxy (RFC 8288 section 3). */
function withOwnTargets(link: string, { path, own, addresses }: Rewriting): string {
  let inside = '';
  let at = 0;
  while (true) {
    const open = link.indexOf('<', at);
    const close = open === -1 ? -1 : link.indexOf('>', open);
    if (close === -1) return inside + link.slice(at);
    const target = link.slice(open + 1, close);
    const found = apiUrlIn(target, (itsPath) => isSamePath(itsPath, path));
    // Sentry copies the client's query into its links, and a query may hold what looks like the next link.
    if (found !== undefined && open === 0) addresses.sentryPublic = found.address;
    inside += link.slice(at, open + 1) + (found === undefined || own === undefined ? target : own + found.rest);
    at = close;
  }
}

/** Sentry decodes a path and may encode it again in another way: `my-app%401.0` and `my-app@1.0`. */
function isSamePath(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return decodeURIComponent(one) === decodeURIComponent(other);
  } catch {
    return false;
  }
}

interface EditedBody {
  readonly headers: EditedFields;
  readonly body: Body;
  /** Why a body that should have been edited was not. */
  readonly warning?: string;
}

async function keepBodyInside(
  content: { readonly headers: Fields; readonly body: Body },
  headers: EditedFields,
  rewriting: Rewriting,
  reading: TextReading,
): Promise<EditedBody> {
  const { path, field, change } = rewriting.row!;
  const { reservation } = reading;
  const read = await readText(content, reading);
  const asItCame = (why: string): EditedBody => {
    reservation?.growTo(read.size);
    const warning = `a response to ${path} passed with Sentry's own URLs: ${why}`;
    return { headers, body: read.body, ...(why !== '' && { warning }) };
  };
  const { text, problem } = read;
  if (text === undefined) return asItCame(problem);
  const inside = editJson(text, field, (value) => change(value, rewriting));
  if (inside === undefined) return asItCame(`it ${editProblem(text)}`);
  if (inside === text) return asItCame('');
  const bytes = new TextEncoder().encode(inside);
  reservation?.growTo(bytes.length);
  return { headers: withEdits(headers, OF_THE_BYTES, [['Content-Length', String(bytes.length)]]), body: bodyOf(bytes) };
}
