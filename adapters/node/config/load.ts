import { loadClients } from '../../../src/auth/client-registry.ts';
import type { FileProblem } from '../../../src/clients/clients-file.ts';
import { pinProblems } from '../../../src/config/credentials.ts';
import { findMistakenNames } from '../../../src/config/mistaken-names.ts';
import { type Problem, rejectsNobody } from '../../../src/config/values.ts';
import { readTokens } from '../../../src/tokens/tokens-file.ts';
import { issuerFileProblems } from '../../http1/client/key-access.ts';
import { clientsProblem, sha256 } from '../clients/active-clients.ts';
import { otherCredentials, tokensProblems } from '../token/tokens-problems.ts';
import type { Collected } from './collect.ts';
import { type Config, readConfig } from './config.ts';
import { findDoubts } from './doubts.ts';
import { configuredFiles, readAll, WatchedFile } from './files.ts';
import { type Contents, isGiven, type RawSettings, textOf } from './raw-settings.ts';

/** A configuration with its sources, so that a changed file can be applied to it. */
export interface LoadedConfig extends Collected {
  readonly files: readonly WatchedFile[];
  /** The contents of the files. */
  readonly contents: Contents;
  readonly config: Config;
  /** Doubts that do not keep the proxy from starting. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads the files that the settings name, and all settings, as the start of the program needs them.
 * @returns a configuration, to use only if no problem was added
 */
export async function loadConfig(collected: Collected, problems: Problem[]): Promise<LoadedConfig> {
  const { given, environment } = collected;
  const files = configuredFiles(given).map((file) => new WatchedFile(file));
  const contents = await readAll(files, (file) => file.readFirst(problems));
  const config = readConfig(given, contents, environment, problems);
  refuseToOpenByAccident(config, given, problems);
  problems.push(...(await credentialProblems(config)));
  const warnings: Problem[] = [];
  findMistakenNames(Object.keys(environment), (variable) => given[variable] !== undefined, problems, warnings);
  findDoubts({ given, contents, config }, problems, warnings);
  return { ...collected, files, contents, config, warnings };
}

/** Problems of the clients file and the tokens file, each by itself and together. */
async function credentialProblems(config: Config): Promise<Problem[]> {
  const { clientsText, tokensText = '', aliasTokens } = config;
  const loaded =
    clientsText === undefined ? undefined : await loadClients(clientsText, aliasTokens, sha256, Date.now());
  const problems = loaded !== undefined && 'problems' in loaded ? loaded.problems : [];
  const registry = loaded !== undefined && 'registry' in loaded ? loaded.registry : undefined;
  const tokens = readTokens(tokensText, true);
  const ofClients = (found: readonly FileProblem[]) => found.map((problem) => clientsProblem(problem, config));
  return [
    ...ofClients(problems),
    ...ofClients(issuerFileProblems(registry?.issuers ?? [])),
    ...(await tokensProblems(tokens, config, otherCredentials(config, registry?.byDigest.keys()))),
    ...ofClients(pinProblems(registry?.clients ?? [], tokens, 'the tokens file')),
  ];
}

/** Adds a problem if alias tokens are set but none is there: the operator wants to keep others out. */
function refuseToOpenByAccident(config: Config, given: RawSettings, problems: Problem[]): void {
  for (const [variable, remedy] of [
    ['CLIENTS', 'name the clients in it'],
    ['CLIENTS_FILE', 'set it to the path of a clients file'],
  ] as const) {
    const isEmpty = isGiven(given, variable) && textOf(given, variable) === '';
    if (isEmpty) problems.push({ variable, text: `is set but empty; unset it, or ${remedy}` });
  }
  if (config.isOpen && config.unmatched === 'reject') {
    problems.push({ variable: 'UNMATCHED', text: rejectsNobody('CLIENTS_FILE', 'ALIAS_TOKENS') });
  }
  if (config.allowAnyClient || !config.isOpen) return;
  const isEmptyValue = isGiven(given, 'ALIAS_TOKENS') && textOf(given, 'ALIAS_TOKENS') === '';
  if (isEmptyValue) problems.push({ variable: 'ALIAS_TOKENS', text: `is set but empty${WAYS_OUT}` });
  const isEmptyPath = isGiven(given, 'ALIAS_TOKENS_FILE') && textOf(given, 'ALIAS_TOKENS_FILE') === '';
  if (isEmptyPath) problems.push({ variable: 'ALIAS_TOKENS_FILE', text: `is set but empty${WAYS_OUT}` });
  const isWrongFile = problems.some(({ variable }) => variable === 'ALIAS_TOKENS_FILE');
  const isEmptyFile = !isWrongFile && config.aliasTokensFile?.length === 0;
  if (isEmptyFile)
    problems.push({ variable: 'ALIAS_TOKENS_FILE', text: `names a file without a token in it${WAYS_OUT}` });
}

const WAYS_OUT =
  ', so every client would get the token; set alias tokens, or if that is intended, unset it or set --allow-any-client (ALLOW_ANY_CLIENT=true)';
