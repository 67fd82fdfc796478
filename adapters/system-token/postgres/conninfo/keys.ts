import type { Settings } from './settings.ts';
import type { Environment } from './types.ts';

/** Keys by libpq's variables, https://www.postgresql.org/docs/current/libpq-envars.html */
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

/** The variables that complete a connection string. */
export const PG_VARIABLES: readonly string[] = Object.keys(VARIABLES);

/** Keys that would make a connection safer, so ignoring them would be worse than refusing them. */
const UNSUPPORTED = new Set(['require_auth', 'requirepeer', 'sslcrl', 'sslcrldir', 'sslcertmode', 'replication']);

/** Keys that have an effect. */
const UNDERSTOOD = new Set([
  ...Object.values(VARIABLES).filter((key) => !UNSUPPORTED.has(key)),
  'fallback_application_name',
  'search_path',
  'role',
]);

/** Keys of libpq and pgx without effect on one short query, and run-time parameters that do not change its result. */
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

/** Adds a problem if the key may not be set. */
export function checkKey(key: string, label: string, problems: string[]): void {
  if (UNSUPPORTED.has(key)) problems.push(`${label} is not supported`);
  else if (key === 'ssl') problems.push(`${label} can only be true`);
  else if (!UNDERSTOOD.has(key) && !WITHOUT_EFFECT.has(key.toLowerCase()) && !key.startsWith('pool_')) {
    problems.push(`${label} is not a key that is known`);
  }
}

/** The settings from libpq's variables. */
export function readVariables(environment: Environment): Settings {
  const settings: Settings = new Map();
  for (const [variable, key] of Object.entries(VARIABLES)) {
    const value = environment[variable];
    if (value) settings.set(key, { value, label: variable });
  }
  return settings;
}
