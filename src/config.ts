import { isSendableToken } from './token.ts';

/** Settings by the names of their variables; what is not set is not there. */
export type Values = Readonly<Record<string, string | undefined>>;

/** What is wrong with one setting. The text never quotes a value. */
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
}

/** SENTRY_TOKEN's value for Sentry's own token, which only an adapter with a database can get. */
export const SYSTEM = 'system';

/**
 * Reads the shared settings and adds what is wrong with them to `problems`, all at once.
 * @returns a configuration that is to be used only if no problem was added
 */
export function readCoreConfig(values: Values, problems: Problem[]): CoreConfig {
  return {
    sentryUri: readSentryUri(values.SENTRY_URI ?? '', problems),
    token: readToken(values.SENTRY_TOKEN ?? '', problems),
    aliasTokens: readAliasTokens(values.ALIAS_TOKENS ?? '', problems),
    allowedHosts: readAllowedHosts(values.ALLOWED_HOSTS ?? '', problems),
  };
}

function readSentryUri(value: string, problems: Problem[]): URL {
  const add = (text: string) => problems.push({ variable: 'SENTRY_URI', text });
  const nowhere = new URL('http://invalid.invalid');
  if (!/^https?:\/\/[^/]/i.test(value) || !URL.canParse(value)) {
    add('is not a URL that starts with http:// or https://');
    return nowhere;
  }
  const uri = new URL(value);
  if (uri.username !== '' || uri.password !== '') add('has credentials in it; it may not');
  if (value.includes('?')) add('has a query; it may not');
  if (value.includes('#')) add('has a fragment; it may not');
  return uri;
}

function readToken(value: string, problems: Problem[]): string {
  if (value === '') problems.push({ variable: 'SENTRY_TOKEN', text: 'is empty; set a token, or the word system' });
  else if (!isSendableToken(value)) problems.push({ variable: 'SENTRY_TOKEN', text: UNSENDABLE });
  return value;
}

const UNSENDABLE = 'has a character that no header field may carry in a token (only visible ASCII is allowed)';

function readAliasTokens(value: string, problems: Problem[]): string[] {
  const tokens = pieces(value, ';');
  const add = (text: string) => problems.push({ variable: 'ALIAS_TOKENS', text });
  // Taken for "no alias tokens" it would open the proxy to everyone.
  if (tokens.length === 0 && value !== '') add('is set, but there is no token in it');
  tokens.forEach((token, index) => {
    if (!isSendableToken(token)) add(`number ${index + 1} ${UNSENDABLE}`);
  });
  return tokens;
}

function readAllowedHosts(value: string, problems: Problem[]): string[] {
  const hosts = pieces(value.toLowerCase(), /[;,]/);
  const add = (text: string) => problems.push({ variable: 'ALLOWED_HOSTS', text });
  if (hosts.length === 0 && value !== '') add('is set, but there is no host name in it');
  hosts.forEach((host, index) => {
    if (!/^(?:[\w.-]+|\[[0-9a-f:.]+\])$/.test(host)) add(`number ${index + 1} is not a host name without a port`);
  });
  return hosts;
}

const pieces = (value: string, separator: string | RegExp): string[] =>
  value
    .split(separator)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
