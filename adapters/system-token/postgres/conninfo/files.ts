import { accessSync, constants } from 'node:fs';
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

/** The system's error code, for a message. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
