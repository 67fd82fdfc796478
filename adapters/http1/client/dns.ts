import { type LookupAddress, lookup } from 'node:dns';

/** Milliseconds for which an answer of the resolver is used again without another query. */
const FRESH = 100;
/** Milliseconds for a lookup before the last good answer is used instead. */
const SLOW = 300;
/** Milliseconds for which an answer may replace a slow or failing lookup. */
const STALE = 5 * 60_000;

type Done = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/** Calls back with all addresses of a host, in the resolver's order; at once if they are fresh. */
export type Resolve = (done: Done) => void;

/**
 * Makes a lookup of one host name by the system's resolver. A change of its addresses is seen within 0.1 s.
 *
 * getaddrinfo blocks one of a few threads, and sends a query to the DNS server each time. So an answer serves for 0.1 s,
 * concurrent lookups share one call, and once there was an answer, a slow call delays no request for long: the last
 * answer is used instead.
 */
export function makeResolver(host: string): Resolve {
  let waiting: Done[] = [];
  let known: { readonly addresses: readonly LookupAddress[]; readonly at: number } | undefined;

  const knownFor = (age: number): readonly LookupAddress[] | undefined =>
    known !== undefined && performance.now() - known.at < age ? known.addresses : undefined;

  const query = (): void =>
    lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
      const all = waiting;
      waiting = [];
      if (error === null) known = { addresses, at: performance.now() };
      // If the name no longer exists, its last answer is void. If the resolver fails, that says nothing about the name.
      if (error?.code === 'ENOTFOUND') known = undefined;
      const stale = error?.code === 'EAI_AGAIN' ? knownFor(STALE) : undefined;
      for (const one of all) one(stale === undefined ? error : null, stale ?? addresses);
    });

  return (done) => {
    const fresh = knownFor(FRESH);
    if (fresh !== undefined) {
      done(null, fresh);
      return;
    }
    const timer = setTimeout(() => {
      const stale = knownFor(STALE);
      if (stale !== undefined) answer(null, stale);
    }, SLOW);
    timer.unref();
    let isAnswered = false;
    const answer: Done = (error, addresses) => {
      if (isAnswered) return;
      isAnswered = true;
      clearTimeout(timer);
      done(error, addresses);
    };
    waiting.push(answer);
    if (waiting.length === 1) query();
  };
}
