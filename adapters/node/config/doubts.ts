import type { Problem } from '../../../src/config/values.ts';
import type { Config } from './config.ts';
import { type Contents, inFile, type RawSettings } from './raw-settings.ts';

/** A configuration with its sources. */
interface Read {
  readonly given: RawSettings;
  readonly contents: Contents;
  readonly config: Config;
}

/** Adds doubtful settings to the warnings, and to the problems the settings that may have caused them. */
export function findDoubts({ given, contents, config }: Read, problems: Problem[], warnings: Problem[]): void {
  warnings.push(
    ...shortAliases(config),
    ...joinedAliases(config),
    ...withoutEffect(config),
    ...hostsDjangoRefuses(config),
    ...pathsOfTheApi(config),
  );
  for (const doubt of quotes(given, contents, config)) {
    const isWrong = problems.some(({ variable }) => variable === doubt.variable);
    (isWrong ? problems : warnings).push(doubt);
  }
}

/** A shorter alias token may be guessed. */
const SHORTEST_ALIAS = 16;

function shortAliases({ aliasTokens }: Config): Problem[] {
  const { length } = aliasTokens.filter((token) => token.length < SHORTEST_ALIAS);
  if (length === 0) return [];
  const are = `${length} of ${aliasTokens.length} alias tokens ${length === 1 ? 'is' : 'are'}`;
  return [{ variable: '', text: `${are} shorter than ${SHORTEST_ALIAS} characters and can be guessed` }];
}

/** Other lists are separated by commas, but two tokens with one between them are one token to the proxy. */
function joinedAliases({ aliasTokens }: Config): Problem[] {
  const { length } = aliasTokens.filter((token) => token.includes(','));
  if (length === 0) return [];
  const have = `${length} of ${aliasTokens.length} alias tokens ${length === 1 ? 'has' : 'have'}`;
  return [{ variable: '', text: `${have} a comma, which does not separate tokens; write ; between them` }];
}

function withoutEffect({ limitStore, clientsText, allowAnyClient, isOpen }: Config): Problem[] {
  const isUnused = limitStore !== undefined && clientsText === undefined;
  const isOverruled = allowAnyClient && !isOpen;
  return [
    ...(isUnused ? [{ variable: 'LIMIT_STORE', text: 'has no effect without named clients' }] : []),
    ...(isOverruled
      ? [{ variable: 'ALLOW_ANY_CLIENT', text: 'has no effect together with clients or alias tokens' }]
      : []),
  ];
}

/** Neither RFC 1035 section 2.3.1 nor Django's pattern of hosts allows an underscore in a name. */
function hostsDjangoRefuses({ sentryUri }: Config): Problem[] {
  if (!sentryUri.hostname.includes('_')) return [];
  const text =
    'has a host name with an underscore, and Django answers 400 to such a Host; give Sentry a name without one, ' +
    'for example a network alias';
  return [{ variable: 'SENTRY_URI', text }];
}

/** Some clients' settings want the path of the API; this one would have it twice in each request's path. */
function pathsOfTheApi({ sentryUri }: Config): Problem[] {
  if (!/\/api(?:\/0)?\/*$/.test(sentryUri.pathname)) return [];
  return [{ variable: 'SENTRY_URI', text: "ends with the API's own path, which every request has too; leave it out" }];
}

const QUOTED = /^(["'])[\s\S]*\1$/;
const IN_QUOTES =
  "is in quotes, which become part of the value: docker's --env-file keeps them; write it without quotes";

/** Values in quotes. A shell takes quotes off; Docker, systemd's credentials and files do not. */
function quotes(given: RawSettings, contents: Contents, { aliasTokens }: Config): Problem[] {
  const doubts: Problem[] = [];
  for (const [variable, { text, source }] of Object.entries(given)) {
    const isQuoted = source !== 'default' && text.length > 1 && QUOTED.test(text);
    if (isQuoted) doubts.push({ variable, text: IN_QUOTES });
  }
  for (const [variable, text] of Object.entries(contents)) {
    if (QUOTED.test(text.trim())) doubts.push({ variable, text: inFile(IN_QUOTES) });
  }
  const { length } = aliasTokens.filter((token) => token.length > 1 && QUOTED.test(token));
  const isFound = doubts.some(({ variable }) => variable.startsWith('ALIAS_TOKENS'));
  if (length > 0 && !isFound) {
    const are = `${length} of ${aliasTokens.length} alias tokens ${length === 1 ? 'is' : 'are'}`;
    doubts.push({
      variable: '',
      text: `${are} in quotes, which become part of the token; write tokens without quotes`,
    });
  }
  return doubts;
}
