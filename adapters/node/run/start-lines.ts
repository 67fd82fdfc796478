import { isLocal } from '../../http1/listen/listen-address.ts';
import type { ActiveClients } from '../clients/active-clients.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import { originOf } from '../token/token-origin.ts';

/** Logs what is worth knowing about the configuration. */
export function logDoubts(log: Log, config: Config, warnings: readonly string[], isOpen: boolean): void {
  if (isOpen && !config.allowAnyClient && !isLocal(config.listen)) {
    log('warn', 'open', {
      message:
        'Everyone who can reach this port acts on Sentry with the token: neither clients nor alias tokens are set.',
    });
  }
  for (const warning of warnings) log('warn', 'setting', { message: warning });
  for (const warning of originOf(config.token).warnings) log('warn', 'database', { message: warning });
}

/** How many credentials there are, for the log. */
export const countsOf = ({ aliases, names }: ActiveClients) => ({ alias_tokens: aliases, clients: names.size });
