import { lstatSync, rmSync, type Stats } from 'node:fs';
import { connect, isIP, type Server } from 'node:net';
import { dirname } from 'node:path';
import { addressText, type ListenAddress } from './listen-address.ts';

const BACKLOG = 4096;

/**
 * Starts listening.
 * @returns the address, as a URL for a port
 * @throws the system's error, with its code
 */
export async function listen(server: Server, address: ListenAddress, reusePort: boolean): Promise<string> {
  if ('path' in address) {
    await removeStaleSocket(address.path);
    return listenOnSocket(server, address);
  }
  const { port } = address;
  // Without a host Node listens on all addresses: of IPv6 and IPv4, or of IPv4 alone where there is no IPv6.
  const host = address.host === '::' ? undefined : address.host;
  await bound(server, () => server.listen({ host, port, backlog: BACKLOG, reusePort }));
  const actual = server.address() as { address: string; port: number };
  const shown = isIP(actual.address) === 6 ? `[${actual.address}]` : actual.address;
  return `http://${shown}:${actual.port}`;
}

/** The socket file is created with its final rights, so it is never open to others, not even for a moment. */
async function listenOnSocket(server: Server, address: { path: string }): Promise<string> {
  const before = process.umask(0o177);
  try {
    await bound(server, () => server.listen({ path: address.path, backlog: BACKLOG }));
  } finally {
    process.umask(before);
  }
  return addressText(address);
}

function bound(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });
}

/** A killed process leaves its socket file behind, and then no process listens on it. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  if (await isAbandoned(path)) rmSync(path, { force: true });
}

function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      resolve(false);
      probe.destroy();
    });
    // No process listens if one of these failures comes: one that is too busy to accept answers with EAGAIN.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' || code === 'ENOENT'));
  });
}

/** The fault of a socket's path. The system's codes say the same of other faults. */
function placeFault(path: string): string | undefined {
  const there = lookAt(path);
  if (there === undefined && lookAt(dirname(path)) === undefined) return 'its folder does not exist';
  if (there === undefined || typeof there === 'string' || there.isSocket()) return undefined;
  return there.isDirectory() ? 'it is a folder' : 'another file is there';
}

/** The file at a path; undefined if there is none, and the system's code if this user may not know. */
function lookAt(path: string): Stats | string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

function rightsFault(address: ListenAddress): string {
  const user = process.geteuid === undefined ? 'this user' : `user ${process.geteuid()}`;
  if ('port' in address) return `${user} may not use this port`;
  const folder = lookAt(dirname(address.path));
  if (folder === undefined || typeof folder === 'string') return `${user} may not enter the folder`;
  return `${user} may not write to the folder, which belongs to user ${folder.uid} with mode ${(folder.mode & 0o7777).toString(8).padStart(4, '0')}`;
}

/** Why listening failed and what to do, in one line. */
export function listenFault(error: unknown, address: ListenAddress, flag: string): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const cannot = `cannot listen on ${addressText(address)}`;
  const place = 'path' in address ? placeFault(address.path) : undefined;
  if (place !== undefined) return `${cannot}: ${place}; choose another with --${flag}`;
  if (code === 'EADDRINUSE') return `${cannot}: it is in use; choose another with --${flag}`;
  if (code === 'EAFNOSUPPORT') return `${cannot}: this system has no IPv6; listen on an IPv4 address with --${flag}`;
  if (code === 'EACCES') return `${cannot}: ${rightsFault(address)}; choose another with --${flag}`;
  return `${cannot}: ${code}; check --${flag}`;
}
