import type { Problem } from '../../../src/config/values.ts';
import { PG_VARIABLES } from '../../system-token/postgres/conninfo/keys.ts';
import { INTERVAL } from '../../token-files/file-state.ts';
import { type Config, readConfig } from './config.ts';
import { readAll, type WatchedFile } from './files.ts';
import type { LoadedConfig } from './load.ts';
import type { Contents } from './raw-settings.ts';
import type { FileGroup } from './setting.ts';

/** After so many looks, a file that keeps changing is taken as it is. */
const MAX_UNSETTLED = 3;

/** The result of reading the files of a group. */
interface Reloaded {
  readonly group: FileGroup;
  /** Undefined: nothing can be applied. */
  readonly config: Config | undefined;
  /** Problems that kept all or a part of the files' content from being applied. */
  readonly problems: readonly Problem[];
  /** The files were read because of SIGHUP, not because one of them changed. */
  readonly isAsked: boolean;
}

export type OnReload = (reloaded: Reloaded) => void | Promise<void>;

/**
 * For each group of files, the settings that can be wrong because of them, and the parts of a configuration they set.
 */
const GROUPS: Readonly<Record<FileGroup, { variables: readonly string[]; parts: readonly (keyof Config)[] }>> = {
  token: {
    variables: ['SENTRY_TOKEN', 'SENTRY_TOKEN_FILE', 'PGX_CONN', 'PGX_CONN_FILE', ...PG_VARIABLES],
    parts: ['token', 'tokenFile'],
  },
  database: { variables: ['PGX_CONN', 'PGX_CONN_FILE', ...PG_VARIABLES], parts: ['token', 'pgxConnFile'] },
  aliases: { variables: ['ALIAS_TOKENS_FILE'], parts: ['aliasTokens', 'aliasTokensFile', 'isOpen'] },
  // Its content is checked where it is applied, because a removed client has to stop even if the file is invalid.
  clients: { variables: ['CLIENTS_FILE'], parts: ['clientsFile', 'clientsText'] },
  // Checked where it is applied as well, for the same reason.
  tokens: { variables: ['TOKENS_FILE'], parts: ['tokensFile', 'tokensText'] },
  gateway: { variables: ['UPSTREAM_HEADERS_FILE'], parts: ['upstreamHeaders', 'upstreamHeadersFile'] },
  sentry: {
    variables: ['SENTRY_CA', 'SENTRY_CERT', 'SENTRY_KEY'],
    parts: ['sentryTrust', 'sentryCa', 'sentryCert', 'sentryKey'],
  },
  tls: { variables: ['TLS_CERT', 'TLS_KEY'], parts: ['tls', 'tlsCert', 'tlsKey'] },
};

/** The watched files. */
export interface FilePoller {
  /** Reads all files now, and applies their content. A problem that was reported before is reported again. */
  readAgain(): Promise<void>;
  stop(): void;
}

/**
 * Watches the files that the settings name. Each group of files is read and applied by itself. If a group is
 * invalid, the others still work, and the content that was read before stays in use.
 */
export function pollFiles(loaded: LoadedConfig, onReload: OnReload): FilePoller {
  const reloader = new Reloader(loaded, onReload);
  const groups = Map.groupBy(loaded.files, ({ file }) => file.group);
  const watches = [...groups].map(
    ([group, files]) => new GroupWatch(files, loaded.contents, (look, isAsked) => reloader.apply(group, look, isAsked)),
  );
  return {
    async readAgain() {
      await Promise.all(watches.map((watch) => watch.readAgain()));
    },
    stop() {
      for (const watch of watches) watch.stop();
    },
  };
}

/** One look at a group of files. */
interface Look {
  readonly contents: Contents;
  readonly problems: readonly Problem[];
}

/** Keeps the last good content of every file, and makes configurations of it. */
class Reloader {
  readonly #loaded: LoadedConfig;
  readonly #onReload: OnReload;
  #contents: Contents;
  #config: Config;
  /** The changes that were passed on, which are applied one after the other. */
  #passedOn: Promise<void> = Promise.resolve();

  constructor(loaded: LoadedConfig, onReload: OnReload) {
    this.#loaded = loaded;
    this.#onReload = onReload;
    this.#contents = loaded.contents;
    this.#config = loaded.config;
  }

