import type { ClientJson } from '../../../src/clients/clients-json.ts';
import { isReservedName } from '../../../src/policy/client.ts';
import { type KnownClient, type KnownClients, NO_CLIENTS } from './known-clients.ts';
import { requestIn } from './log-lines.ts';
import { type Needs, newNeeds, observe, type Sample } from './needs.ts';
import { type Proposal, propose } from './proposal.ts';

/** The output of `suggest`. */
interface Suggestion {
  /** A clients file; undefined if the log has no request of a client. */
  readonly json: string | undefined;
  /** Points that a person should check before using it. */
  readonly notes: readonly string[];
}

/**
 * Suggests a clients file with the least scopes, rules, organizations and projects that the requests of a log need.
 * @param lines of the proxy's JSON log; other lines are skipped
 * @param known the clients file that the suggestion is to replace: everything in it except the rights is kept
 */
export async function suggest(lines: AsyncIterable<string>, known: KnownClients = NO_CLIENTS): Promise<Suggestion> {
  const byClient = new Map<string, Needs>();
  let cut = 0;
  for await (const line of lines) {
    const request = requestIn(line);
    if (request === undefined) continue;
    if (request.isCut) {
      cut++;
      continue;
    }
    const needs = byClient.get(request.client) ?? newNeeds();
    byClient.set(request.client, needs);
    observe(needs, request);
  }
  if (byClient.size === 0) {
    return {
      json: undefined,
      notes: ['no request of a client was found: pass the JSON log of the proxy on standard input'],
    };
  }
  const others = [...byClient.keys()].filter((name) => !known.byName.has(name)).sort();
  const named = [...known.byName.keys(), ...others].map((name) => ({
    name,
    known: known.byName.get(name),
    needs: byClient.get(name) ?? newNeeds(),
  }));
  const suggested = named.map(({ name, known, needs }) => ofClient(name, known, needs));
  const clients = suggested.flatMap(({ entry }) => entry ?? []);
  return {
    json: clients.length === 0 ? undefined : JSON.stringify({ ...known.frame, clients }, null, 2),
    notes: [
      ...suggested.flatMap(({ notes }, index) => notes.map((note) => `${named[index]!.name}: ${note}`)),
      ...(cut > 0 ? [`left out ${cut} requests whose paths are longer than the log shows`] : []),
    ],
  };
}

interface Suggested {
  /** An entry of the clients file; undefined if there is nothing to go by. */
  readonly entry: object | undefined;
  readonly notes: readonly string[];
}

function ofClient(name: string, known: KnownClient | undefined, needs: Needs): Suggested {
  const samples = [...needs.samples.values()];
  const refused = [...needs.refused].map(shown);
  const leftOut =
    refused.length === 0 ? [] : [`left out, because Sentry refused them or they failed: ${listed(refused)}`];
  if (samples.length === 0) {
    const stays = known === undefined ? 'is not suggested' : 'stays as it is';
    return { entry: known?.json, notes: [`${stays}, because the log has no successful request of it`, ...leftOut] };
  }
  const proposal = propose(samples, known);
  const notes = [...notesOn(name, known, proposal), ...leftOut];
  if (needs.isCut) notes.push(`makes more kinds of requests than are examined (${samples.length})`);
  return { entry: entryOf(name, known, proposal), notes };
}

/** An entry whose other keys keep the values of the file. */
function entryOf(name: string, known: KnownClient | undefined, { scopes, allow, reach }: Proposal): object {
  const { token, identity, scopes: _, orgs: __, projects: ___, allow: ____, ...others } = known?.json ?? NEW_CLIENT;
  return {
    name,
    token,
    identity,
    ...(scopes.length > 0 && { scopes }),
    ...reach,
    ...(allow.length > 0 && { allow }),
    ...others,
  };
}

const NEW_CLIENT: Partial<ClientJson> = { token: 'sha256:REPLACE-WITH-THE-DIGEST', mode: 'observe' };

function notesOn(name: string, known: KnownClient | undefined, proposal: Proposal): string[] {
  const notes: string[] = [];
  if (isReservedName(name) && known === undefined) {
    notes.push('the log uses this name itself; choose another name for the client');
  }
  if ('orgs' in proposal.reach && proposal.reach.orgs.length === 0) {
    notes.push('no request names an organization; fill in "orgs"');
  }
  if (proposal.unlimitable.length > 0) {
    const unlimitable = listed(unique(proposal.unlimitable.map(asked)));
    notes.push(`could be limited to projects except for ${unlimitable}: ${UNLIMITABLE}`);
    notes.push(`these requests could be limited to projects: ${listed(unique(proposal.limitable.map(asked)))}`);
  }
  if (proposal.needsRules) notes.push('no scope grants what its allow rules grant; check that it needs each of them');
  const uncovered = unique(proposal.uncovered.map(({ sample, why }) => `${asked(sample)} is not covered: ${why}`));
  notes.push(...uncovered.slice(0, MAX_LISTED));
  if (uncovered.length > MAX_LISTED) notes.push(`${uncovered.length - MAX_LISTED} more requests are not covered`);
  return notes;
}

const UNLIMITABLE =
  'they have data of all projects, or name none, or the log does not show their projects (it does for observed clients)';

/** Requests that one note names. */
const MAX_LISTED = 20;

function listed(requests: readonly string[]): string {
  const more = requests.length - MAX_LISTED;
  return requests.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

const asked = ({ method, path, template }: Sample): string => shown(`${method} ${template ?? path}`);

/** Characters of a note that a client can choose; a terminal gets visible ones only. */
const MAX_SHOWN = 200;

function shown(text: string): string {
  const visible = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return visible.length > MAX_SHOWN ? `${visible.slice(0, MAX_SHOWN)}...` : visible;
}
