import type { Problem } from '../../../src/config/values.ts';
import type { Settings } from '../config.ts';

/** A service binding, or one of Workers VPC. */
interface Fetcher {
  fetch: typeof fetch;
}

/**
 * How requests reach Sentry: through the binding `SENTRY` if there is one, which reaches a Sentry without a public
 * address, otherwise with the global `fetch`. A binding that can't be used is a problem: the token must not go to a
 * public address by mistake.
 */
export function fetchOf({ SENTRY: binding }: Settings, problems: Problem[]): typeof fetch {
  if (binding === undefined) return (...request) => fetch(...request);
  if (isFetcher(binding)) return (...request) => binding.fetch(...request);
  problems.push({ variable: 'SENTRY', text: 'is not a binding that has fetch; bind a service or a VPC service to it' });
  return fetch;
}

const isFetcher = (value: unknown): value is Fetcher =>
  value instanceof Object && 'fetch' in value && typeof value.fetch === 'function';
