import type { LimitStore, LocalLimits } from '../../src/enforce/local-limits.ts';
import type { Settings } from './config.ts';

/** A Rate Limiting binding of Workers. Its own configuration sets the limit and the period for each key. */
interface RateLimiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** The longer of the two periods that such a binding can have, in seconds. */
const LONGEST_PERIOD = 60;

/** The binding for one client, or for all clients that have a rate. */
const namesOf = (client: string): readonly string[] => [
  `CLIENT_RATE_${client.toUpperCase().replaceAll('-', '_')}`,
  'CLIENT_RATE',
];

/**
 * Limits for isolates that each count for themselves. If a Rate Limiting binding is bound for a client, it counts the
 * client's rate, which a whole Cloudflare location shares.
 */
export function bindingLimits(settings: Settings, local: LocalLimits): LimitStore {
  const isBound = Object.keys(settings).some((name) => name === 'CLIENT_RATE' || name.startsWith('CLIENT_RATE_'));
  if (!isBound) return local;
  return {
    async acquire(name, limits) {
      const limiter = namesOf(name)
        .map((binding) => settings[binding])
        .find(isRateLimiter);
      if (limits.rate === undefined || limiter === undefined) return local.acquire(name, limits);
      const taken = local.acquire(name, { concurrency: limits.concurrency });
      if (!taken.ok) return taken;
      // Without an answer this isolate's own count decides, as it would without a binding.
      const answer = await limiter.limit({ key: name }).catch(() => undefined);
      if (answer?.success === true) return taken;
      taken.release();
      if (answer === undefined) return local.acquire(name, limits);
      return { ok: false, over: 'rate', retryAfterSeconds: Math.min(limits.rate.seconds, LONGEST_PERIOD) };
    },
  };
}

const isRateLimiter = (value: unknown): value is RateLimiter =>
  typeof value === 'object' && value !== null && 'limit' in value && typeof value.limit === 'function';
