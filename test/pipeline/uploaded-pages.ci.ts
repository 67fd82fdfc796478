// Files that attackers upload to Sentry, opened in a browser at an open proxy: none runs in the proxy's origin.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BrowserContext } from 'playwright-core';
import { WITHOUT_BROWSER, withBrowser } from '../support/browser.ts';
import { type ListeningProxy, startProxy } from '../support/proxy-process.ts';
import { answer, response, Upstream } from '../support/upstream.ts';

const UPLOADS = '/api/0/projects/acme/web/events/1/attachments/';
const HOST = 'proxy.example';
const SCRIPT = "fetch('/api/0/projects/', { method: 'POST', body: '{}' }); document.documentElement.id = 'ran'";
const PAGE = `<!doctype html><title>x</title><p>upload</p><script>${SCRIPT}</script>`;
const IMAGE = `<svg xmlns="http://www.w3.org/2000/svg"><text>upload</text><script>${SCRIPT}</script></svg>`;

const FILES: readonly (readonly [title: string, type: string, content: string])[] = [
  ['a page', 'text/html', PAGE],
  ['a page with a lax policy', 'text/html\r\nContent-Security-Policy: sandbox allow-scripts allow-same-origin', PAGE],
  ['an image', 'image/svg+xml', IMAGE],
  [
    'a page in XML',
    'application/xhtml+xml',
    `<html xmlns="http://www.w3.org/1999/xhtml"><p>upload</p><script>${SCRIPT}</script></html>`,
  ],
];

describe('an uploaded file in a browser', { skip: WITHOUT_BROWSER }, () => {
  let upstream: Upstream;
  /** Another site. */
  let elsewhere: Upstream;
  let proxy: ListeningProxy;
  before(async () => {
    [upstream, elsewhere] = await Promise.all([Upstream.start(), Upstream.start()]);
    proxy = await startProxy([`--sentry-uri=${upstream.uri}`, '--token=t0ken', '--allow-any-client']);
  });
  const proxyUrl = () => `http://${HOST}:${proxy.port}${UPLOADS}`;
  after(async () => {
    await proxy.stop();
    await upstream.stop();
    await elsewhere.stop();
  });

  for (const [title, type, content] of FILES) {
    it(`that is ${title} runs at Sentry's own address, and not at the proxy`, async () => {
      const connections = upstream.play(answer(response('200 OK', [`Content-Type: ${type}`], content)));
      const posts = () => connections.filter(({ request }) => request?.method === 'POST').length;
      await withBrowser({ hosts: [HOST, 'elsewhere.example'] }, async (browser) => {
        // A link in a mail, for one, and then another site's page that leads there.
        for (const site of ['about:blank', `http://elsewhere.example:${elsewhere.port}/`]) {
          assert.equal(await runsAt(browser, site, proxyUrl()), false);
          assert.equal(posts(), 0);
        }
        // Otherwise the browser would not have run it anywhere.
        assert.equal(await runsAt(browser, 'about:blank', upstream.uri + UPLOADS), true);
      });
    });
  }

  it('that calls itself text is not taken for a page', async () => {
    upstream.play(answer(response('200 OK', ['Content-Type: text/plain'], PAGE)));
    await withBrowser({ hosts: [HOST] }, async (browser) => {
      assert.equal(await runsAt(browser, 'about:blank', proxyUrl()), false);
    });
  });
});

/** Whether the script of the page at a URL has run, once a page of some site has led there. */
async function runsAt(browser: BrowserContext, site: string, url: string): Promise<boolean> {
  const page = await browser.newPage();
  try {
    if (site === 'about:blank') await page.goto(url);
    else {
      await page.goto(site);
      await page.evaluate((to) => location.assign(to), url);
      await page.waitForURL(url);
    }
    assert.match(await page.content(), /upload/);
    return (await page.locator('#ran').count()) > 0;
  } finally {
    await page.close();
  }
}
