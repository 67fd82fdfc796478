import type { ClientsFile } from '../../../src/clients/clients-file.ts';
import { suggestion } from '../../../src/nearest-name.ts';
import type { Client, ProjectRef } from '../../../src/policy/client.ts';
import { decideInFull } from '../../../src/policy/decide.ts';
import type { Allowed, Condition, Conditional, Refused, ResponseFilter, Within } from '../../../src/policy/decision.ts';
import { BAD_CONFIGURATION } from '../cli/exit-codes.ts';
import type { Config } from '../config/config.ts';
import { clientsFileOf, tokensOf } from './configured.ts';

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
 * Says whether this configuration lets a client make a request, and by which scope or rule. It sends no request: it names
 * the conditions that only Sentry or the body could decide.
 * @param now milliseconds since 1970
 * @returns the exit code: 0 if it is allowed, 1 if it is refused, 2 if there is no such client
 */
export async function checkAs({ name, method, target }: Asked, config: Config, now: number): Promise<number> {
  const clients = clientsFileOf(config)?.clients ?? [];
  const client = clients.find((one) => one.name === name);
  if (client !== undefined) {
    const exitCode = say(client, method, target, now);
    if (exitCode === 0) await sayToken(config, method, target, client.sentryToken);
    return exitCode;
  }
  if (isServedWithoutLimits(name, config)) {
    process.stdout.write('allowed: everything that the token may do; only named clients are limited\n');
    await sayToken(config, method, target);
    return 0;
  }
  process.stderr.write(`sentry-api-proxy: ${strangerText(name, clients)}\n`);
  return BAD_CONFIGURATION;
}

/** Says which token of a tokens file the request would be sent with. */
async function sayToken(config: Config, method: string, target: string, pinned?: string): Promise<void> {
  if (config.tokensText === undefined) return;
  const tokens = await tokensOf(config);
  process.stdout.write(`with the token ${tokens.choose(method, target, pinned).name}\n`);
}

function say(client: Client, method: string, target: string, now: number): number {
  const { refusals, decision } = decideInFull(client, method, target, now);
  const [refusal, ...others] = refusals;
  const isRefused = refusal !== undefined;
  const lines =
    isRefused || decision.kind === 'refuse' ? refusedLines(refusal!, others, client) : allowedLines(decision, client);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return isRefused ? REFUSED : 0;
}

/** @param others further reasons against the request, so that the client's rights can be corrected in one step */
function refusedLines(
  { error, reason, detail, deniedBy }: Refused,
  others: readonly Refused[],
  client: Client,
): string[] {
  const rule = deniedBy === undefined ? '' : ` by ${sourceText(deniedBy, client)}`;
  const isForwarded = client.mode === 'observe' && reason !== 'expired';
  return [
    `refused${rule}: ${detail}`,
    // A deny rule is there to refuse the request, so nothing else that the client lacks matters.
    ...(deniedBy === undefined ? others.map((other) => `also: ${other.detail}`) : []),
    `the log and the metrics say: ${error}, ${reason}`,
    ...(isForwarded ? ['observe mode: the request is still forwarded'] : []),
  ];
}

function allowedLines(decision: Allowed | Conditional, client: Client): string[] {
  const { grantedBy, template, query, response, ownJson } =
    decision.kind === 'conditional' ? decision.allowed : decision;
  const tense = client.mode === 'observe' ? WOULD : DOES;
  const conditions =
    decision.kind === 'conditional' ? decision.conditions.map((one) => conditionText(one, decision, tense)) : [];
  const limits = [
    ...conditions.map((text) => `provided that ${text}`),
    ...(query === undefined ? [] : [`the query ${tense.become}: ${query}`]),
    ...(ownJson === undefined ? [] : [`the proxy ${tense.respond} itself: ${ownJson}`]),
    ...(response?.keepOnly ? [`${listText(response)} ${tense.keep}: ${namesOf(response.keepOnly)}`] : []),
    ...(response?.keepWithin
      ? [`the list in the response ${tense.keep}: projects of ${response.keepWithin.map(withinText).join(', ')}`]
      : []),
    ...(response?.removeKeys.length ? [`the response ${tense.lose}: ${response.removeKeys.join(', ')}`] : []),
  ];
  return [
    `allowed by ${sourceText(grantedBy, client)}${template === undefined ? '' : `: ${template}`}`,
    ...(tense === WOULD && limits.length > 0 ? [UNCHANGED] : []),
    ...limits,
  ];
}

/** How the limits of a request are told: none of them takes effect for a client in observe mode. */
const DOES = { become: 'becomes', keep: 'keeps', lose: 'loses', isNarrowed: 'is narrowed', respond: 'responds' };
const WOULD: typeof DOES = {
  become: 'would become',
  keep: 'would keep',
  lose: 'would lose',
  isNarrowed: 'would be narrowed',
  respond: 'would respond',
};
const UNCHANGED = 'observe mode: the request and its response pass unchanged; in enforce mode it would be allowed';

const listText = ({ listKey }: ResponseFilter): string =>
  listKey === undefined
    ? 'the list in the response'
    : `the list of ${listKey.replace('[].', '')} in ${listKey.startsWith('[].') ? 'each entry of ' : ''}the response`;

/** `allow[0]` with the rule itself. */
function sourceText(by: string, { allow, deny }: Client): string {
  const [, list, index] = /^(allow|deny)\[(\d+)\]$/.exec(by) ?? [];
  if (list === undefined) return by === 'any client' ? 'default to every client' : `the scope ${by}`;
  return `${by}, ${(list === 'allow' ? allow : deny)[Number(index)]!.text}`;
}

function conditionText(condition: Condition, { org, projects = [] }: Conditional, { isNarrowed }: typeof DOES): string {
  const own = namesOf(projects);
  switch (condition.kind) {
    case 'project':
      return `in Sentry project ${condition.project.value} of ${org} is one of ${own}`;
    case 'query':
      return `Sentry has ${own} in ${org}; the query ${isNarrowed} to those of them that it asks for`;
    case 'issue':
      return `Sentry has issue ${condition.id} in ${condition.within.map(withinText).join(', or in ')}`;
    case 'lookup': {
      const { kind, id } = condition.thing;
      return `in Sentry all projects of the ${kind.replaceAll('-', ' ')} ${id} are among ${own}`;
    }
    case 'body':
      return bodyText(condition, own);
  }
}

const withinText = ({ org, projects }: Within): string =>
  projects === undefined ? org : `${org} in one of ${namesOf(projects)}`;

function bodyText({ required, limits }: Extract<Condition, { kind: 'body' }>, own: string): string {
  const projects = required === undefined ? [] : [`names projects under "${required}", each one of ${own}`];
  const refused = [...limits.keys].filter(([, { kind }]) => kind === 'refused').map(([name]) => name);
  return [
    `the body is JSON`,
    ...projects,
    ...(refused.length === 0 ? [] : [`has none of these keys: ${refused.join(', ')}`]),
    ...(limits.only === undefined ? [] : [`has no keys but these: ${[...limits.only].join(', ')}`]),
  ].join(', ');
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
