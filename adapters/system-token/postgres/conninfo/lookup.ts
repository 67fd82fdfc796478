import type { Settings } from './settings.ts';

/** The settings, for the code that makes a connection's parameters from them. */
export interface Lookup {
  /** The value of a key; undefined if it is not set or empty. */
  get(key: string): string | undefined;
  /** The value of a key with a fixed set of values; any other value is a problem. */
  choose<T extends string>(key: string, choices: readonly T[]): T | undefined;
  /**
   * Adds a problem with a key's value, which `text` does not quote.
   * @param hint for a value that the connection string has
   */
  complain(key: string, text: string, hint?: string): void;
}

/** Looks settings up, and adds every problem with them to `problems`. */
export function lookupIn(settings: Settings, problems: string[]): Lookup {
  const get = (key: string): string | undefined => settings.get(key)?.value || undefined;
  const complain = (key: string, text: string, hint?: string): void => {
    const label = settings.get(key)?.label ?? key;
    problems.push(`${label} ${text}${hint === undefined || label !== key ? '' : ` (${hint})`}`);
  };
  return {
    get,
    complain,
    choose<T extends string>(key: string, choices: readonly T[]): T | undefined {
      const value = get(key);
      const chosen = choices.find((choice) => choice === value);
      if (value !== undefined && chosen === undefined) complain(key, `is none of ${choices.join(', ')}`);
      return chosen;
    },
  };
}
