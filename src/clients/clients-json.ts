import type { Scope } from '../policy/sentry/scopes.ts';

/** A clients file as an object. `docs/clients.md` explains its keys; `clients.schema.json` holds the same for editors. */
export interface ClientsFileJson {
  readonly $schema?: string | undefined;
  /** At least one. */
  readonly clients: readonly ClientJson[];
  /** What becomes of a request that no client sent. Default: `bypass`. */
  readonly unmatched?: 'bypass' | 'reject' | undefined;
}

/** A client: its rights, and either the organizations or the projects that it may reach. */
export type ClientJson = ClientRights & (WithinOrganizations | WithinProjects);

interface ClientRights {
  /** Goes into logs and metrics; unique. */
  readonly name: string;
  /** `sha256:` and the digest of the token in hex, or the token itself; a list while tokens are exchanged. */
  readonly token: string | readonly string[];
  /** Sentry's scopes; `readonly` means all that end in `:read`, `*` all endpoints that hold no secrets. */
  readonly scopes?: readonly (Scope | 'readonly' | '*')[] | undefined;
  /** Requests that are given beside the scopes: `METHOD /path`. */
  readonly allow?: readonly string[] | undefined;
  /** Requests that are taken away, whatever gives them. */
  readonly deny?: readonly string[] | undefined;
  /** Requests per second, minute or hour, like `300/min`. */
  readonly rate?: string | undefined;
  /** Requests at a time. */
  readonly concurrency?: number | undefined;
  /** A date, to the end of that day in UTC, or a time as in RFC 3339. */
  readonly expires?: string | undefined;
  /** The token of the tokens file that its requests are sent with. Default: the least powerful one that will do. */
  readonly sentryToken?: string | undefined;
  /** `observe`: what would be refused is logged and let through. Default: `enforce`. */
  readonly mode?: 'enforce' | 'observe' | undefined;
}

interface WithinOrganizations {
  /** Organizations by slug or numeric id, or `['*']` for all. */
  readonly orgs: readonly string[];
  readonly projects?: undefined;
}

interface WithinProjects {
  /** Projects as `organization/project`, each by slug or numeric id. */
  readonly projects: readonly string[];
  readonly orgs?: undefined;
}
