import type { ActiveToken } from '../token/active-tokens.ts';
import { tableText } from './clients-table.ts';

/** The cells of a token of the tokens file, by column. */
const COLUMNS: Readonly<Record<string, (token: ActiveToken) => string>> = {
  token: ({ name }) => name,
  kind: ({ kind }) => kind,
  organizations: ({ orgs }) => (orgs === undefined ? '*' : [...orgs].join(',')),
  scopes: ({ scopeNames }) => scopeNames.join(','),
  fingerprint: ({ fingerprint = '-' }) => fingerprint,
};

/** The tokens of the tokens file as a table with a heading, one a line. */
export function tokensTable(tokens: readonly ActiveToken[]): string {
  const titles = Object.keys(COLUMNS);
  return tableText([titles, ...tokens.map((token) => titles.map((title) => COLUMNS[title]!(token)))]);
}
