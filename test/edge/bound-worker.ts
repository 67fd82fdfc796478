import { type BoundServices, startWorkerd } from '../contract/edge-workerd.ts';
import type { RunningTarget } from '../contract/targets.ts';
import { builtWorker } from '../support/builds.ts';

const worker = await builtWorker();

/** Runs the Worker with these bindings for one exchange. Those that are undefined are left out. */
export async function withBindings(
  bindings: Record<string, unknown>,
  bound: BoundServices,
  use: (target: RunningTarget) => Promise<void>,
): Promise<void> {
  const present = Object.entries(bindings).filter(([, value]) => value !== undefined);
  const target = await startWorkerd(worker, Object.fromEntries(present), bound);
  try {
    await use(target);
  } finally {
    await target.stop();
  }
}
