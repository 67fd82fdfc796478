import { isSendableToken, isVisibleAscii } from '../http/grammar.ts';

/** Settings by the names of their variables. A setting that is not set is missing. */
export type Values = Readonly<Record<string, string | undefined>>;

/** A problem with one setting. The text never quotes a value. */
export interface Problem {
  readonly variable: string;
  readonly text: string;
}

/** SENTRY_TOKEN's value for Sentry's own token, which only an adapter with a database can get. */
export const SYSTEM = 'system';

/** Reports a problem with a value. The text continues the setting's name and never quotes the value. */
export type Report = (text: string) => void;

/** Reads the text of a setting. A result must not be used if it reported a problem. */
export type Read<T> = (value: string, report: Report) => T;

/** Sentry's base URI. */
export function readSentryUri(value: string, report: Report): URL {
  const nowhere = new URL('http://invalid.invalid');
  const hasScheme = /^https?:\/\/[^/]/i.test(value);
  if (!hasScheme || !URL.canParse(value)) {
    report(hasScheme ? 'is not a valid URL' : 'is not a URL that starts with http:// or https://');
    return nowhere;
  }
  const uri = new URL(value);
  if (uri.username !== '' || uri.password !== '') report('must not contain credentials');
  if (value.includes('?')) report('must not contain a query');
  if (value.includes('#')) report('must not contain a fragment');
  // Nothing listens there, and a transport would take it for no port.
  if (uri.port === '0') report('has the port 0');
  // URL would drop line ends and encode other characters, so the result would differ from the setting.
  if (!isVisibleAscii(value)) report('has a character that is not visible ASCII; percent-encode it');
  return uri;
}

/** The URL at which clients reach the proxy, without a trailing slash; undefined if it is not set. */
export function readPublicUrl(value: string, report: Report): string | undefined {
  if (value === '') return undefined;
  const isPlain = /^https?:\/\/[^\s/?#@<>"]+(?:\/[^\s?#<>"]*)?$/i.test(value) && URL.canParse(value);
  if (!isPlain) report('is not a URL like https://proxy.example.com, without credentials, a query or a fragment');
  else if (!isVisibleAscii(value)) report(`has a character that no header can carry; write ${new URL(value).href}`);
  return value.replace(/\/+$/, '');
}

/** A token that a header can carry, or the word `system`. */
export function readToken(value: string, report: Report): string {
  if (value === '') report('is empty; set a token, or the word system');
  else if (!isSendableToken(value)) report(UNSENDABLE);
  return value;
}

/** What is wrong with a token that no header can carry. */
export const UNSENDABLE = 'has a character that is not visible ASCII, such as a space or a line break';

/** Alias tokens, separated by `;`. */
export function readAliasTokens(value: string, report: Report): readonly string[] {
  const tokens = pieces(value, ';');
  // If this counted as "no alias tokens", the proxy would be open to everyone.
  if (tokens.length === 0 && value !== '') report('is set, but contains no token');
  checkAliasTokens(tokens, report);
  return tokens;
}

export function checkAliasTokens(tokens: readonly string[], report: Report): void {
  tokens.forEach((token, index) => {
    if (!isSendableToken(token)) report(`number ${index + 1} ${UNSENDABLE}`);
  });
}

/** Host names without a port, separated by `;` or `,`; in lower case. */
export function readAllowedHosts(value: string, report: Report): readonly string[] {
  const hosts = pieces(value.toLowerCase(), /[;,]/);
  if (hosts.length === 0 && value !== '') report('is set, but contains no host name');
  checkAllowedHosts(hosts, report);
  return hosts;
}

/** @param hosts in lower case */
export function checkAllowedHosts(hosts: readonly string[], report: Report): void {
  hosts.forEach((host, index) => {
    if (!/^(?:[\w.-]+|\[[0-9a-f:.]+\])$/.test(host)) report(`number ${index + 1} is not a host name without a port`);
  });
}

const pieces = (value: string, separator: string | RegExp): string[] =>
  value
    .split(separator)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');

/** The text without line ends at its end, which editors, `echo` and the secrets of Kubernetes made with them add. */
export const withoutLineEnd = (text: string): string => text.replace(/[\r\n]+$/, '');

/** A variable as its secret was meant. One of line ends alone is a mistake, and must not count as a setting that is left empty. */
export const variableText = (text: string): string => withoutLineEnd(text) || text;

/** What is wrong with the encoding of a file, whose first characters no one sees; undefined if nothing is. */
export function encodingFault(content: string): string | undefined {
  if (content.startsWith('\ufeff')) return 'begins with a byte order mark; save it without one';
  // The marks of UTF-16, as a decoder of UTF-8 reads them.
  return content.startsWith('\ufffd\ufffd') ? 'is not UTF-8; save it as UTF-8' : undefined;
}

/** The text as it is. */
export const readText: Read<string> = (value) => value;

/** Reads a setting that may be left empty. */
export const optional =
  <T>(read: Read<T>): Read<T | undefined> =>
  (value, report) =>
    value === '' ? undefined : read(value, report);

/**
 * Makes a reader of times, in milliseconds.
 * @param range its bounds as a user would write them; `orZero`: 0 is allowed as well and turns it off
 */
export function duration(range: { min: string; max: string; orZero?: boolean }): Read<number> {
  const [min, max] = [parseDuration(range.min)!, parseDuration(range.max)!];
  const orZero = range.orZero ? ', or 0' : '';
  return (value, report) => {
    const time = parseDuration(value);
    const isOff = time === 0 && range.orZero;
    if (time === undefined) report(`is not a time like 25, 25s, 500ms or 5m`);
    else if (!isOff && !(time >= min && time <= max))
      report(`is not a time from ${range.min} to ${range.max}${orZero}`);
    return time ?? 0;
  };
}

/**
 * Makes a reader of sizes, in bytes.
 * @param range its bounds as a user would write them
 */
export function size(range: { min: string; max: string }): Read<number> {
  const [min, max] = [parseSize(range.min)!, parseSize(range.max)!];
  return (value, report) => {
    const bytes = parseSize(value);
    if (bytes === undefined) report('is not a size like 65536, 64KiB or 1MiB');
    else if (!(bytes >= min && bytes <= max)) report(`is not a size from ${range.min} to ${range.max}`);
    return bytes ?? 0;
  };
}

/** The word `true` or `false`. */
export function readSwitch(value: string, report: Report): boolean {
  if (value !== 'true' && value !== 'false') report('is neither true nor false');
  return value === 'true';
}

/** Makes a reader of one of these words. */
export const choice =
  <T extends string>(...choices: readonly T[]): Read<T> =>
  (value, report) => {
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) report(`is not one of ${choices.join(', ')}`);
    return chosen ?? choices[0]!;
  };

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds in `25`, `25s`, `500ms`, `5m`, `1h` or `0`; a number alone is seconds. Undefined for any other text. */
function parseDuration(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * MILLISECONDS[unit]!;
}

const BYTES: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes in `65536`, `64KiB`, `1MiB` or `0`. Undefined for any other text. */
function parseSize(text: string): number | undefined {
  const [, amount, factor = ''] = /^(\d{1,10})(?:([kmg])(?:i?b)?|b)?$/i.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * BYTES[factor.toLowerCase()]!;
}

/** Why requests without a known token can't be refused where every request gets the token. */
export const rejectsNobody = (clients: string, aliasTokens: string): string =>
  `is reject, but neither ${clients} nor ${aliasTokens} is set, so every request would get the token; set one of them`;
