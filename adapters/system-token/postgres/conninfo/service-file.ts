import { join } from 'node:path';
import { fileFault } from '../../file-fault.ts';
import { homeOf, readNow } from './files.ts';
import { put, type Setting, type Settings } from './settings.ts';
import type { Environment } from './types.ts';

/** The settings of a service, as libpq's parseServiceInfo() finds them: in the user's file, then in the system's. */
export function readService(
  service: Setting,
  file: Setting | undefined,
  environment: Environment,
  problems: string[],
): Settings {
  const paths = file ? [file.value] : [join(homeOf(environment), '.pg_service.conf')];
  if (environment.PGSYSCONFDIR) paths.push(join(environment.PGSYSCONFDIR, 'pg_service.conf'));
  for (const path of paths) {
    let text: string;
    try {
      text = readNow(path);
    } catch (error) {
      if (file?.value !== path) continue;
      problems.push(`${file.label} names a file that could not be read (${fileFault(error, path)})`);
      return new Map();
    }
    const settings = parseServiceFile(text, service.value, problems);
    if (settings) return settings;
  }
  problems.push(`${service.label} names a service that no service file has`);
  return new Map();
}

function parseServiceFile(text: string, name: string, problems: string[]): Settings | undefined {
  let settings: Settings | undefined;
  let isInside = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (settings) break;
      isInside = line === `[${name}]`;
      if (isInside) settings = new Map();
      continue;
    }
    if (!isInside || !settings) continue;
    const [, key, value] = /^([^=]*?)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (!key) problems.push(`line ${index + 1} of the service file is not key=value`);
    else if (key === 'service' || key === 'servicefile')
      problems.push(`line ${index + 1} of the service file nests services`);
    else if (!settings.has(key === 'database' ? 'dbname' : key)) put(settings, key, value!);
  }
  for (const [key, setting] of settings ?? []) {
    settings!.set(key, { ...setting, label: `${setting.label} in the service file` });
  }
  return settings;
}
