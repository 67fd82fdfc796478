import type { LimitStore, LocalLimits } from '../../../src/enforce/local-limits.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import type { Telemetry } from '../ops/telemetry.ts';

/** The library that speaks to a shared store is loaded only where there is one. */
export async function limitStoreOf(
  { limitStore }: Config,
  local: LocalLimits,
  log: Log,
  telemetry: Telemetry | undefined,
): Promise<LimitStore> {
  if (limitStore === undefined) return local;
  telemetry?.metrics.clients.limitStoreIs(false);
  const { SharedLimits } = await import('../limits/shared-limits.ts');
  return new SharedLimits(limitStore, local, (state) => {
    const isUp = state.state === 'up';
    log(isUp ? 'info' : 'warn', 'limit_store', state);
    telemetry?.metrics.clients.limitStoreIs(isUp);
  });
}
