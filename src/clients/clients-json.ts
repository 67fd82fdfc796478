import type { Scope } from '../policy/sentry/scopes.ts';

/** A clients file as an object. `docs/clients-reference.md` explains its keys; `clients.schema.json` describes it for editors. */
export interface ClientsFileJson {
  readonly $schema?: string | undefined;
  /** The issuers whose tokens may identify clients, by name. */
  readonly issuers?: Readonly<Record<string, IssuerJson>> | undefined;
  /** At least one. */
  readonly clients: readonly ClientJson[];
  /** The handling of a request without a known token. Default: `bypass`. */
  readonly unmatched?: 'bypass' | 'reject' | undefined;
}

/** An issuer of OpenID Connect tokens: GitHub, GitLab, a Kubernetes cluster and others. */
interface IssuerJson {
  /** The `iss` of its tokens, compared character by character. */
  readonly url: string;
  /** One of these has to be in `aud` of a token. */
  readonly audience: string | readonly string[];
  /** The URL of its keys. Default: the one that `/.well-known/openid-configuration` below `url` names. */
  readonly jwks?: string | undefined;
  /** The path of a file with its keys, a JSON Web Key Set. On Node only. */
  readonly keysFile?: string | undefined;
  /** Its keys: a JSON Web Key Set. */
  readonly keys?: { readonly keys: readonly object[] } | undefined;
  /** The path of a file with the certificate authorities to trust when keys are fetched, in PEM. On Node only. */
  readonly ca?: string | undefined;
  /** The path of a file with the bearer token to send when keys are fetched. On Node only. */
  readonly bearerFile?: string | undefined;
}

/** The tokens of an issuer that identify a client: those with all of these claims. */
interface IdentityJson {
  /** The name of an issuer. */
  readonly issuer: string;
  /**
   * The value of each claim, or a list of allowed values. A name that starts with a slash is a JSON pointer. In a
   * string, `*` matches any characters except `/` and `:`.
   */
  readonly claims: Readonly<Record<string, ClaimValueJson | readonly ClaimValueJson[]>>;
}

type ClaimValueJson = string | number | boolean;

/** A client: how it is known, its rights, and either the organizations or the projects that it may reach. */
export type ClientJson = ClientRights & (KnownByToken | KnownByIdentity) & (WithinOrganizations | WithinProjects);

/** `sha256:` and the digest of the token in hex, or the token itself; a list while you rotate tokens. */
type TokenJson = string | readonly string[];

interface KnownByToken {
  readonly token: TokenJson;
  /** Tokens of issuers that identify the client as well. */
  readonly identity?: IdentityJson | readonly IdentityJson[] | undefined;
}

interface KnownByIdentity {
  /** The tokens of issuers that identify the client: any of these. */
  readonly identity: IdentityJson | readonly IdentityJson[];
  readonly token?: TokenJson | undefined;
}

interface ClientRights {
  /** Appears in logs and metrics; unique. */
  readonly name: string;
  /** Sentry's scopes; `readonly` means all that end in `:read`, `*` all endpoints without secrets. */
  readonly scopes?: readonly (Scope | 'readonly' | '*')[] | undefined;
  /** Requests that are granted in addition to the scopes: `METHOD /path`. */
  readonly allow?: readonly string[] | undefined;
  /** Requests that are refused, even if a scope or rule grants them. */
  readonly deny?: readonly string[] | undefined;
  /** Requests per second, minute or hour, like `300/min`. */
  readonly rate?: string | undefined;
  /** Requests at a time. */
  readonly concurrency?: number | undefined;
  /** A date, to the end of that day in UTC, or a time as in RFC 3339. */
  readonly expires?: string | undefined;
  /** The token of the tokens file for its requests. Default: the proxy chooses one for each request. */
  readonly sentryToken?: string | undefined;
  /** `observe`: requests that would be refused are logged and forwarded. Default: `enforce`. */
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
