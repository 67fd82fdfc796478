import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Issuer } from '../../../src/identity/issuer.ts';
import { type KeyMeans, KeysFault } from '../../../src/identity/keys/fetch-keys.ts';
import { readKeySet } from '../../../src/identity/keys/key-set.ts';
import { TlsTrust } from './tls-trust.ts';
import { makeTransport } from './transport.ts';

/** The ways to issuers' keys on Node: over connections and from files, all of which are read again each time. */
export function nodeKeyMeans(): KeyMeans {
  let usual: TlsTrust | undefined;
  const trustFor = async ({ ca }: Issuer): Promise<TlsTrust> => {
    if (ca !== undefined) return trustOf(await readFile(ca, 'utf8'));
    usual ??= new TlsTrust({});
    return usual;
  };
  return {
    readFile: (path) => readFile(path, 'utf8'),
    transportFor: async (issuer, origin) => {
      if (origin.startsWith('http:')) return makeTransport({ origin });
      const trust = await trustFor(issuer).catch((error) => {
        throw new KeysFault(`ca ${faultOf(error)}`);
      });
      return makeTransport({ origin, trust });
    },
  };
}

/** @throws if the text has no certificate: OpenSSL skips what is none, and would then trust nobody */
function trustOf(pem: string): TlsTrust {
  if (!pem.includes('-----BEGIN ')) throw new Error('no certificate');
  return new TlsTrust({ ca: pem });
}

const faultOf = (error: unknown): string =>
  error instanceof Error && 'syscall' in error && 'code' in error
    ? `names a file that could not be read (${String(error.code)})`
    : 'names a file that is not PEM';

/** Problems of the files of issuers, as their place in the clients file and a text. */
export function issuerFileProblems(issuers: readonly Issuer[]): { place: string; text: string }[] {
  return issuers.flatMap((issuer) => {
    const { name, keys, ca, bearerFile } = issuer;
    const at = (key: string, path: string | undefined, check: (text: string) => string | undefined) => {
      const text = path === undefined ? undefined : faultIn(path, check);
      return text === undefined ? [] : [{ place: `issuers.${name}.${key}`, text }];
    };
    return [
      ...at('keysFile', keys.kind === 'file' ? keys.path : undefined, keySetFault),
      ...at('ca', ca, pemFault),
      ...at('bearerFile', bearerFile, (text) => (text.trim() === '' ? 'names a file that is empty' : undefined)),
    ];
  });
}

function faultIn(path: string, check: (text: string) => string | undefined): string | undefined {
  try {
    return check(readFileSync(path, 'utf8'));
  } catch (error) {
    return faultOf(error);
  }
}

function keySetFault(text: string): string | undefined {
  const set = readKeySet(text);
  if ('problem' in set) return `names a file that ${set.problem}`;
  return set.keys.length > 0 ? undefined : `names a file without a key that can be used`;
}

function pemFault(text: string): string | undefined {
  trustOf(text);
  return undefined;
}
