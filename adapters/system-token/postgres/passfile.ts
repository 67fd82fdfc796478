import { statSync } from 'node:fs';
import { fileFault } from '../file-fault.ts';
import { readNow } from './conninfo/files.ts';
import type { ConnHost, ConnInfo } from './conninfo/types.ts';

/**
 * Why a passfile is not used. Like libpq, this does not trust a file that other users can read or write.
 * @param isNamed whether the operator named the file, and so expects it to exist
 */
export function checkPassfile(path: string, isNamed: boolean): string | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return 'the passfile is not used: it is not a plain file';
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      return 'the passfile is not used: group or others have access to it (chmod 0600 it)';
    }
    return undefined;
  } catch (error) {
    return isNamed ? `the passfile is not used: ${fileFault(error, path)}` : undefined;
  }
}

/**
 * The password for one host: the connection's own, or the one in the passfile now.
 *
 * The rules of libpq's passwordFromFile(), https://www.postgresql.org/docs/current/libpq-pgpass.html, and of pgx's,
 * for which every Unix socket is `localhost` and not only the default one.
 */
export function passwordFor(info: ConnInfo, { host, hostaddr, port }: ConnHost): string | undefined {
  if (info.password !== undefined || info.passfile === undefined) return info.password;
  if (checkPassfile(info.passfile, false) !== undefined) return undefined;
  let text: string;
  try {
    text = readNow(info.passfile);
  } catch {
    return undefined;
  }
  const hosts = host.startsWith('/') ? [host, 'localhost'] : [host || hostaddr!];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields =
      line.match(/(?:^|:)((?:\\.|[^:\\]|\\$)*)/g)?.map((field, index) => field.slice(index === 0 ? 0 : 1)) ?? [];
    if (fields.length < 5) continue;
    const matches = (index: number, wanted: string): boolean =>
      fields[index] === '*' || unescaped(fields[index]!) === wanted;
    if (
      hosts.some((one) => matches(0, one)) &&
      matches(1, String(port)) &&
      matches(2, info.database) &&
      matches(3, info.user)
    ) {
      return unescaped(fields[4]!) || undefined;
    }
  }
  return undefined;
}

function unescaped(field: string): string {
  return field.replace(/\\(.)/g, '$1');
}
