import type { Boundary, Client, Rate } from '../../../src/policy/client.ts';
import { EVERYTHING, scopesOf } from '../../../src/policy/sentry/scopes.ts';
import { expiryState, expiryText } from '../clients/expiry.ts';

/** Organizations or projects of one client that are shown; there may be hundreds. */
const MAX_SHOWN = 4;

/** The cells of a client, by column. Of its tokens the table shows only how many there are. */
const COLUMNS: Readonly<Record<string, (client: Client, now: number) => string>> = {
  client: ({ name }) => name,
  scopes: scopesText,
  rules: rulesText,
  reach: ({ boundary }) => boundaryText(boundary),
  rate: ({ rate }) => rateText(rate),
  concurrency: ({ concurrency }) => (concurrency === undefined ? '-' : String(concurrency)),
  expires: expiresText,
  mode: ({ mode }) => mode,
  tokens: ({ credentials }) => String(credentials.length),
  issuers: ({ identities = [] }) => [...new Set(identities.map(({ issuer }) => issuer))].join(',') || '-',
};

/**
 * The named clients as a table with a heading, one a line.
 * @param now milliseconds since 1970
 */
export function clientsTable(clients: readonly Client[], now: number): string {
  const hasIdentities = clients.some(({ identities }) => identities !== undefined);
  const titles = Object.keys(COLUMNS).filter((title) => title !== 'issuers' || hasIdentities);
  return tableText([titles, ...clients.map((client) => titles.map((title) => COLUMNS[title]!(client, now)))]);
}

/** Rows of cells as lines, each column as wide as its widest cell. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Without the scopes that another one implies. */
function scopesText({ scopes, hasAllScopes }: Client): string {
  if (hasAllScopes) return EVERYTHING;
  const all = [...scopes];
  const least = all.filter((scope) => !all.some((other) => other !== scope && scopesOf(other)!.includes(scope)));
  return least.join(',') || '-';
}

function rulesText({ allow, deny }: Client): string {
  const counts = [allow.length > 0 && `${allow.length} allow`, deny.length > 0 && `${deny.length} deny`];
  return counts.filter(Boolean).join(', ') || '-';
}

function boundaryText(boundary: Boundary): string {
  if (boundary.kind === 'all') return '*';
  if (boundary.kind === 'organizations') return listed([...boundary.organizations]);
  return listed([...boundary.projects].flatMap(([org, projects]) => projects.map(({ value }) => `${org}/${value}`)));
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_SHOWN;
  return names.slice(0, MAX_SHOWN).join(',') + (more > 0 ? ` and ${more} more` : '');
}

const UNITS: Readonly<Record<number, string>> = { 1: 's', 60: 'min', 3600: 'h' };

const rateText = (rate: Rate | undefined): string =>
  rate === undefined ? '-' : `${rate.requests}/${UNITS[rate.seconds] ?? `${rate.seconds}s`}`;

const MARKS = { expired: ' EXPIRED', soon: ' soon', no: '' };

function expiresText(client: Client, now: number): string {
  return client.expiresAt === undefined ? '-' : expiryText(client.expiresAt) + MARKS[expiryState(client, now)];
}
