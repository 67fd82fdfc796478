import { isVisibleAscii } from '../http/grammar.ts';
import type { Issuer } from '../identity/issuer.ts';
import { readIdentities } from '../identity/read-identity.ts';
import { type Add, checkKeys, isObject, type Json, oneOf, required, texts } from '../json/members.ts';
import { suggestion } from '../nearest-name.ts';
import {
  type Boundary,
  type Client,
  type Credential,
  isReservedName,
  type ProjectRef,
  projectRef,
  type Rate,
} from '../policy/client.ts';
import { isHeldWithoutOrganization, organizationOf, parseRule, type Rule, slipIn } from '../policy/rules.ts';
import { SLUG_OR_ID } from '../policy/sentry/parameters.ts';
import { EVERYTHING, READONLY, SCOPES, scopesOf } from '../policy/sentry/scopes.ts';
import type { ClientJson } from './clients-json.ts';
import { parseExpiry } from './expiry.ts';

export const CLIENT_KEYS: readonly (keyof ClientJson)[] = [
  'name',
  'token',
  'identity',
  'scopes',
  'orgs',
  'projects',
  'allow',
  'deny',
  'rate',
  'concurrency',
  'expires',
  'mode',
  'sentryToken',
];

const SCOPE_NAMES = [...SCOPES, READONLY, EVERYTHING];

/** The name of a client or a token. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** At least 128 random bits in any usual alphabet, which makes a plain hash of it safe to show. */
const MIN_TOKEN_LENGTH = 32;

/**
 * Reads one entry of `clients`. Problems are added to the list, and their values are left out of the client.
 * @param issuers those that an `identity` may name
 */
