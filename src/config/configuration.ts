import { examineClients, placeText } from '../clients/clients-file.ts';
import { readUpstreamHeaders, type UpstreamHeaders } from '../http/upstream-headers.ts';
import { isSendableToken } from '../tokens/token-source.ts';
import { parseDuration, parseSize } from './quantities.ts';

/** Settings by the names of their variables. A setting that is not set is missing. */
export type Values = Readonly<Record<string, string | undefined>>;

/** A problem with one setting. The text never quotes a value. */
export interface Problem {
  readonly variable: string;
  readonly text: string;
}

/** The settings that every adapter shares. */
export interface CoreConfig {
  readonly sentryUri: URL;
  /** A token, or `system`. */
  readonly token: string;
  readonly aliasTokens: readonly string[];
  /** Host names in lower case, without port; empty: all. */
  readonly allowedHosts: readonly string[];
  /** The URL at which clients reach the proxy, without a trailing slash; undefined: each request's own origin. */
  readonly publicUrl: string | undefined;
  /** Header lines added to every request to Sentry. They are secrets. */
  readonly upstreamHeaders: UpstreamHeaders;
}

/** SENTRY_TOKEN's value for Sentry's own token, which only an adapter with a database can get. */
export const SYSTEM = 'system';

/**
 * Reads the shared settings and adds every problem with them to `problems`.
 * @returns a configuration, to use only if no problem was added
 */
export function readCoreConfig(values: Values, problems: Problem[]): CoreConfig {
  const about = (variable: string) => (text: string) => void problems.push({ variable, text });
  return {
    sentryUri: readSentryUri(values.SENTRY_URI ?? '', about('SENTRY_URI')),
    token: readToken(values.SENTRY_TOKEN ?? '', about('SENTRY_TOKEN')),
    aliasTokens: readAliasTokens(values.ALIAS_TOKENS ?? '', about('ALIAS_TOKENS')),
    allowedHosts: readAllowedHosts(values.ALLOWED_HOSTS ?? '', about('ALLOWED_HOSTS')),
    publicUrl: readPublicUrl(values.PUBLIC_URL ?? '', about('PUBLIC_URL')),
    upstreamHeaders: readUpstreamHeaders(values.UPSTREAM_HEADERS ?? '', about('UPSTREAM_HEADERS')),
  };
}

/** Reports a problem with a value. The text continues the setting's name and never quotes the value. */
export type Complain = (text: string) => void;

/** Sentry's base URI. */
export function readSentryUri(value: string, complain: Complain): URL {
  const nowhere = new URL('http://invalid.invalid');
  const hasScheme = /^https?:\/\/[^/]/i.test(value);
  if (!hasScheme || !URL.canParse(value)) {
    complain(hasScheme ? 'is not a valid URL' : 'is not a URL that starts with http:// or https://');
    return nowhere;
  }
  const uri = new URL(value);
  if (uri.username !== '' || uri.password !== '') complain('has credentials in it; it may not');
  if (value.includes('?')) complain('has a query; it may not');
  if (value.includes('#')) complain('has a fragment; it may not');
  // URL would drop line ends and encode other characters, so the result would differ from the setting.
  if (/[^!-~]/.test(value)) complain('has a character that is not visible ASCII; percent-encode it');
  return uri;
}

/** The URL at which clients reach the proxy, without a trailing slash; undefined if it is not set. */
export function readPublicUrl(value: string, complain: Complain): string | undefined {
  if (value === '') return undefined;
  const isPlain = /^https?:\/\/[^\s/?#@<>"]+(?:\/[^\s?#<>"]*)?$/i.test(value) && URL.canParse(value);
  if (!isPlain) complain('is not a URL like https://proxy.example.com, without credentials, a query or a fragment');
  return value.replace(/\/+$/, '');
}

/** A token that a header can carry, or the word `system`. */
export function readToken(value: string, complain: Complain): string {
  if (value === '') complain('is empty; set a token, or the word system');
  else if (!isSendableToken(value)) complain(UNSENDABLE);
  return value;
}

const UNSENDABLE = 'has a character that is not visible ASCII';

/** Alias tokens, separated by `;`. */
export function readAliasTokens(value: string, complain: Complain): string[] {
  const tokens = pieces(value, ';');
  // If this counted as "no alias tokens", the proxy would be open to everyone.
  if (tokens.length === 0 && value !== '') complain('is set, but there is no token in it');
  checkAliasTokens(tokens, complain);
  return tokens;
}

export function checkAliasTokens(tokens: readonly string[], complain: Complain): void {
  tokens.forEach((token, index) => {
    if (!isSendableToken(token)) complain(`number ${index + 1} ${UNSENDABLE}`);
  });
}

/** The text of a clients file; undefined if there is none. Equal tokens in two spellings show once digests are made. */
export function readClientsText(value: string | undefined, complain: Complain): string | undefined {
  if (value === undefined) return undefined;
  for (const problem of examineClients(value).problems)
    complain(problem.place === '' ? problem.text : `has ${placeText(problem)}, which ${problem.text}`);
  return value;
}

/** Host names without a port, separated by `;` or `,`; in lower case. */
export function readAllowedHosts(value: string, complain: Complain): string[] {
  const hosts = pieces(value.toLowerCase(), /[;,]/);
  if (hosts.length === 0 && value !== '') complain('is set, but there is no host name in it');
  checkAllowedHosts(hosts, complain);
  return hosts;
}

/** @param hosts in lower case */
export function checkAllowedHosts(hosts: readonly string[], complain: Complain): void {
  hosts.forEach((host, index) => {
    if (!/^(?:[\w.-]+|\[[0-9a-f:.]+\])$/.test(host)) complain(`number ${index + 1} is not a host name without a port`);
  });
}

const pieces = (value: string, separator: string | RegExp): string[] =>
  value
    .split(separator)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');

/** Milliseconds: timers can't run for more than 24.8 days, and a deadline above a day is as good as none. */
const MAX_DURATION = 24 * 3_600_000;

/** Milliseconds. */
export function readDuration(value: string, complain: Complain): number {
  const duration = parseDuration(value);
  if (duration === undefined) complain('is not a time like 25, 25s, 500ms, 5m or 0');
  else if (duration > MAX_DURATION) complain('is more than 24h');
  return duration ?? 0;
}

const MAX_SIZE = 1024 ** 3;

/** Bytes. */
export function readSize(value: string, complain: Complain): number {
  const size = parseSize(value);
  if (size === undefined) complain('is not a size like 65536, 64KiB or 1MiB');
  else if (size > MAX_SIZE) complain('is more than 1GiB');
  return size ?? 0;
}

/** The word `true` or `false`. */
export function readSwitch(value: string, complain: Complain): boolean {
  if (value !== 'true' && value !== 'false') complain('is neither true nor false');
  return value === 'true';
}
