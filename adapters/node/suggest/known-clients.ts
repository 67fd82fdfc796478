import { readClients } from '../../../src/clients/clients-file.ts';
import type { ClientJson, ClientsFileJson } from '../../../src/clients/clients-json.ts';
import type { Problem } from '../../../src/config/values.ts';
import type { Client } from '../../../src/policy/client.ts';
import { clientsProblem, sha256 } from '../clients/active-clients.ts';
import { configuredFiles, readAll, WatchedFile } from '../config/files.ts';
import { isGiven, type RawSettings, textOf } from '../config/raw-settings.ts';

/** A client of the file that the suggestion is to replace. */
export interface KnownClient {
  readonly json: ClientJson;
  readonly client: Client;
}

/** The clients file that the suggestion is to replace. */
export interface KnownClients {
  /** The keys next to the clients in the file. */
  readonly frame: Omit<ClientsFileJson, 'clients'>;
  /** By name, in the order of the file. */
  readonly byName: ReadonlyMap<string, KnownClient>;
}

export const NO_CLIENTS: KnownClients = { frame: {}, byName: new Map() };

function knownClients(text: string, clients: readonly Client[]): KnownClients {
  const { clients: entries, ...frame } = JSON.parse(text) as ClientsFileJson;
  const byName = new Map(
    entries.map((json, index): [string, KnownClient] => [
      json.name,
      { json: withoutTokens(json), client: clients[index]! },
    ]),
  );
  return { frame, byName };
}

/**
 * The clients of the clients file that is set. Adds what is wrong with it to the problems.
 */
export async function readKnownClients(given: RawSettings, problems: Problem[]): Promise<KnownClients> {
  const files = configuredFiles(given).filter(({ variable }) => variable === 'CLIENTS_FILE');
  const contents = await readAll(
    files.map((file) => new WatchedFile(file)),
    (file) => file.readFirst(problems),
  );
  const text = contents.CLIENTS_FILE ?? (isGiven(given, 'CLIENTS') ? textOf(given, 'CLIENTS') : undefined);
  if (text === undefined) return NO_CLIENTS;
  const read = readClients(text);
  if ('clients' in read) return knownClients(text, read.clients);
  const from = { clientsPath: files[0]?.path, clientsText: text };
  problems.push(...read.problems.map((problem) => clientsProblem(problem, from)));
  return NO_CLIENTS;
}

/** Digests in place of tokens, since the suggestion goes to a terminal. */
function withoutTokens(json: ClientJson): ClientJson {
  const { token } = json;
  if (token === undefined) return json;
  return { ...json, token: typeof token === 'string' ? digestOf(token) : token.map(digestOf) };
}

const digestOf = (token: string): string => (token.startsWith('sha256:') ? token : `sha256:${sha256(token)}`);
