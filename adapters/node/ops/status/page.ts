import { createHash } from 'node:crypto';
import { SCRIPT } from './page-script.ts';
import { STYLE } from './page-style.ts';

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The fields that the page is sent with. Only its own style and script count, by their hashes (CSP level 3, section
 * 2.3.1), and it may send requests to its own listener only, so even injected markup could do nothing.
 */
export const PAGE_FIELDS: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; connect-src 'self'; img-src data:; ` +
      `base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
  ],
  ['Referrer-Policy', 'no-referrer'],
];

const numberColumns = (...titles: string[]): string =>
  titles.map((title) => `<th scope="col" class="number">${title}</th>`).join('');
const columns = (...titles: string[]): string => titles.map((title) => `<th scope="col">${title}</th>`).join('');

function table(id: string, title: string, head: string, className = ''): string {
  return `<h2>${title}</h2>
<div class="scroll"><table id="${id}" class="${className}" hidden><thead><tr>${head}</tr></thead><tbody></tbody></table></div>
<p id="${id}-none" class="empty"></p>`;
}

const LAST_COLUMNS = columns('time', 'status', 'error', 'client', 'request', 'duration', 'id');

/** The status page, in one piece. It is the same for everyone; its script fetches what it shows. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sentry-api-proxy</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<header>
<h1>sentry-api-proxy</h1>
<span id="state" class="state" role="status">…</span>
<p id="about"></p>
<p id="updated"></p>
</header>
<noscript><p>This page needs JavaScript. The same is in <a href="/status.json">/status.json</a>.</p></noscript>
<p id="silence" role="alert" hidden>The proxy is not responding. This page shows its last response.</p>
<main>
<section><h2>Token</h2><dl id="token"></dl></section>
<section><h2>Last hour</h2><dl id="numbers"></dl>
<svg id="load" role="img" viewBox="0 0 600 100" preserveAspectRatio="none"></svg>
<p class="key"><b class="of-load">good</b> <b class="of-refused">refused</b> <b class="of-failed">failed</b> · by the minute,
<span id="most"></span></p></section>
<section><h2>Latency</h2><dl id="latencies"></dl>
<svg id="latency" role="img" aria-label="Latency in each of the last 60 minutes" viewBox="0 0 600 100" preserveAspectRatio="none"></svg>
<p class="key"><b class="of-load">half within</b> <b class="of-refused">95 % within</b> · by the minute, logarithmic</p></section>
<section class="wide" id="tokens-section" hidden>${table('tokens', 'Tokens of the tokens file', columns('token', 'state', 'organizations', 'scopes', 'fingerprint'))}</section>
<section class="wide">${table('clients', 'Clients in the last hour', columns('client', 'mode', 'expires') + numberColumns('a minute', 'requests', 'failed', 'refused', 'would be refused'))}</section>
<section class="wide">${table('refusals', 'Refused in the last hour, or would be', columns('client', 'request, and its latest cause', 'reason', 'outcome') + numberColumns('last hour'), 'stacked')}</section>
<section class="wide" id="of-issuers" hidden>${table('issuers', 'Issuers of tokens', columns('issuer') + numberColumns('keys', 'fetched') + columns('state'))}</section>
<section class="wide">${table('reasons', 'Why requests failed', columns('reason') + numberColumns('last hour'))}</section>
<section class="wide">${table('failures', 'The last 50 failures', LAST_COLUMNS, 'stacked')}</section>
<section class="wide">${table('last-refusals', 'The last 50 refusals', LAST_COLUMNS, 'stacked')}</section>
</main>
<script>${SCRIPT}</script>
</html>
`;
