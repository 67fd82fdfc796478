import { userInfo } from 'node:os';
import { join } from 'node:path';
import { checkPassfile } from '../passfile.ts';
import { homeOf } from './files.ts';
import { resolveHosts } from './hosts.ts';
import { lookupIn } from './lookup.ts';
import type { Settings } from './settings.ts';
import { resolveTls } from './tls.ts';
import { type ConnInfo, type Environment, SESSION_ATTRS } from './types.ts';

const APPLICATION_NAME = 'sentry-api-proxy';

/** The parameters of a connection, from settings and libpq's defaults. Problems are added to `problems`. */
export function resolve(settings: Settings, environment: Environment, problems: string[]): ConnInfo {
  const lookup = lookupIn(settings, problems);
  const { get, choose, complain } = lookup;
  const hosts = resolveHosts(lookup);
  const user = get('user') ?? systemUser();
  if (user === undefined)
    complain('user', 'is not set, and the operating system has no name for the user of this process');
  if (choose('gssencmode', ['disable', 'prefer', 'require']) === 'require')
    complain('gssencmode', 'cannot be require: GSSAPI is not supported');

  const tls = resolveTls(lookup, environment);
  if (tls.sslmode === 'verify-full' && hosts.some(({ host }) => host === '')) {
    complain('sslmode', 'is verify-full, which needs a host to verify in addition to hostaddr');
  }

  const timeout = get('connect_timeout');
  if (timeout !== undefined && !/^-?\d{1,6}$/.test(timeout))
    complain('connect_timeout', 'is not a whole number of seconds');

  const options = parseOptions(get('options') ?? '');
  const passfile = get('passfile') ?? join(homeOf(environment), '.pgpass');
  const passfileWarning =
    get('password') === undefined ? checkPassfile(passfile, get('passfile') !== undefined) : undefined;
  return {
    hosts,
    user: user ?? '',
    database: get('dbname') ?? user ?? '',
    password: get('password'),
    passfile,
    ...tls,
    channelBinding: choose('channel_binding', ['disable', 'prefer', 'require']) === 'require',
    targetSessionAttrs: choose('target_session_attrs', SESSION_ATTRS) ?? 'any',
    applicationName: get('application_name') ?? get('fallback_application_name') ?? APPLICATION_NAME,
    connectTimeout: Number(timeout ?? 0) > 0 ? Number(timeout) : undefined,
    searchPath: get('search_path') ?? options.get('search_path'),
    role: get('role') ?? options.get('role'),
    warnings: passfileWarning === undefined ? [] : [passfileWarning],
  };
}

/** The server's command line options, `-c name=value` and `--name=value`. Others have no effect. */
function parseOptions(options: string): Map<string, string> {
  const words = (options.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1'));
  const parameters = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const assignment = words[index - 1] === '-c' ? word : /^(?:-c|--)(.+)$/s.exec(word)?.[1];
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment ?? '') ?? [];
    if (name !== undefined) parameters.set(name.toLowerCase().replaceAll('-', '_'), value!);
  }
  return parameters;
}

function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