export function readClient(json: unknown, place: string, issuers: readonly Issuer[], add: Add): Client | undefined {
  if (!isObject(json)) {
    add(place, 'is not an object');
    return undefined;
  }
  checkKeys(json, CLIENT_KEYS, place, add);
  const name = readName(json, `${place}.name`, add);
  const isIdentified = Object.hasOwn(json, 'token') || Object.hasOwn(json, 'identity');
  if (!isIdentified) add(place, 'lacks token or identity');
  const credentials = readCredentials(json, `${place}.token`, add);
  const identities = readIdentities(json, place, issuers, add);

  const boundary = readBoundary(json, place, add);
  const scopes = readScopes(json, `${place}.scopes`, add);
  const allow = readRules(json, 'allow', place, add);
  const deny = readRules(json, 'deny', place, add);
  const isRightless = isEmptyList(json, 'scopes') && isEmptyList(json, 'allow');
  if (isRightless) add(place, 'has neither scopes nor allow');
  checkBoundaryOfRules(allow, deny, boundary, add);
  const rate = readRate(json, `${place}.rate`, add);
  const concurrency = readConcurrency(json, `${place}.concurrency`, add);
  const expiresAt = readExpiry(json, `${place}.expires`, add);
  const sentryToken = readSentryToken(json, `${place}.sentryToken`, add);
  return {
    name,
    credentials,
    ...(identities.length > 0 && { identities }),
    scopes: scopes.all,
    hasAllScopes: scopes.names.includes(EVERYTHING),
    boundary,
    allow: allow.map(({ rule }) => rule),
    deny: deny.map(({ rule }) => rule),
    ...(rate && { rate }),
    ...(concurrency !== undefined && { concurrency }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(sentryToken !== undefined && { sentryToken }),
    mode: (oneOf(json, 'mode', ['enforce', 'observe'], `${place}.mode`, add) ?? 'enforce') as Client['mode'],
  };
}

function readName(json: Json, place: string, add: Add): string {
  const name = required(json, 'name', place, add);
  if (name === undefined) return '';
  const isName = typeof name === 'string' && NAME.test(name);
  const isReserved = isName && isReservedName(name);
  if (!isName) add(place, 'is not 1 to 32 lower-case letters, digits and hyphens, or starts with a hyphen');
  if (isReserved) add(place, 'is a name that is reserved for the log and the metrics');
  return isName ? name : '';
}

function readCredentials(json: Json, place: string, add: Add): Credential[] {
  if (!Object.hasOwn(json, 'token')) return [];
  const value = json.token;
  const isList = Array.isArray(value);
  const entries: readonly unknown[] = isList ? value : [value];
  if (entries.length === 0) add(place, 'is empty');
  return entries.flatMap((entry, index) => {
    const credential = typeof entry === 'string' ? credentialOf(entry) : 'is not a string';
    if (typeof credential !== 'string') return [credential];
    add(isList ? `${place}[${index}]` : place, credential);
    return [];
  });
}

function credentialOf(text: string): Credential | string {
  if (/^sha-?\d+:/i.test(text)) {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(text)?.[1];
    return hex === undefined ? 'is not sha256: and 64 hexadecimal digits in lower case' : { kind: 'digest', hex };
  }
  if (!isVisibleAscii(text) || /[<>]/.test(text)) return 'has < or >, or a character that is not visible ASCII';
  if (text.length < MIN_TOKEN_LENGTH) return `is shorter than ${MIN_TOKEN_LENGTH} characters`;
  return { kind: 'token', token: text };
}

function readScopes(json: Json, place: string, add: Add): { names: string[]; all: ReadonlySet<string> } {
  const names = texts(json, 'scopes', place, add, true) ?? [];
  const all = new Set<string>();
  for (const { text, at } of names) {
    const implied = scopesOf(text);
    if (implied === undefined) add(at, `is not a scope of Sentry${suggestion(text, SCOPE_NAMES)}`);
    for (const scope of implied ?? []) all.add(scope);
  }
  return { names: names.map(({ text }) => text), all };
}

function readBoundary(json: Json, place: string, add: Add): Boundary {
  const hasOrgs = Object.hasOwn(json, 'orgs');
  const hasProjects = Object.hasOwn(json, 'projects');
  if (hasOrgs && hasProjects) add(place, 'has both orgs and projects; projects imply their organizations');
  if (!hasOrgs && !hasProjects) add(place, 'lacks orgs or projects; "orgs": ["*"] means all');
  if (hasProjects) return { kind: 'projects', projects: readProjects(json, `${place}.projects`, add) };
  const orgs = texts(json, 'orgs', `${place}.orgs`, add) ?? [];
  if (orgs.length === 1 && orgs[0]!.text === '*') return { kind: 'all' };
  for (const { text, at } of orgs) {
    if (text === '*') add(at, 'is not the only entry; * means all, so use it alone');
    else if (!SLUG_OR_ID.test(text)) add(at, 'is neither the slug nor the numeric id of an organization');
  }
  return { kind: 'organizations', organizations: new Set(orgs.map(({ text }) => text)) };
}

function readProjects(json: Json, place: string, add: Add): ReadonlyMap<string, readonly ProjectRef[]> {
  const projects = new Map<string, ProjectRef[]>();
  for (const { text, at } of texts(json, 'projects', place, add) ?? []) {
    const [org = '', project = '', more] = text.split('/');
    const isProject = more === undefined && SLUG_OR_ID.test(org) && SLUG_OR_ID.test(project);
    if (!isProject) add(at, 'is not org/project, each a slug or a numeric id');
    else projects.set(org, [...(projects.get(org) ?? []), projectRef(project)]);
  }
  return projects;
}

/** A rule, and its place in the file. */
interface Placed {
  readonly rule: Rule;
  readonly at: string;
}

function readRules(json: Json, key: 'allow' | 'deny', place: string, add: Add): Placed[] {
  return (texts(json, key, `${place}.${key}`, add, true) ?? []).flatMap(({ text, at }) => {
    const rule = parseRule(text);
    const problem = typeof rule === 'string' ? rule : key === 'deny' && slipIn(rule);
    if (problem) add(at, problem);
    return typeof rule === 'string' ? [] : [{ rule, at }];
  });
}

/** A rule without an organization grants too much to a client that is limited to some. */
function checkBoundaryOfRules(allow: readonly Placed[], deny: readonly Placed[], boundary: Boundary, add: Add): void {
  if (boundary.kind === 'all') return;
  const known = boundary.kind === 'organizations' ? boundary.organizations : new Set(boundary.projects.keys());
  for (const { rule, at } of allow) {
    const isUnlimited = organizationOf(rule) === undefined && !isOpenToAll(rule);
    if (isUnlimited) add(at, 'names no organization in its path, which needs "orgs": ["*"]');
  }
  for (const { rule, at } of [...allow, ...deny]) {
    const org = organizationOf(rule);
    const isNamed = org !== undefined && !/^[{*]/.test(org);
    if (isNamed && !known.has(org)) add(at, "names an organization that is not the client's");
  }
}

const isOpenToAll = (rule: Rule): boolean =>
  /^(?:GET|HEAD) \/api\/0\/(?:organizations\/)?$/.test(rule.text) || isHeldWithoutOrganization(rule);

function readRate(json: Json, place: string, add: Add): Rate | undefined {
  if (!Object.hasOwn(json, 'rate')) return undefined;
  const [, requests, unit] =
    /^([1-9][0-9]{0,8})\/(s|min|h)$/.exec(typeof json.rate === 'string' ? json.rate : '') ?? [];
  if (requests !== undefined) return { requests: Number(requests), seconds: SECONDS[unit as keyof typeof SECONDS] };
  add(place, 'is not N/s, N/min or N/h with a whole N above 0');
  return undefined;
}

const SECONDS = { s: 1, min: 60, h: 3600 };

function readConcurrency(json: Json, place: string, add: Add): number | undefined {
  if (!Object.hasOwn(json, 'concurrency')) return undefined;
  const { concurrency } = json;
  const isCount = typeof concurrency === 'number' && Number.isInteger(concurrency);
  if (isCount && concurrency >= 1 && concurrency <= 1_000_000) return concurrency;
  add(place, 'is not a whole number from 1 to 1000000');
  return undefined;
}

function readExpiry(json: Json, place: string, add: Add): number | undefined {
  if (!Object.hasOwn(json, 'expires')) return undefined;
  const expiresAt = typeof json.expires === 'string' ? parseExpiry(json.expires) : undefined;
  if (expiresAt === undefined) add(place, 'is neither a date (2027-06-30) nor a time as in RFC 3339');
  return expiresAt;
}

function readSentryToken(json: Json, place: string, add: Add): string | undefined {
  if (!Object.hasOwn(json, 'sentryToken')) return undefined;
  const { sentryToken } = json;
  if (typeof sentryToken === 'string' && NAME.test(sentryToken)) return sentryToken;
  add(place, 'is not the name of a token of the tokens file, nor "default"');
  return undefined;
}

/** Whether nothing is there, or a list without entries. */
function isEmptyList(json: Json, key: string): boolean {
  const value = Object.hasOwn(json, key) ? json[key] : [];
  return Array.isArray(value) && value.length === 0;
}
