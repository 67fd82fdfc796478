import { type ClientsFile, readClients } from '../../../src/clients/clients-file.ts';
import { suggestion } from '../../../src/nearest-name.ts';
import type { Client, ProjectRef } from '../../../src/policy/client.ts';
import { decide } from '../../../src/policy/decide.ts';
import type { Allowed, Check, Pending, Refused, ResponseRule } from '../../../src/policy/decision.ts';
import type { Config } from '../config/config.ts';
import { BAD_CONFIGURATION } from './exit-codes.ts';

/** The request that `check --as` asks about. */
export interface Asked {
  readonly name: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** The client's rights do not cover the request. */
const REFUSED = 1;

/**
 * Says whether this configuration lets a client make a request, and by which scope or rule. It asks nobody: what only
 * Sentry or the body could show is named.
 * @param now milliseconds since 1970
 * @returns the exit code: 0 if it is allowed, 1 if it is refused, 2 if there is no such client
 */
export function checkAs({ name, method, target }: Asked, config: Config, now: number): number {
  const file = config.clientsText === undefined ? undefined : readClients(config.clientsText);
  const clients = file !== undefined && 'clients' in file ? file.clients : [];
  const client = clients.find((one) => one.name === name);
  if (client !== undefined) return say(client, method, target, now);
  if (isServedWithoutLimits(name, config)) {
    process.stdout.write('allowed: everything that the token may do; only named clients are limited\n');
    return 0;
  }
  process.stderr.write(`sentry-api-proxy: ${strangerText(name, clients)}\n`);
  return BAD_CONFIGURATION;
}

function say(client: Client, method: string, target: string, now: number): number {
  const decision = decide(client, method, target, now);
  const isRefused = decision.kind === 'refuse';
  const lines = isRefused ? refusedLines(decision, client) : allowedLines(decision, client);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return isRefused ? REFUSED : 0;
}

function refusedLines({ error, reason, detail, by }: Refused, client: Client): string[] {
  const rule = by === undefined ? '' : ` by ${sourceText(by, client)}`;
  const isForwarded = client.mode === 'observe' && reason !== 'expired';
  return [
    `refused${rule}: ${detail}`,
    `the log and the metrics say: ${error}, ${reason}`,
    ...(isForwarded ? ['observe mode: the request is still forwarded'] : []),
  ];
}

function allowedLines(decision: Allowed | Pending, client: Client): string[] {
  const { by, template, query, response } = decision.kind === 'check' ? decision.allowed : decision;
  const tense = client.mode === 'observe' ? WOULD : DOES;
  const checks = decision.kind === 'check' ? decision.checks.map((check) => checkText(check, decision, tense)) : [];
  const limits = [
    ...checks.map((text) => `provided that ${text}`),
    ...(query === undefined ? [] : [`the query ${tense.become}: ${query}`]),
    ...(response?.only ? [`${listText(response)} ${tense.keep}: ${namesOf(response.only)}`] : []),
    ...(response?.without.length ? [`what Sentry answers ${tense.lose}: ${response.without.join(', ')}`] : []),
  ];
  return [
    `allowed by ${sourceText(by, client)}${template === undefined ? '' : `: ${template}`}`,
    ...(tense === WOULD && limits.length > 0 ? [UNCHANGED] : []),
    ...limits,
  ];
}

/** How the limits of a request are told: none of them takes effect for a client in observe mode. */
const DOES = { become: 'becomes', keep: 'keeps', lose: 'loses', isNarrowed: 'is narrowed' };
const WOULD: typeof DOES = {
  become: 'would become',
  keep: 'would keep',
  lose: 'would lose',
  isNarrowed: 'would be narrowed',
};
const UNCHANGED = 'observe mode: the request and its response pass unchanged; in enforce mode it would be allowed';

const listText = ({ listIn }: ResponseRule): string =>
  listIn === undefined ? 'the list that Sentry answers' : `the list of ${listIn} in what Sentry answers`;

/** `allow[0]` with the rule itself. */
function sourceText(by: string, { allow, deny }: Client): string {
  const [, list, index] = /^(allow|deny)\[(\d+)\]$/.exec(by) ?? [];
  if (list === undefined) return by === 'any client' ? 'default to every client' : `the scope ${by}`;
  return `${by}, ${(list === 'allow' ? allow : deny)[Number(index)]!.text}`;
}

function checkText(check: Check, { org, projects }: Pending, { isNarrowed }: typeof DOES): string {
  const mine = namesOf(projects);
  switch (check.check) {
    case 'project':
      return `Sentry knows project ${check.project.value} of ${org} as one of ${mine}`;
    case 'query':
      return `Sentry knows ${mine} in ${org}; the query ${isNarrowed} to those of them that it asks for`;
    case 'issue':
      return `Sentry says that issue ${check.issueId} is of one of ${mine}`;
    case 'release':
      return `Sentry says that all projects of the release are among ${mine}`;
    case 'body':
      return `every project under "${check.key}" in the body${check.isRelease ? ', and of the release if it exists,' : ''} is one of ${mine}`;
  }
}

const namesOf = (projects: readonly ProjectRef[]): string => projects.map(({ value }) => value).join(', ');

/** Alias tokens, which the log calls alias-1 and so on, and everyone if the proxy is open. */
function isServedWithoutLimits(name: string, { aliasTokens, isOpen }: Config): boolean {
  if (isOpen) return name === 'anyone';
  const alias = /^alias-([1-9]\d{0,8})$/.exec(name)?.[1];
  return alias !== undefined && Number(alias) <= new Set(aliasTokens).size;
}

function strangerText(name: string, clients: ClientsFile['clients']): string {
  const names = clients.map((client) => client.name);
  return `no client has that name${suggestion(name, names)}${names.length === 0 ? '; there are no named clients' : ''}`;
}
