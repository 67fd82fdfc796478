import type { LocalLimits } from '../../../src/enforce/local-limits.ts';
import type { ProxyServer } from '../../http1/server/server.ts';
import type { ActiveClients } from '../clients/active-clients.ts';
import { changeFields } from '../clients/client-changes.ts';
import { problemText } from '../config/problem-text.ts';
import type { OnReload } from '../config/reload.ts';
import type { Log } from '../log/log.ts';
import type { Telemetry } from '../ops/telemetry.ts';
import type { ActiveTokens } from '../token/active-tokens.ts';
import type { TokenHolder } from '../token/token-holder.ts';
import { otherCredentials } from '../token/tokens-problems.ts';
import type { makeSentry } from './sentry.ts';
import { countsOf } from './start-lines.ts';

/** The parts of a running proxy that a changed file can change. */
interface Reloadable {
  readonly log: Log;
  readonly activeClients: ActiveClients;
  readonly local: LocalLimits;
  readonly tokens: ActiveTokens | undefined;
  readonly sentry: ReturnType<typeof makeSentry>;
  readonly token: TokenHolder;
  readonly server: ProxyServer;
  readonly telemetry: Telemetry | undefined;
}

/** Takes over what changed files say, and logs it with what is wrong. */
export function reloader({
  log,
  activeClients,
  local,
  tokens,
  sentry,
  token,
  server,
  telemetry,
}: Reloadable): OnReload {
  return async ({ group, config, problems, isAsked }) => {
    for (const problem of problems) log('error', 'reload', { error: problemText(problem) });
    if (config === undefined) return;
    const taken = await activeClients.take(config, isAsked && group === 'clients');
    const ofTokens = (await tokens?.take(config, otherCredentials(config, activeClients.digests))) ?? [];
    for (const problem of [...taken.problems, ...ofTokens]) log('error', 'reload', { error: problemText(problem) });
    local.retain(activeClients.names);
    telemetry?.clientsAre(activeClients.clients);
    sentry.take(config);
    token.reconfigure(config.token);
    if (config.tls !== undefined) server.setSecureContext(config.tls);
    // The line would look like a success, if all that changed is a file that is bad.
    const isNews = taken.problems.length === 0 || taken.isChanged;
    const changes = changeFields(taken.changes);
    const areNamed = Object.values(changes).some((names) => names !== undefined);
    // After a signal another line reports the end of it all.
    if (isNews && (areNamed || !isAsked)) log('info', 'reload', { ...countsOf(activeClients), ...changes });
  };
}
