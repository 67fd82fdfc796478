import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';

/** Milliseconds for a look-up before the last good answer is used instead. */
const SLOW = 300;
/** Milliseconds for which an answer may replace a slow or failing look-up. */
const STALE = 5 * 60_000;

type Done = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** A function for `net.connect`'s option `lookup`, with all addresses. */
export type Lookup = (host: string, options: LookupOptions, done: Done) => void;

interface Name {
  waiting: Done[];
  known?: { addresses: LookupAddress[]; at: number };
}

/**
 * Makes a look-up of host names that asks the system's resolver each time, so that the next request sees a change.
 *
 * getaddrinfo blocks one of a few threads. So concurrent look-ups of one name share one call, and once there was an
 * answer, a slow call delays no request for long: the last answer is used instead.
 */
export function makeLookup(): Lookup {
  const names = new Map<string, Name>();
  return (host, _options, done) => {
    const name: Name = names.get(host) ?? { waiting: [] };
    names.set(host, name);
    lookUp(host, name, done);
  };
}

function lookUp(host: string, name: Name, done: Done): void {
  let isAnswered = false;
  const answer: Done = (error, addresses) => {
    if (isAnswered) return;
    isAnswered = true;
    clearTimeout(timer);
    done(error, addresses);
  };
  const timer = setTimeout(() => {
    const stale = lastKnown(name);
    if (stale !== undefined) answer(null, stale);
  }, SLOW);

  name.waiting.push(answer);
  if (name.waiting.length > 1) return;
  lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
    const { waiting } = name;
    name.waiting = [];
    if (error === null) name.known = { addresses, at: Date.now() };
    // If the name no longer exists, its last answer is void. If the resolver fails, that says nothing about the name.
    const stale = error?.code === 'EAI_AGAIN' ? lastKnown(name) : undefined;
    for (const one of waiting) one(stale === undefined ? error : null, stale ?? addresses);
  });
}

function lastKnown(name: Name): LookupAddress[] | undefined {
  const { known } = name;
  return known !== undefined && Date.now() - known.at < STALE ? known.addresses : undefined;
}
