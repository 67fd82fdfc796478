import { isLocal } from '../../http1/server/listen-address.ts';
import type { ActiveClients } from '../clients/active-clients.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';

/** Logs what is worth knowing about the configuration. */
export function logDoubts(log: Log, config: Config, warnings: readonly string[], isOpen: boolean): void {
  if (isOpen && !config.allowAnyClient && !isLocal(config.listen)) {
    log('warn', 'open', {
      message:
        'Everyone who can reach this port acts on Sentry with the token: neither clients nor alias tokens are set.',
    });
  }
  for (const warning of warnings) log('warn', 'setting', { message: warning });
  const doubts = config.token.kind === 'system' ? config.token.connInfo.warnings : [];
  for (const warning of doubts) log('warn', 'database', { message: warning });
}

/** How many credentials there are, for the log. */
export const countsOf = ({ aliases, names }: ActiveClients) => ({ alias_tokens: aliases, clients: names.size });
