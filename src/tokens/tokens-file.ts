import { isSendableToken } from '../http/grammar.ts';
import { listIn, readFileObject } from '../json/file.ts';
import { type Add, checkKeys, isObject, type Json, required, texts } from '../json/members.ts';
import { suggestion } from '../nearest-name.ts';
import { SLUG_OR_ID } from '../policy/sentry/parameters.ts';
import { EVERYTHING, READONLY, SCOPES, scopesOf } from '../policy/sentry/scopes.ts';

/** The name of the token that is injected where no token of the file is chosen. */
export const DEFAULT_TOKEN = 'default';

/** A token of the tokens file. */
export interface TokenEntry {
  readonly name: string;
  /** The token itself, or the path of the file that holds it. */
  readonly origin: { readonly token: string } | { readonly file: string };
  /** Organizations as requests write them; undefined: all. */
  readonly orgs: ReadonlySet<string> | undefined;
  /** The token's rights in Sentry: the scopes of the file, and all that these imply. */
  readonly scopes: ReadonlySet<string>;
  /** The scopes as the file has them. */
  readonly scopeNames: readonly string[];
}

/** A problem of a tokens file and its place: `tokens[2].scopes[0]`. No value is quoted. */
export interface TokensProblem {
  /** Empty: the file as a whole. */
  readonly place: string;
  readonly text: string;
}

/** The readable parts of a tokens file, right or wrong. */
export interface ReadTokens {
  readonly problems: readonly TokensProblem[];
  /** Those that could be read. With problems, they are for comparison only. */
  readonly entries: readonly TokenEntry[];
  /** Whether the file could be read so far that a token that is not in `entries` is not in the file. */
  readonly hasList: boolean;
}

/** A tokens file as an object. */
export interface TokensFileJson {
  readonly $schema?: string | undefined;
  readonly tokens: readonly TokenJson[];
}

/** A Sentry token with its organizations and scopes. */
interface TokenJson {
  /** Appears in logs and metrics; unique. */
  readonly name: string;
  /** The token. One of `token` and `tokenFile` is required. */
  readonly token?: string | undefined;
  /** The path of a file with the token; on Node only. */
  readonly tokenFile?: string | undefined;
  /** Organizations by slug or numeric id, as requests write them, or `['*']` for all. */
  readonly orgs: readonly string[];
  /** The token's scopes, in Sentry's names. */
  readonly scopes: readonly string[];
}

export const TOKENS_FILE_KEYS = ['$schema', 'tokens'];
export const TOKEN_KEYS = ['name', 'token', 'tokenFile', 'orgs', 'scopes'] satisfies (keyof TokenJson)[];
const SCOPE_NAMES = [...SCOPES, READONLY];

/**
 * Reads and checks a tokens file.
 * @param mayNameFiles whether `tokenFile` can be read here
 */
export function readTokens(text: string, mayNameFiles: boolean): ReadTokens {
  // An empty file means that only the default token is left.
  if (text.trim() === '') return { problems: [], entries: [], hasList: true };
  const problems: TokensProblem[] = [];
  const add: Add = (place, problem) => problems.push({ place, text: problem });
  const json = readFileObject(text, TOKENS_FILE_KEYS, add);
  const list = json && listIn(json, 'tokens', add);
  if (list === undefined) return { problems, entries: [], hasList: false };
  const entries = list
    .map((entry, index) => readToken(entry, `tokens[${index}]`, mayNameFiles, add))
    .filter((entry) => entry !== undefined);
  findTwice(entries, add);
  return { problems, entries, hasList: true };
}

function readToken(json: unknown, place: string, mayNameFiles: boolean, add: Add): TokenEntry | undefined {
  if (!isObject(json)) {
    add(place, 'is not an object');
    return undefined;
  }
  checkKeys(json, TOKEN_KEYS, place, add);
  const name = readName(json, `${place}.name`, add);
  const origin = readOrigin(json, place, mayNameFiles, add);
  const orgs = readOrgs(json, `${place}.orgs`, add);
  const scopeNames = readScopes(json, `${place}.scopes`, add);
  const scopes = new Set(scopeNames.flatMap((scope) => scopesOf(scope) ?? []));
  return name === undefined || origin === undefined ? undefined : { name, origin, orgs, scopes, scopeNames };
}

function readName(json: Json, place: string, add: Add): string | undefined {
  const name = required(json, 'name', place, add);
  if (name === undefined) return undefined;
  const isName = typeof name === 'string' && /^[a-z0-9][a-z0-9-]{0,31}$/.test(name);
  if (!isName) add(place, 'is not 1 to 32 lower-case letters, digits and hyphens, or starts with a hyphen');
  else if (name === DEFAULT_TOKEN) add(place, "is the default token's name");
  return isName ? name : undefined;
}

function readOrigin(json: Json, place: string, mayNameFiles: boolean, add: Add): TokenEntry['origin'] | undefined {
  const hasToken = Object.hasOwn(json, 'token');
  const hasFile = Object.hasOwn(json, 'tokenFile');
  if (hasToken === hasFile) {
    add(place, hasToken ? 'has both token and tokenFile; leave one out' : 'lacks token or tokenFile');
    return undefined;
  }
  if (hasFile) {
    const { tokenFile: file } = json;
    const isPath = typeof file === 'string' && file !== '' && !file.includes('\0');
    if (!mayNameFiles) add(`${place}.tokenFile`, 'is not read here; use token');
    else if (!isPath) add(`${place}.tokenFile`, 'is not the path of a file');
    return isPath ? { file } : undefined;
  }
  const { token } = json;
  if (typeof token === 'string' && isSendableToken(token) && !/[<>]/.test(token)) return { token };
  add(
    `${place}.token`,
    'is not a token: it is not text, is empty, or has a character that is not visible ASCII, < or >',
  );
  return undefined;
}

function readOrgs(json: Json, place: string, add: Add): ReadonlySet<string> | undefined {
  if (required(json, 'orgs', place, add) === undefined) return new Set();
  const orgs = texts(json, 'orgs', place, add) ?? [];
  if (orgs.length === 1 && orgs[0]!.text === '*') return undefined;
  for (const { text, at } of orgs) {
    if (text === '*') add(at, 'is not the only entry; * means all, so use it alone');
    else if (!SLUG_OR_ID.test(text)) add(at, 'is neither the slug nor the numeric id of an organization');
  }
  return new Set(orgs.map(({ text }) => text));
}

function readScopes(json: Json, place: string, add: Add): string[] {
  if (required(json, 'scopes', place, add) === undefined) return [];
  const scopes = texts(json, 'scopes', place, add) ?? [];
  for (const { text, at } of scopes) {
    // A token without named scopes is never chosen, and * names none.
    if (text === EVERYTHING) add(at, 'is *; name the scopes that the token has');
    else if (scopesOf(text) === undefined) add(at, `is not a scope of Sentry${suggestion(text, SCOPE_NAMES)}`);
  }
  return scopes.map(({ text }) => text);
}

/** Names twice, and tokens twice. */
function findTwice(entries: readonly TokenEntry[], add: Add): void {
  const names = new Set<string>();
  const tokens = new Set<string>();
  for (const { name, origin } of entries) {
    if (names.has(name)) add('tokens', `has the name ${name} twice`);
    names.add(name);
    if (!('token' in origin)) continue;
    if (tokens.has(origin.token)) add('tokens', `has the token of ${name} twice`);
    tokens.add(origin.token);
  }
}
