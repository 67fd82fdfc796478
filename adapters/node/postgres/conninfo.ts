import { accessSync, constants, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { checkPassfile } from './passfile.ts';

/** Where and how to connect to PostgreSQL. Holds a password: never log it. */
export interface ConnInfo {
  /** In the order in which they are tried; never empty. */
  readonly hosts: readonly ConnHost[];
  readonly user: string;
  readonly database: string;
  /** Undefined: look into the passfile. */
  readonly password: string | undefined;
  readonly passfile: string | undefined;
  readonly sslmode: SslMode;
  readonly sslnegotiation: 'postgres' | 'direct';
  readonly sslsni: boolean;
  /** A file, or `system`. */
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  readonly sslpassword: string | undefined;
  readonly sslMinVersion: TlsVersion | undefined;
  readonly sslMaxVersion: TlsVersion | undefined;
  readonly channelBinding: boolean;
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly applicationName: string;
  /** Seconds for each host; undefined: the default, for all hosts together. */
  readonly connectTimeout: number | undefined;
  /** The two run-time parameters that decide what a query finds. */
  readonly searchPath: string | undefined;
  readonly role: string | undefined;
  /** What is not wrong enough to stop for, and worth knowing once a connection fails. */
  readonly warnings: readonly string[];
}

export interface ConnHost {
  /** A name, an address, or the folder of a Unix socket, which starts with a slash. */
  readonly host: string;
  /** The address to use instead of looking the name up. */
  readonly hostaddr: string | undefined;
  readonly port: number;
}

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

const SESSION_ATTRS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
export type TargetSessionAttrs = (typeof SESSION_ATTRS)[number];

const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
type TlsVersion = (typeof TLS_VERSIONS)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** libpq's table of variables, https://www.postgresql.org/docs/current/libpq-envars.html */
const VARIABLES: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGPASSFILE: 'passfile',
  PGDATABASE: 'dbname',
  PGSERVICE: 'service',
  PGSERVICEFILE: 'servicefile',
  PGSSLMODE: 'sslmode',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGSSLSNI: 'sslsni',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLPASSWORD: 'sslpassword',
  PGSSLMINPROTOCOLVERSION: 'ssl_min_protocol_version',
  PGSSLMAXPROTOCOLVERSION: 'ssl_max_protocol_version',
  PGCHANNELBINDING: 'channel_binding',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGAPPNAME: 'application_name',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGOPTIONS: 'options',
  PGGSSENCMODE: 'gssencmode',
  PGREQUIREAUTH: 'require_auth',
  PGREQUIREPEER: 'requirepeer',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
};

/** Keys that would make a connection safer: to ignore them would be worse than to refuse them. */
const UNSUPPORTED = new Set(['require_auth', 'requirepeer', 'sslcrl', 'sslcrldir', 'sslcertmode', 'replication']);

const UNDERSTOOD = new Set([
  ...Object.values(VARIABLES).filter((key) => !UNSUPPORTED.has(key)),
  'fallback_application_name',
  'search_path',
  'role',
]);

/** Keys of libpq and pgx that mean nothing to one short query, and run-time parameters that do not change its result. */
const WITHOUT_EFFECT = new Set([
  'client_encoding',
  'connect_retry_interval',
  'default_query_exec_mode',
  'description_cache_capacity',
  'gssdelegation',
  'gsslib',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'krbspn',
  'krbsrvname',
  'load_balance_hosts',
  'max_protocol_version',
  'min_protocol_version',
  'min_read_buffer_size',
  'prefer_simple_protocol',
  'sslcompression',
  'sslkeylogfile',
  'statement_cache_capacity',
  'statement_cache_mode',
  'tcp_user_timeout',
  // Run-time parameters, which pgx sends as such.
  'client_min_messages',
  'datestyle',
  'extra_float_digits',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'intervalstyle',
  'lock_timeout',
  'standard_conforming_strings',
  'statement_timeout',
  'timezone',
]);

/** Where libpq's packages and its source have the server's socket, and then the network. */
const DEFAULT_HOSTS = ['/var/run/postgresql', '/tmp', 'localhost'];
const DEFAULT_PORT = 5432;
const APPLICATION_NAME = 'sentry-api-proxy';

