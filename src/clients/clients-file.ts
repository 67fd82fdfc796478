import { type Issuer, readIssuers } from '../identity/issuer.ts';
import { listIn, readFileObject } from '../json/file.ts';
import { type Add, oneOf } from '../json/members.ts';
import type { JsonBounds } from '../json/syntax.ts';
import type { Client, Credential } from '../policy/client.ts';
import { readClient } from './read-client.ts';

/** A problem of the clients file and its place: `clients[2].scopes[0]`. No value is quoted. */
export interface FileProblem {
  /** Empty: the file as a whole. */
  readonly place: string;
  readonly text: string;
  /** The name of the client that it is about, if the client has a valid one. */
  readonly client?: string;
}

/** The place of a problem with the client's name: `clients[2].scopes[0] (client grafana)`. */
export const placeText = ({ place, client }: FileProblem): string =>
  client === undefined ? place : `${place} (client ${client})`;

/** A problem as that of the setting which holds the file's text. */
export const settingProblem = (problem: FileProblem): string =>
  problem.place === '' ? problem.text : `has ${placeText(problem)}, which ${problem.text}`;

/** The same problems, each with the name of its client. */
export const withNames = (problems: readonly FileProblem[], entries: readonly (Client | undefined)[]): FileProblem[] =>
  problems.map((problem) => {
    const name = entries[Number(/^clients\[(\d+)\]/.exec(problem.place)?.[1])]?.name;
    return name ? { ...problem, client: name } : problem;
  });

/** The content of a clients file. */
export interface ClientsFile {
  /** Whose tokens may identify clients. */
  readonly issuers: readonly Issuer[];
  readonly clients: readonly Client[];
  /** The handling of requests that no client sent. */
  readonly unmatched: 'bypass' | 'reject';
}

/** The file, or all that is wrong with it. */
type ReadClients = ClientsFile | { readonly problems: readonly FileProblem[] };

export const FILE_KEYS = ['$schema', 'issuers', 'clients', 'unmatched'];

/** The readable parts of a clients file, right or wrong. */
export interface Examined {
  readonly problems: readonly FileProblem[];
  /** Undefined if the file has no list of clients. With problems, its clients are for comparison only. */
  readonly file: ClientsFile | undefined;
  /** The clients by their place in the list; undefined where an entry is none. */
  readonly entries: readonly (Client | undefined)[];
}

/** Reads and checks a clients file. Equal tokens in two spellings are found by `loadClients`, which can make digests. */
export function readClients(text: string): ReadClients {
  const { problems, file } = examineClients(text);
  return problems.length > 0 || file === undefined ? { problems } : file;
}

/** The operator's own file has a value for each right of each client. */
const BOUNDS: JsonBounds = { depth: 200, values: 10_000_000 };

/** The same, with what could be read of a file that has problems. */
export function examineClients(text: string): Examined {
  const problems: FileProblem[] = [];
  const add: Add = (place, problem) => problems.push({ place, text: problem });
  const json = readFileObject(text, FILE_KEYS, add, BOUNDS);
  const unmatched = json && oneOf(json, 'unmatched', ['bypass', 'reject'], 'unmatched', add);
  const issuers = json === undefined ? [] : readIssuers(json, add);
  const list = json && listIn(json, 'clients', add);
  if (list === undefined) return { problems, file: undefined, entries: [] };
  // Taken for "no clients" it would open the proxy to everyone.
  if (list.length === 0) add('clients', 'is empty');
  const entries = list.map((entry, index) => readClient(entry, `clients[${index}]`, issuers, add));
  findTwice(entries, add);
  const clients = entries.filter((client) => client !== undefined);
  return {
    problems: withNames(problems, entries),
    file: { issuers, clients, unmatched: unmatched === 'reject' ? unmatched : 'bypass' },
    entries,
  };
}

/** Names twice, and tokens twice in the same spelling. */
function findTwice(clients: readonly (Client | undefined)[], add: Add): void {
  const names = new Set<string>();
  const tokens = new Set<string>();
  clients.forEach((client, index) => {
    const { name, credentials } = client ?? { name: '', credentials: [] };
    if (name !== '' && names.has(name)) add(`clients[${index}].name`, 'is also the name of another client');
    names.add(name);
    for (const credential of credentials) {
      const key = spellingOf(credential);
      if (tokens.has(key)) add(`clients[${index}].token`, 'has a token that is in the file twice');
      tokens.add(key);
    }
  });
}

/** A credential as the file has it. */
export const spellingOf = (credential: Credential): string =>
  credential.kind === 'digest' ? `sha256:${credential.hex}` : credential.token;
