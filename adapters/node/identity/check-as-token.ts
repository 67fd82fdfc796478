import { readFile } from 'node:fs/promises';
import { loadClients } from '../../../src/auth/client-registry.ts';
import { checkClaims, type Identified, matchClient, namesEvent, type Refusal } from '../../../src/identity/checks.ts';
import { matchesRule, valueAt } from '../../../src/identity/claims.ts';
import type { Issuer } from '../../../src/identity/issuer.ts';
import { IssuerKeys } from '../../../src/identity/keys/issuer-keys.ts';
import { Verifier } from '../../../src/identity/signature.ts';
import { issuerOf, type ParsedToken, parseToken } from '../../../src/identity/token.ts';
import type { Json } from '../../../src/json/members.ts';
import { type ClaimRule, isExpired } from '../../../src/policy/client.ts';
import { nodeKeyMeans } from '../../http1/client/key-access.ts';
import { BAD_CONFIGURATION } from '../cli/exit-codes.ts';
import { sha256 } from '../clients/active-clients.ts';
import type { Config } from '../config/config.ts';

const NO_CLIENT = 1;

/**
 * Says which client a token is, or which check fails, and which claims of each client. It sends no request, so it
 * verifies a signature only with keys from the clients file or from a key file. It shows no value of the token.
 * @param path of the file with the token
 * @param now milliseconds since 1970
 * @returns the exit code: 0 for a client, 1 for none, 2 if the file cannot be read
 */
export async function checkAsToken(path: string, config: Config, now: number): Promise<number> {
  let token: string;
  try {
    token = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    process.stderr.write(`sentry-api-proxy: the file with the token could not be read (${code})\n`);
    return BAD_CONFIGURATION;
  }
  const { lines, isClient } = await explain(token, config, now);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return isClient ? 0 : NO_CLIENT;
}

interface Explanation {
  readonly lines: readonly string[];
  readonly isClient: boolean;
}

const none = (...lines: string[]): Explanation => ({ lines, isClient: false });

async function explain(token: string, config: Config, now: number): Promise<Explanation> {
  const { clientsText, aliasTokens } = config;
  if (aliasTokens.includes(token)) {
    return { lines: ['an alias token: everything that the Sentry token may do'], isClient: true };
  }
  const loaded = clientsText === undefined ? undefined : await loadClients(clientsText, aliasTokens, sha256, now);
  if (loaded === undefined || !('registry' in loaded)) return none('no client: there is no clients file');
  const { byDigest, issuers, identified } = loaded.registry;
  const known = byDigest.get(sha256(token));
  if (known !== undefined) return clientText(known.name, 'by its token of the file', isExpired(known, now));

  const url = issuerOf(token);
  if (url === undefined) {
    return none('no client: neither a token of the file, nor a JSON Web Token of at most 8 KiB whose iss is a string');
  }
  const issuer = issuers.find((one) => one.url === url);
  if (issuer === undefined) return none(`no client: iss is not the url of any issuer${nearlyText(url, issuers)}`);
  const candidates = identified.flatMap((client) =>
    (client.identities ?? [])
      .filter((identity) => identity.issuer === issuer.name)
      .map((identity): Identified => ({ client, identity })),
  );
  return explainToken(token, issuer, candidates, now);
}

async function explainToken(
  text: string,
  issuer: Issuer,
  candidates: readonly Identified[],
  now: number,
): Promise<Explanation> {
  const refused = (refusal: Refusal, why: string, ...more: string[]) =>
    none(`refused: ${why}`, `the log and the metrics say: identity_refused, ${refusal}`, ...more);
  const token = parseToken(text);
  if (token === 'malformed') return refused(token, 'the token can be read in more than one way, or in none');
  if (token === 'algorithm') return refused(token, 'alg is not RS256, PS256, ES256, ES384 or EdDSA');

  const signature = await signatureOf(token, issuer);
  if (signature === 'key') return refused('key', `no key of ${issuer.name} fits kid and alg, or several do`);
  const fault = checkClaims(token.claims, issuer, now / 1000);
  if (fault !== undefined) return refused(fault, faultText(fault, issuer));
  const match = matchClient(token.claims, candidates);
  if ('refusal' in match) {
    const why =
      match.refusal === 'ambiguous'
        ? `the claims are those of ${match.names.join(' and ')}`
        : `no client of ${issuer.name} has these claims`;
    return refused(match.refusal, why, ...candidates.map((candidate) => failureText(candidate, token.claims)));
  }
  if (signature === 'bad') return refused('signature', `the signature was not made with that key of ${issuer.name}`);
  const how = `by a token of ${issuer.name}`;
  const explained = clientText(match.client.name, how, isExpired(match.client, now));
  const isUnchecked = signature === 'unchecked';
  const note = `provided that ${issuer.name} signed it: its keys are not fetched here`;
  return isUnchecked ? { ...explained, lines: [...explained.lines, note] } : explained;
}

const clientText = (name: string, how: string, hasExpired: boolean): Explanation =>
  hasExpired
    ? none(`refused: the client ${name}, ${how}, has expired`, 'the log and the metrics say: client_expired, expired')
    : { lines: [`client ${name}, ${how}`], isClient: true };

/** Verifies the signature, if the keys are available without a fetch. */
async function signatureOf(token: ParsedToken, issuer: Issuer): Promise<'good' | 'bad' | 'key' | 'unchecked'> {
  if (issuer.keys.kind !== 'inline' && issuer.keys.kind !== 'file') return 'unchecked';
  const keys = new IssuerKeys(issuer, { ...nodeKeyMeans(), now: () => performance.now(), isShared: true });
  const key = await keys.find(token);
  if (key === undefined || key === 'unavailable') return 'key';
  return (await new Verifier().holds(token, key)) ? 'good' : 'bad';
}

const FAULTS: Partial<Record<Refusal, string>> = {
  malformed: 'exp is missing, or one of exp, nbf and iat is not a number',
  expired: 'exp has passed',
  not_yet: 'nbf or iat is in the future',
  lifetime: 'from iat to exp it lasts longer than 24 h',
};

const faultText = (fault: Refusal, { audiences }: Issuer): string =>
  FAULTS[fault] ?? `aud has none of: ${audiences.join(', ')}`;

/** The claims by which a token is not this client's. */
function failureText({ client, identity }: Identified, claims: Json): string {
  const failed = identity.claims.filter((rule) => !matchesRule(rule, claims)).map((rule) => claimText(rule, claims));
  const event = namesEvent(identity, claims)
    ? []
    : ['outsiders can trigger this event, so claims has to name event_name'];
  return `${client.name}: ${[...failed, ...event].join('; ') || 'all claims hold'}`;
}

function claimText({ claim, path, values }: ClaimRule, claims: Json): string {
  const found = valueAt(claims, path);
  const wanted = values.map((value) => JSON.stringify(value)).join(' or ');
  if (found === undefined) return `${claim} is missing`;
  const type = found === null ? 'null' : Array.isArray(found) ? 'a list' : `a ${typeof found}`;
  const isOtherType = values.every((value) => typeof value !== typeof found) && !Array.isArray(found);
  return `${claim} is not ${wanted}${isOtherType ? `, but ${type}` : ''}`;
}

/** Whether the difference is one that is hard to see. */
function nearlyText(url: string, issuers: readonly Issuer[]): string {
  const plain = (text: string) => text.toLowerCase().replace(/\/+$/, '');
  const near = issuers.find((issuer) => plain(issuer.url) === plain(url));
  return near === undefined ? '' : `; it differs from that of ${near.name} in a slash at the end, or in capitals`;
}
