import type { Problem } from '../../../src/config/values.ts';
import { type OtherCredentials, otherUseOf } from '../../../src/tokens/shared-tokens.ts';
import { type ChosenToken, LeastToken, type TokenChoice } from '../../../src/tokens/token-choice.ts';
import { type TokenSource, unrenewable } from '../../../src/tokens/token-source.ts';
import { readTokens, type TokenEntry } from '../../../src/tokens/tokens-file.ts';
import { fingerprint } from '../../system-token/fingerprint.ts';
import { FileToken } from '../../token-files/file-token.ts';
import { sha256 } from '../clients/active-clients.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import { otherUses, tokensProblem } from './tokens-problems.ts';

/** A token of the tokens file, as people see it: never the token itself. */
export interface ActiveToken extends Pick<TokenEntry, 'name' | 'orgs' | 'scopeNames'> {
  readonly kind: 'static' | 'file';
  /** Why there is no token; undefined while there is one. */
  readonly fault: string | undefined;
  /** Eight hex digits that tell it from others; undefined while there is none. */
  readonly fingerprint: string | undefined;
  /** Seconds since a file's token came into use. */
  readonly age: number | undefined;
}

/** The active tokens of the tokens file, and the choice between them and the default. */
export class ActiveTokens implements TokenChoice {
  readonly #default: TokenSource;
  readonly #log: Log;
  #text: string | undefined;
  #others: OtherCredentials;
  #tokens: readonly HeldToken[] = [];
  #choice: LeastToken;

  private constructor(fallback: TokenSource, others: OtherCredentials, log: Log) {
    this.#default = fallback;
    this.#others = others;
    this.#log = log;
    this.#choice = new LeastToken(fallback, []);
  }

  /**
   * @param config with nothing wrong in it
   * @param fallback the default token
   */
  static async of(config: Config, others: OtherCredentials, fallback: TokenSource, log: Log): Promise<ActiveTokens> {
    const active = new ActiveTokens(fallback, others, log);
    await active.take(config, others);
    return active;
  }

  choose(method: string, target: string, pinned?: string | undefined): ChosenToken {
    return this.#choice.choose(method, target, pinned);
  }

  /** Every token of the file. */
  get list(): readonly ActiveToken[] {
    return this.#tokens.map((token) => token.shown());
  }

  /** The name of the token with this value; undefined if it is none of the file's. */
  nameOf(value: string): string | undefined {
    return this.#tokens.find((token) => token.get() === value)?.entry.name;
  }

  /**
   * Takes over a changed file, or changed credentials of clients. If the file is bad, the tokens that it still has stay.
   * @returns the problems of the file
   */
  async take(config: Config, others: OtherCredentials): Promise<Problem[]> {
    const { tokensText } = config;
    this.#others = others;
    const isChanged = tokensText !== this.#text;
    this.#text = tokensText;
    if (!isChanged || tokensText === undefined) return [];
    const read = readTokens(tokensText, true);
    const problems = [...read.problems, ...otherUses(read.entries, others)];
    if (problems.length === 0) await this.#hold(read.entries);
    else if (read.hasList) await this.#hold(this.#tokens.map(({ entry }) => entry).filter(isIn(read.entries)));
    return problems.map((problem) => tokensProblem(problem, config));
  }

  async close(): Promise<void> {
    for (const token of this.#tokens) token.close();
  }

  async #hold(entries: readonly TokenEntry[]): Promise<void> {
    const before = this.#tokens;
    const held = entries.map(async (entry) => {
      const same = before.find((token) => isSame(token.entry, entry));
      return same?.as(entry) ?? HeldToken.of(entry, () => this.#others, this.#log);
    });
    this.#tokens = await Promise.all(held);
    for (const token of before) if (!this.#tokens.some((one) => one.source === token.source)) token.close();
    this.#choice = new LeastToken(
      this.#default,
      this.#tokens.map((token) => ({ ...token.entry, source: unrenewable({ get: () => token.get() }) })),
    );
  }
}

const isSame = (one: TokenEntry, other: TokenEntry): boolean =>
  one.name === other.name && JSON.stringify(one.origin) === JSON.stringify(other.origin);

const isIn =
  (entries: readonly TokenEntry[]) =>
  (entry: TokenEntry): boolean =>
    entries.some((one) => isSame(one, entry));

/** A token that stands in the tokens file itself. */
interface LiteralToken {
  get(): string;
}

/** One token of the file. It has no value while the proxy accepts the same token from clients. */
class HeldToken {
  readonly entry: TokenEntry;
  readonly source: FileToken | LiteralToken;
  readonly #others: () => OtherCredentials;
  /** The last token that was checked, the credentials that it was compared with, and the result. */
  #checked:
    | { readonly token: string; readonly others: OtherCredentials; readonly otherUse: string | undefined }
    | undefined;

  private constructor(entry: TokenEntry, source: FileToken | LiteralToken, others: () => OtherCredentials) {
    this.entry = entry;
    this.source = source;
    this.#others = others;
  }

  static async of(entry: TokenEntry, others: () => OtherCredentials, log: Log): Promise<HeldToken> {
    const { origin } = entry;
    if ('token' in origin) return new HeldToken(entry, { get: () => origin.token }, others);
    const file = await FileToken.open(origin.file, () => logFile(entry.name, file, log));
    return new HeldToken(entry, file, others);
  }

  /** The same token, for what a new file says that it is for. */
  as(entry: TokenEntry): HeldToken {
    return new HeldToken(entry, this.source, this.#others);
  }

  get(): string | undefined {
    const token = this.source.get();
    if (token === undefined) return undefined;
    const others = this.#others();
    if (this.#checked?.token !== token || this.#checked.others !== others) {
      this.#checked = { token, others, otherUse: otherUseOf(token, sha256(token), others) };
    }
    return this.#checked.otherUse === undefined ? token : undefined;
  }

  shown(): ActiveToken {
    const { name, orgs, scopeNames } = this.entry;
    const token = this.get();
    const file = this.source instanceof FileToken ? this.source : undefined;
    return {
      name,
      orgs,
      scopeNames,
      kind: file === undefined ? 'static' : 'file',
      fault: token === undefined ? (file?.fault ?? this.#checked?.otherUse) : undefined,
      fingerprint: token === undefined ? undefined : fingerprint(token),
      age: file?.age,
    };
  }

  close(): void {
    if (this.source instanceof FileToken) this.source.close();
  }
}

function logFile(name: string, file: FileToken, log: Log): void {
  const token = file.get();
  if (token === undefined) log('warn', 'token', { token: name, state: 'missing', cause: 'file', reason: file.fault });
  else log('info', 'token', { token: name, state: 'held', cause: 'file', fingerprint: fingerprint(token) });
}