/** A value and what to call it when it is wrong. */
interface Setting {
  readonly value: string;
  readonly label: string;
}
type Settings = Map<string, Setting>;

/**
 * Reads a connection string as libpq does, with what pgx adds to it: a URI, or keywords and values, or nothing.
 * What it leaves open comes from the service file, then from the `PG*` variables, then from libpq's defaults.
 *
 * Reads the service file, and looks whether the other files that are named can be used; connects to nothing.
 *
 * @returns all that is wrong, each a sentence that quotes no value; or what to connect to
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
    // It would end the value in the start-up message, and what follows it would be another parameter.
    if (value.includes('\0')) problems.push(`${label} has a NUL character in it`);
  }
  const info = resolve(settings, environment, problems);
  return problems.length === 0 ? { info } : { problems };
}

function checkKey(key: string, label: string, problems: string[]): void {
  if (UNSUPPORTED.has(key)) problems.push(`${label} is not supported`);
  else if (key === 'ssl') problems.push(`${label} can only be true`);
  else if (!UNDERSTOOD.has(key) && !WITHOUT_EFFECT.has(key.toLowerCase()) && !key.startsWith('pool_')) {
    problems.push(`${label} is not a key that is known`);
  }
}

function readVariables(environment: Environment): Settings {
  const settings: Settings = new Map();
  for (const [variable, key] of Object.entries(VARIABLES)) {
    const value = environment[variable];
    if (value) settings.set(key, { value, label: variable });
  }
  return settings;
}

// ---- Connection strings ----

function parseText(text: string, problems: string[]): Settings {
  const uri = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text);
  if (uri) return parseUri(uri[1]!, problems);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    problems.push('a URI must start with postgresql:// or postgres://');
    return new Map();
  }
  return parseKeywords(text, problems);
}

/** libpq's conninfo_parse(): `key = value` or `key = 'value'`, in both of which a backslash takes the next one as it is. */
function parseKeywords(text: string, problems: string[]): Settings {
  const settings: Settings = new Map();
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found) position = pattern.lastIndex;
    return found;
  };
  for (let number = 1; position < text.length; number++) {
    const key = match(/([^\s=]+)\s*=\s*/y)?.[1];
    if (key === undefined) {
      // What stands there may be a piece of a password that lacks its quotes.
      problems.push(`item ${number} is not key=value (a value with spaces needs single quotes)`);
      break;
    }
    const quoted = text[position] === "'";
    const value = match(quoted ? /'((?:[^'\\]|\\.)*)'\s*/sy : /((?:[^\s\\]|\\.)*)\\?\s*/sy)?.[1];
    if (value === undefined) {
      problems.push(`the quoted value of item ${number} has no end`);
      break;
    }
    put(settings, key, value.replace(/\\(.)/gs, '$1'));
  }
  return settings;
}

/**
 * libpq's conninfo_uri_parse(), https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS, and
 * what Go's net/url, which pgx used until 5.9, takes beyond that: an `@` in the password, a `=` in a parameter's value.
 */