  /** @returns a promise that resolves when it is applied */
  apply(group: FileGroup, look: Look, isAsked: boolean): Promise<void> {
    const contents = { ...this.#contents, ...look.contents };
    const found: Problem[] = [];
    const read = this.#read(group, contents, found);
    // A file that no group watches may be invalid too, for example one that the connection string names.
    const ofGroup = found.filter(({ variable }) => GROUPS[group].variables.includes(variable));
    const problems = [...look.problems, ...ofGroup];
    if (problems.length === 0) this.#take(contents, read);
    const isApplied = problems.length === 0 || (group === 'aliases' && this.#revoke(read));
    const config = isApplied ? this.#config : undefined;
    this.#passedOn = this.#passedOn.then(() => this.#onReload({ group, config, problems, isAsked }));
    return this.#passedOn;
  }

  /** The current configuration with the parts that these files decide. */
  #read(group: FileGroup, contents: Contents, problems: Problem[]): Config {
    const { given, environment } = this.#loaded;
    const read = readConfig(given, contents, environment, problems);
    const parts = GROUPS[group].parts.map((part) => [part, read[part]]);
    const config: Config = { ...this.#config, ...Object.fromEntries(parts) };
    // A proxy that had alias tokens does not open because the last one was revoked.
    return { ...config, isOpen: config.isOpen && this.#config.isOpen };
  }

  #take(contents: Contents, config: Config): void {
    this.#contents = contents;
    this.#config = config;
  }

  /** An alias token that was removed from the file stops working, even if other lines of the file are invalid. */
  #revoke({ aliasTokensFile: inFile }: Config): boolean {
    const before = this.#config.aliasTokensFile;
    if (inFile === undefined || before === undefined) return false;
    const left = before.filter((token) => inFile.includes(token));
    if (left.length === before.length) return false;
    const contents = { ...this.#contents, ALIAS_TOKENS_FILE: left.join('\n') };
    this.#take(contents, this.#read('aliases', contents, []));
    return true;
  }
}

/** Looks at a group of files again and again. */
class GroupWatch {
  readonly #files: readonly WatchedFile[];
  readonly #apply: (look: Look, isAsked: boolean) => Promise<void>;
  /** The look that was applied last, and the last one of all, as texts to compare. */
  #applied: Texts;
  #last: Texts;
  #unsettled = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** The look that is being taken. */
  #looking: Promise<void> = Promise.resolve();

  constructor(
    files: readonly WatchedFile[],
    atStart: Contents,
    apply: (look: Look, isAsked: boolean) => Promise<void>,
  ) {
    this.#files = files;
    this.#apply = apply;
    this.#applied = this.#textsOf({ contents: atStart, problems: [] });
    this.#last = this.#applied;
    this.#schedule();
  }

  /** Looks once more after the look that is being taken, and applies it without a second one. */
  readAgain(): Promise<void> {
    return this.#lookNext(true);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#lookNext(false).then(() => this.#schedule()), INTERVAL);
    this.#timer.unref();
  }

  #lookNext(isAsked: boolean): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look(isAsked));
    return this.#looking;
  }

  async #look(isAsked: boolean): Promise<void> {
    const problems: Problem[] = [];
    const contents = await readAll(this.#files, (file) => file.read(problems, isAsked));
    if (!this.#isStopped) await this.#judge({ contents, problems }, isAsked);
  }

  async #judge(look: Look, isAsked: boolean): Promise<void> {
    const texts = this.#textsOf(look);
    // Two looks have to agree: a file may be half written, and a key may not fit its certificate yet.
    const isSettled = isAsked || areSame(texts, this.#last) || ++this.#unsettled >= MAX_UNSETTLED;
    this.#last = texts;
    if (!isSettled) return;
    this.#unsettled = 0;
    if (areSame(texts, this.#applied) && !isAsked) return;
    this.#applied = texts;
    await this.#apply(look, isAsked);
  }

  #textsOf({ contents, problems }: Look): Texts {
    return this.#files.flatMap(({ file: { variable } }) => [
      contents[variable],
      problems.find((problem) => problem.variable === variable)?.text,
    ]);
  }
}

/** For each file its content and its problems. */
type Texts = readonly (string | undefined)[];

const areSame = (one: Texts, other: Texts): boolean => one.every((text, index) => text === other[index]);
