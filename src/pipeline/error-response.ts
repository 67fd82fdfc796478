import { ERRORS, type ErrorName, type ErrorRow, type ProxyError } from '../http/errors.ts';
import { OWN_LINES, onlyFields } from '../http/headers.ts';
import { REQUEST_ID } from '../http/request-id.ts';
import type { ResponseInit } from '../http/types.ts';

/**
 * The response for an error: JSON or text by what the client accepts, with Proxy-Status (RFC 9209).
 * @param requestId empty if the request was not read far enough to have one
 */
export function errorMessage(
  error: ProxyError,
  accept: string | null,
  requestId: string,
): { body: string; init: ResponseInit } {
  const { status } = ERRORS[error.name];
  const row: ErrorRow = ERRORS[error.name];
  const isClientsToMend = status < 500 || error.name === 'not_configured';
  const detail = isClientsToMend && error.message !== '' ? `${row.detail} (${error.message})` : row.detail;
  const isJson = isAnsweredInJson(accept, row.isJsonByDefault ?? false);
  const body = isJson ? JSON.stringify({ detail }) : `${detail}\n`;
  return {
    body,
    init: {
      status,
      statusText: REASON_PHRASES[status],
      headers: onlyFields([
        // sentry-cli reads a body as JSON only when the type is exactly this, without a charset.
        ['Content-Type', isJson ? 'application/json' : 'text/plain; charset=utf-8'],
        ['Content-Length', String(new TextEncoder().encode(body).length)],
        ['Cache-Control', 'no-store'],
        ...OWN_LINES,
        ['Proxy-Status', `sentry-api-proxy; error=${row.proxyError}`],
        ...(requestId === '' ? [] : ([[REQUEST_ID, requestId]] as [string, string][])),
        ...(row.fields ?? []),
        ...error.fields,
      ]),
    },
  };
}

/** A success response that the proxy itself makes. */
export const ownMessage = (json: string, requestId: string) => ({
  body: json,
  init: {
    status: 200,
    statusText: 'OK',
    headers: onlyFields([
      ['Content-Type', 'application/json'],
      ['Content-Length', String(new TextEncoder().encode(json).length)],
      ['Cache-Control', 'no-store'],
      ...OWN_LINES,
      [REQUEST_ID, requestId],
    ]),
  },
});

/**
 * Whether Accept asks for JSON by name, at least as much as for text by name (RFC 9110 section 12.5.1). If it names
 * neither, as the wildcards of curl and sentry-cli do, the error decides.
 */
function isAnsweredInJson(accept: string | null, byDefault: boolean): boolean {
  let json = 0;
  let text = 0;
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const quality = qualityOf(parameters);
    const isJson = type === 'application/json' || /^application\/[^\s/*]+\+json$/.test(type);
    const isText = type === 'text/plain' || type === 'text/html';
    if (isJson) json = Math.max(json, quality);
    if (isText) text = Math.max(text, quality);
  }
  return json === 0 && text === 0 ? byDefault : json >= text;
}

function qualityOf(parameters: string[]): number {
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  if (weight === undefined) return 1;
  const value = weight.slice(2);
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : 0;
}

/** Reason phrases of the statuses of the error table (RFC 9110 section 15). */
const REASON_PHRASES: Readonly<Record<(typeof ERRORS)[ErrorName]['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  508: 'Loop Detected',
};
