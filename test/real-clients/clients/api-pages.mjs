// Prints the short ids of all issues of acme/checkout, page by page as Link leads. Wants SENTRY_URL and SENTRY_AUTH_TOKEN.
import { listAProject_sIssues } from '@sentry/api';

const headers = { Authorization: `Bearer ${process.env.SENTRY_AUTH_TOKEN}` };
const { data, response } = await listAProject_sIssues({
  baseUrl: process.env.SENTRY_URL,
  headers,
  path: { organization_id_or_slug: 'acme', project_id_or_slug: 'checkout' },
  throwOnError: true,
});

/** The URL itself is followed, and not its cursor alone. */
const nextOf = ({ headers }) => /<([^>]+)>; rel="next"; results="true"/.exec(headers.get('link') ?? '')?.[1];

const issues = [...data];
for (let next = nextOf(response); next !== undefined; ) {
  const page = await fetch(next, { headers });
  if (!page.ok) throw new Error(`status ${page.status} for the page after ${issues.length} issues`);
  issues.push(...(await page.json()));
  next = nextOf(page);
}
console.log(issues.map(({ shortId }) => shortId).join('\n'));
