/** Writes one line of what `check` has found. */
export const say = (what: string, text: string): void =>
  void process.stdout.write(`${(what === '' ? '' : `${what}:`).padEnd(24)}${text}\n`);
