import type { Complain } from '../../../src/config/configuration.ts';
import { parseDuration, parseSize } from '../../../src/config/quantities.ts';
import { readUpstreamHeaders, type UpstreamHeaders } from '../../../src/http/upstream-headers.ts';
import { isSendableToken } from '../../../src/tokens/token-source.ts';
import type { LogFormat } from '../log/log.ts';

/** Reads the text of a setting. A result must not be used if it complained. */
export type Parse<T> = (value: string, complain: Complain) => T;

/** The text as it is. */
export const text: Parse<string> = (value) => value;

/** Reads a setting that may be left empty. */
export const optional =
  <T>(parse: Parse<T>): Parse<T | undefined> =>
  (value, complain) =>
    value === '' ? undefined : parse(value, complain);

/**
 * A time in milliseconds.
 * @param range its bounds as a user would write them; `orZero`: 0 is allowed as well and turns it off
 */
export function duration(range: { min: string; max: string; orZero?: boolean }): Parse<number> {
  const [min, max] = [parseDuration(range.min)!, parseDuration(range.max)!];
  const orZero = range.orZero ? ', or 0' : '';
  return (value, complain) => {
    const time = parseDuration(value);
    const isOff = time === 0 && range.orZero;
    if (time === undefined) complain(`is not a time like 25, 25s, 500ms or 5m`);
    else if (!isOff && !(time >= min && time <= max))
      complain(`is not a time from ${range.min} to ${range.max}${orZero}`);
    return time ?? 0;
  };
}

/**
 * A size in bytes.
 * @param range its bounds as a user would write them
 */
export function size(range: { min: string; max: string }): Parse<number> {
  const [min, max] = [parseSize(range.min)!, parseSize(range.max)!];
  return (value, complain) => {
    const bytes = parseSize(value);
    if (bytes === undefined) complain('is not a size like 65536, 64KiB or 1MiB');
    else if (!(bytes >= min && bytes <= max)) complain(`is not a size from ${range.min} to ${range.max}`);
    return bytes ?? 0;
  };
}

/** One of these words. */
export const choice =
  <T extends string>(...choices: readonly T[]): Parse<T> =>
  (value, complain) => {
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) complain(`is not one of ${choices.join(', ')}`);
    return chosen ?? choices[0]!;
  };

/** `auto` follows what standard output is. */
export const logFormat: Parse<LogFormat> = (value, complain) => {
  const format = choice('auto', 'json', 'text')(value, complain);
  if (format !== 'auto') return format;
  return process.stdout.isTTY ? 'text' : 'json';
};

/** Certificates or a key. */
export const pem: Parse<string> = (value, complain) => {
  if (!value.includes('-----BEGIN ')) complain('is not PEM');
  return value;
};

/** A secret that fills a file. A line end at the end is ignored. */
export const secret =
  <T>(parse: Parse<T>): Parse<T> =>
  (content, complain) =>
    parse(content.replace(/[\r\n]+$/, ''), complain);

/**
 * Alias tokens, one per line, with comments and blank lines. A file without tokens is no problem here: while the proxy
 * runs, it means that all were revoked.
 * @returns the tokens of all valid lines
 */
export function aliasFile(content: string, complain: Complain): string[] {
  const tokens: string[] = [];
  content.split('\n').forEach((line, index) => {
    const token = line.trim();
    if (token === '' || token.startsWith('#')) return;
    // Two tokens in one line, or one token with a semicolon in it? Only the author knows.
    if (token.includes(';')) complain(`has a ; in line ${index + 1}; write one token a line`);
    else if (!isSendableToken(token)) complain(`has something else than visible ASCII in line ${index + 1}`);
    else tokens.push(token);
  });
  return tokens;
}

/** The address of a Redis or Valkey. */
export const storeUrl: Parse<string> = (value, complain) => {
  const isStore = /^rediss?:\/\/[^/?#]+(?:\/\d{0,4})?$/i.test(value) && URL.canParse(value);
  if (!isStore) complain('is not a URL like redis://host:6379 or rediss://user:password@host:6379/0');
  return value;
};

/** Header lines. A file without one is half written, or the wrong one. */
export const upstreamHeadersFile: Parse<UpstreamHeaders> = (content, complain) => {
  const headers = readUpstreamHeaders(content, complain);
  if (headers.length === 0) complain('has no header in it');
  return headers;
};
