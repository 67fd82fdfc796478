import { listen, listenFault } from '../../http1/listen/listen.ts';
import type { ListenAddress } from '../../http1/listen/listen-address.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import type { AdminOptions } from '../ops/admin.ts';
import type { Readiness } from '../ops/readiness.ts';
import type { Telemetry } from '../ops/telemetry.ts';
import type { TokenHolder } from '../token/token-holder.ts';

/** Ends the program, since it cannot listen. */
export function cannotListen(error: unknown, address: ListenAddress, flag: string): never {
  process.stderr.write(`sentry-api-proxy: ${listenFault(error, address, flag)}\n`);
  process.exit(1);
}

/** The parts of the admin listener. */
interface AdminParts extends AdminOptions {
  readonly token: TokenHolder;
  readonly readiness: Readiness;
  readonly log: Log;
}

/** Loaded only where there is an admin listener: the proxy itself starts without any of it. */
export async function startAdmin(
  address: NonNullable<Config['adminListen']>,
  { capacity, allowedHosts, token, readiness, log }: AdminParts,
): Promise<{ telemetry: Telemetry; address: string }> {
  const [{ makeAdmin }, { Telemetry }] = await Promise.all([import('../ops/admin.ts'), import('../ops/telemetry.ts')]);
  const telemetry = new Telemetry(token, readiness);
  const { listener } = makeAdmin(telemetry, readiness, {
    capacity,
    // No page in a browser reaches a Unix socket.
    allowedHosts: 'path' in address ? undefined : allowedHosts,
  });
  const where = await listen(listener, address, false).catch((error: unknown) =>
    cannotListen(error, address, 'admin-listen'),
  );
  listener.on('error', (error: NodeJS.ErrnoException) => log('error', 'accept', { error: error.code }));
  return { telemetry, address: where };
}
