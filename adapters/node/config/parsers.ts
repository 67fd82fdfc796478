import { choice, encodingFault, type Read, type Report, withoutLineEnd } from '../../../src/config/values.ts';
import { isSendableToken } from '../../../src/http/grammar.ts';
import { readUpstreamHeaders, type UpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { storeAddress } from '../limits/store-url.ts';
import type { LogFormat } from '../log/log.ts';

/** `auto` follows what standard output is. */
export const logFormat: Read<LogFormat> = (value, report) => {
  const format = choice('auto', 'json', 'text')(value, report);
  if (format !== 'auto') return format;
  return process.stdout.isTTY ? 'text' : 'json';
};

/** A wrong encoding is the one problem of a content: it causes all others. */
const decoded =
  <T>(parse: Read<T>): Read<T> =>
  (content, report) => {
    const fault = encodingFault(content);
    if (fault === undefined) return parse(content, report);
    report(fault);
    return parse(content, () => {});
  };

/** Certificates or a key. */
export const pem: Read<string> = decoded((value, report) => {
  if (!value.includes('-----BEGIN ')) report('is not PEM');
  return value;
});

/** A secret that fills a file. A line end at the end is ignored. */
export const secret = <T>(parse: Read<T>): Read<T> =>
  decoded((content, report) => parse(withoutLineEnd(content), report));

/**
 * Alias tokens, one per line, with comments and blank lines. A file without tokens is not a problem here: while the proxy
 * runs, it means that all were revoked.
 * @returns the tokens of all valid lines
 */
export function aliasFile(content: string, report: Report): string[] {
  const tokens: string[] = [];
  content.split('\n').forEach((line, index) => {
    const token = line.trim();
    if (token === '' || token.startsWith('#')) return;
    // Two tokens in one line, or one token with a semicolon in it? Only the author knows.
    if (token.includes(';')) report(`has a ; in line ${index + 1}; write one token per line`);
    else if (!isSendableToken(token)) report(`has a character that is not visible ASCII in line ${index + 1}`);
    else tokens.push(token);
  });
  return tokens;
}

/** The address of a Redis or Valkey. */
export const storeUrl: Read<string> = (value, report) => {
  if (storeAddress(value) === undefined)
    report('is not a URL like redis://host:6379 or rediss://user:password@host:6379/0?prefix=name');
  return value;
};

/** Header lines. A file without one is half written, or the wrong one. */
export const upstreamHeadersFile: Read<UpstreamHeaders> = decoded((content, report) => {
  const headers = readUpstreamHeaders(content, report);
  if (headers.length === 0) report('has no header in it');
  return headers;
});
