import { parseText } from './conninfo/connection-string.ts';
import { checkKey, readVariables } from './conninfo/keys.ts';
import { resolve } from './conninfo/resolve.ts';
import { readService } from './conninfo/service-file.ts';
import type { ConnInfo, Environment } from './conninfo/types.ts';

export type { ConnHost, ConnInfo, TargetSessionAttrs } from './conninfo/types.ts';

/**
 * Reads a connection string as libpq does, with pgx's additions: a URI, or keywords and values, or nothing. Settings
 * that it leaves out come from the service file, then from the `PG*` variables, then from libpq's defaults.
 *
 * Reads the service file, and checks if the other named files can be used. Connects to nothing.
 *
 * @returns every problem, each a sentence that quotes no value; or the parameters of the connection
 */
export function parseConnInfo(text: string, environment: Environment): { info: ConnInfo } | { problems: string[] } {
  const problems: string[] = [];
  const settings = new Map([...readVariables(environment)]);
  const given = parseText(text.trim(), problems);
  const service = given.get('service') ?? settings.get('service');
  const servicefile = given.get('servicefile') ?? settings.get('servicefile');
  for (const [key, setting] of service ? readService(service, servicefile, environment, problems) : []) {
    settings.set(key, setting);
  }
  for (const [key, setting] of given) settings.set(key, setting);

  for (const [key, { value, label }] of settings) {
    checkKey(key, label, problems);
    // It would end the value in the start-up message, and the rest would be another parameter.
    if (value.includes('\0')) problems.push(`${label} contains a NUL character`);
  }
  const info = resolve(settings, environment, problems);
  return problems.length === 0 ? { info } : { problems };
}