function parseUri(rest: string, problems: string[]): Settings {
  const settings: Settings = new Map();
  const set = (key: string, encoded: string): void => {
    const value = percentDecode(encoded.trim());
    if (value === undefined)
      problems.push(`${nameOf(key)} has a % in it that is not followed by two hex digits (write %25)`);
    else put(settings, key, value);
  };

  const beforePath = rest.slice(0, indexOrEnd(rest, /\//));
  const beforeQuery = beforePath.slice(0, indexOrEnd(beforePath, /\?/));
  const at = beforeQuery.includes('@') ? beforeQuery.lastIndexOf('@') : beforePath.lastIndexOf('@');
  if (at >= 0) {
    const [, user, password] = /^([^:]*):?(.*)$/s.exec(rest.slice(0, at))!;
    if (user) set('user', user);
    if (password) set('password', password);
  }

  const afterUser = rest.slice(at + 1);
  const hostsEnd = indexOrEnd(afterUser, /[/?]/);
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const one of afterUser.slice(0, hostsEnd).split(',')) {
    const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/s.exec(one) ?? [];
    if (bracketed === undefined && name === undefined) {
      problems.push(
        'host is not a name, an IPv4 address or a bracketed IPv6 address (percent-encode / ? # @ in a password)',
      );
      return settings;
    }
    hosts.push(bracketed ?? name!);
    ports.push(port ?? '');
  }
  if (hosts.some((host) => host !== '')) set('host', hosts.join(','));
  if (ports.some((port) => port !== '') || hosts.length > 1) set('port', ports.join(','));

  const [, database, query] = /^\/?([^?]*)\??(.*)$/s.exec(afterUser.slice(hostsEnd))!;
  if (database) set('dbname', database);
  for (const parameter of query!.split('&')) {
    if (parameter === '') continue;
    const equals = parameter.indexOf('=');
    const key = percentDecode(parameter.slice(0, Math.max(equals, 0)));
    if (!key) problems.push('a query parameter is not key=value (percent-encode & in a value)');
    else set(key, parameter.slice(equals + 1));
  }
  return settings;
}

function indexOrEnd(text: string, pattern: RegExp): number {
  const index = text.search(pattern);
  return index < 0 ? text.length : index;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function put(settings: Settings, key: string, value: string): void {
  // JDBC's spelling, which libpq takes in URIs.
  if (key === 'ssl' && value === 'true') settings.set('sslmode', { value: 'require', label: key });
  else settings.set(key === 'database' ? 'dbname' : key, { value, label: nameOf(key) });
}

/** A key may be a piece of a password that lacks its quotes: what does not look like a key is not repeated. */
function nameOf(key: string): string {
  return /^[a-z][a-z0-9_.]{0,62}$/i.test(key) ? key : 'something';
}

// ---- The service file ----

/** libpq's parseServiceInfo(): the user's file, then the system's. */
function readService(
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
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (file?.value !== path) continue;
      problems.push(`${file.label} names a file that could not be read (${codeOf(error)})`);
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

// ---- From settings to a connection ----

function resolve(settings: Settings, environment: Environment, problems: string[]): ConnInfo {
  const get = (key: string): string | undefined => settings.get(key)?.value || undefined;
  const complain = (key: string, text: string): void => {
    problems.push(`${settings.get(key)?.label ?? key} ${text}`);
  };
  const choose = <T extends string>(key: string, choices: readonly T[]): T | undefined => {
    const value = get(key);
    const chosen = choices.find((choice) => choice === value);
    if (value !== undefined && chosen === undefined) complain(key, `is none of ${choices.join(', ')}`);
    return chosen;
  };

  const hosts = resolveHosts(get, complain);
  const user = get('user') ?? systemUser();
  if (user === undefined)
    complain('user', 'is not set, and the operating system has no name for the user of this process');
  if (choose('gssencmode', ['disable', 'prefer', 'require']) === 'require')
    complain('gssencmode', 'cannot be require: there is no GSSAPI here');

  const tls = resolveTls(get, complain, choose, environment);
  if (tls.sslmode === 'verify-full' && hosts.some(({ host }) => host === '')) {
    complain('sslmode', 'is verify-full, which needs a host to verify besides hostaddr');
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

type Get = (key: string) => string | undefined;
type Complain = (key: string, text: string) => void;
type Choose = <T extends string>(key: string, choices: readonly T[]) => T | undefined;

function resolveHosts(get: Get, complain: Complain): ConnHost[] {
  const addresses = get('hostaddr')?.split(',');
  const names = get('host')?.split(',');
  const ports = get('port')?.split(',') ?? [''];
  if (addresses && names && addresses.length !== names.length) {
    complain('hostaddr', `has ${addresses.length} items where host has ${names.length}`);
  }
  const count = Math.max(addresses?.length ?? 0, names?.length ?? 0, 1);
  if (ports.length !== 1 && ports.length !== count) complain('port', `has ${ports.length} items for ${count} hosts`);
  if (addresses?.some((address) => address !== '' && isIP(address) === 0)) complain('hostaddr', 'is not an IP address');
  if (names?.some((name) => !name.startsWith('/') && /[\s/[\]@]/.test(name))) complain('host', 'is not a host name');

  const hosts: ConnHost[] = [];
  for (let i = 0; i < count; i++) {
    const digits = (ports.length === 1 ? ports[0] : ports[i])?.trim() || String(DEFAULT_PORT);
    const port = Number(digits);
    if (!/^\d{1,5}$/.test(digits) || port < 1 || port > 65_535) {
      complain('port', 'is not a number from 1 to 65535 (in a URI, percent-encode / ? # : in a password)');
    }
    const hostaddr = addresses?.[i] || undefined;
    const host = names?.[i] || undefined;
    if (host === undefined && hostaddr === undefined) {
      for (const name of DEFAULT_HOSTS) hosts.push({ host: name, hostaddr: undefined, port });
    } else {
      hosts.push({ host: host ?? '', hostaddr, port });
    }
  }
  return hosts;
}

function resolveTls(get: Get, complain: Complain, choose: Choose, environment: Environment) {
  // Only what exists is used of libpq's default files, and never counts as an error.
  const byDefault = (name: string): string | undefined => {
    const path = join(homeOf(environment), '.postgresql', name);
    return isReadable(path) ? path : undefined;
  };
  const sslrootcert = get('sslrootcert') ?? byDefault('root.crt');
  const sslcert = get('sslcert') ?? byDefault('postgresql.crt');
  const sslkey = get('sslkey') ?? byDefault('postgresql.key');
  const sslnegotiation = choose('sslnegotiation', ['postgres', 'direct']) ?? 'postgres';
  const chosen = choose('sslmode', SSL_MODES);
  let sslmode: SslMode = chosen ?? 'prefer';
  if (sslnegotiation === 'direct') {
    if (sslmode === 'prefer') sslmode = 'require';
    else if (sslmode === 'disable' || sslmode === 'allow')
      complain('sslnegotiation', `is direct, which sslmode=${sslmode} rules out`);
  }
  if (sslrootcert === 'system') sslmode = 'verify-full';
  // Documented as "for backwards compatibility": with a CA at hand, require verifies it.
  else if (sslmode === 'require' && sslrootcert !== undefined) sslmode = 'verify-ca';

  const read = (key: string, path: string | undefined): string | undefined => {
    if (path === undefined || path === 'system') return undefined;
    try {
      const pem = readFileSync(path, 'utf8');
      if (pem.includes('-----BEGIN ')) return pem;
      complain(key, 'names a file without PEM in it');
    } catch (error) {
      complain(key, `names a file that could not be read (${codeOf(error)})`);
    }
    return undefined;
  };
  const sslpassword = get('sslpassword');
  if (sslmode !== 'disable') {
    read('sslrootcert', sslrootcert);
    const cert = read('sslcert', sslcert);
    const key = read('sslkey', sslkey);
    if (get('sslcert') && !sslkey) complain('sslcert', 'needs a sslkey');
    if (get('sslkey') && !sslcert) complain('sslkey', 'needs a sslcert');
    if (cert !== undefined && key !== undefined && !isKeyPair(cert, key, sslpassword)) {
      complain('sslkey', 'does not belong to sslcert, or sslpassword does not open it');
    }
  }
  return {
    sslmode,
    sslnegotiation,
    sslsni: get('sslsni') !== '0',
    sslrootcert,
    sslcert: sslcert && sslkey ? sslcert : undefined,
    sslkey: sslcert && sslkey ? sslkey : undefined,
    sslpassword,
    sslMinVersion: choose('ssl_min_protocol_version', TLS_VERSIONS),
    sslMaxVersion: choose('ssl_max_protocol_version', TLS_VERSIONS),
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isKeyPair(cert: string, key: string, passphrase: string | undefined): boolean {
  try {
    createSecureContext({ cert, key, ...(passphrase !== undefined && { passphrase }) });
    return true;
  } catch {
    return false;
  }
}

/** The server's command line options, `-c name=value` and `--name=value`; others have no effect. */
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

function homeOf(environment: Environment): string {
  try {
    return environment.HOME || homedir();
  } catch {
    // A container's user who is in no passwd file has no home either.
    return '/';
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
