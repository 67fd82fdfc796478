/** A value, and its name for a message if it is wrong. */
export interface Setting {
  readonly value: string;
  readonly label: string;
}

/** Values by libpq's keys. */
export type Settings = Map<string, Setting>;

/** Sets a key under libpq's name for it. */
export function put(settings: Settings, key: string, value: string): void {
  // JDBC's spelling, which libpq accepts in URIs.
  if (key === 'ssl' && value === 'true') settings.set('sslmode', { value: 'require', label: key });
  else settings.set(key === 'database' ? 'dbname' : key, { value, label: nameOf(key) });
}

/** A key for a message. It may be part of a password without its quotes, so it is shown only if it looks like a key. */
export function nameOf(key: string): string {
  return /^[a-z][a-z0-9_.]{0,62}$/i.test(key) ? key : 'something';
}
