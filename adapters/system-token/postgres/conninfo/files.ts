import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Environment } from './types.ts';

/** The user's home folder, in which libpq looks for its files. */
export function homeOf(environment: Environment): string {
  try {
    return environment.HOME || homedir();
  } catch {
    // In a container, a user without an entry in a passwd file has no home either.
    return '/';
  }
}

/** Whether this process may read a file. */
export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads a file now. A pipe that took its place is not waited for: the whole program would wait with it.
 * @throws the system's error
 */
export function readNow(path: string): string {
  return readFileSync(path, { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK });
}

/**
 * The permissions on a private key that libpq forbids others: all, except reading by the group if the file is root's.
 */
const [OF_OTHERS, OF_OTHERS_IF_ROOTS] = [0o077, 0o037];

/** Why a private key is not used, by libpq's rules (initialize_SSL() in fe-secure-openssl.c); undefined if it may be. */
export function keyFault(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) return 'names a key that is not a plain file';
  const isOpen = (stats.mode & (stats.uid === 0 ? OF_OTHERS_IF_ROOTS : OF_OTHERS)) !== 0;
  if (!isOpen || process.platform === 'win32') return undefined;
  return "names a key that group or others have access to; chmod 0600 it, or 0640 if it is root's";
}
