// Loaded into the proxy before it starts: the system's resolver, as the file RESOLVER_SCRIPT says at each lookup.
import dns, { type LookupAddress } from 'node:dns';
import { appendFileSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

export interface ResolverScript {
  addresses?: LookupAddress[];
  /** Of the failure, if it should fail. */
  code?: string;
  /** Milliseconds. */
  delay?: number;
}

type Done = (error: Error | null, addresses: LookupAddress[]) => void;

const path = process.env.RESOLVER_SCRIPT;
if (path !== undefined) {
  const { lookup } = dns;
  const scripted = (host: string, options: object, done: Done) => {
    if (isIP(host) !== 0) return lookup(host, options, done as never);
    appendFileSync(`${path}.asked`, `${host}\n`);
    const { addresses = [], code, delay = 0 }: ResolverScript = JSON.parse(readFileSync(path, 'utf8'));
    const error = code === undefined ? null : Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code });
    setTimeout(() => done(error, addresses), delay);
  };
  dns.lookup = scripted as typeof dns.lookup;
  syncBuiltinESMExports();
}
