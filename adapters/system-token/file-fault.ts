import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The system's code of an error, for a message. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';

/**
 * Why a file could not be read, for a message: the system's code. Where rights are missing, also who this process is,
 * and whose the file is with which mode. The path is left out: it may be a secret that was given in its place.
 */
export function fileFault(error: unknown, path: string): string {
  const code = codeOf(error);
  if (code !== 'EACCES') return code;
  return [code, ownIds(), closedPlace(path)].filter((part) => part !== undefined).join('; ');
}

/** Undefined on Windows, which has no such ids. */
const ownIds = (): string | undefined =>
  process.geteuid && `this process runs as user ${process.geteuid()} and group ${process.getegid!()}`;

/** The file, or the first folder above it whose state this process may see. */
function closedPlace(path: string): string | undefined {
  const file = statsOf(path);
  if (file !== undefined) return `the file belongs to ${ownerAndMode(file)}`;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const stats = statsOf(folder);
    if (stats !== undefined) return `a folder above the file belongs to ${ownerAndMode(stats)}`;
    if (folder === dirname(folder)) return undefined;
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

const ownerAndMode = ({ uid, gid, mode }: Stats): string =>
  `user ${uid} and group ${gid}, with mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
