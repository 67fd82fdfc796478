import { fingerprint } from '../../system-token/fingerprint.ts';

/** Writes one line of what `check` has found. */
export const say = (what: string, text: string): void =>
  void process.stdout.write(`${(what === '' ? '' : `${what}:`).padEnd(24)}${text}\n`);

/** A token as people may see it. */
export const described = (token: string): string => `${token.length} characters, fingerprint ${fingerprint(token)}`;
