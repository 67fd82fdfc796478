import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';

/** Milliseconds that a look-up may take before the answer that was good last time is used instead. */
const PATIENCE = 300;
/** Milliseconds for which an answer may stand in for a slow or failing look-up. */
const STALE = 5 * 60_000;

type Done = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

interface Name {
  waiting: Done[];
  known?: { addresses: LookupAddress[]; at: number };
}

const names = new Map<string, Name>();

/**
 * The addresses of a host, asked afresh of the system's resolver, so that a change is seen by the next request.
 *
 * getaddrinfo blocks one of a few threads. So look-ups of one name that are under way at the same time are one, and a
 * slow one holds up nobody for long once there has been an answer: the last one stands in.
 *
 * Of the form that `net.connect` takes for its option `lookup`, with all addresses.
 */
export function lookupAll(host: string, _options: LookupOptions, done: Done): void {
  const name: Name = names.get(host) ?? { waiting: [] };
  names.set(host, name);

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
  }, PATIENCE);

  name.waiting.push(answer);
  if (name.waiting.length > 1) return;
  lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
    const { waiting } = name;
    name.waiting = [];
    if (error === null) name.known = { addresses, at: Date.now() };
    // A name that is gone is gone; a resolver that is out of order is not the name's end.
    const stale = error?.code === 'EAI_AGAIN' ? lastKnown(name) : undefined;
    for (const one of waiting) one(stale === undefined ? error : null, stale ?? addresses);
  });
}

function lastKnown(name: Name): LookupAddress[] | undefined {
  const { known } = name;
  return known !== undefined && Date.now() - known.at < STALE ? known.addresses : undefined;
}
