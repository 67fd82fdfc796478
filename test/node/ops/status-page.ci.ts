// The status page in a real browser. With SCREENSHOT=docs/status.png it also makes the picture of the documentation.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { makeAdmin } from '../../../adapters/node/ops/admin.ts';
import { Collector } from '../../../adapters/node/ops/status/collector.ts';
import { makeStatus } from '../../../adapters/node/ops/status/status.ts';
import type { Telemetry } from '../../../adapters/node/ops/telemetry.ts';
import type { TokenHolder } from '../../../adapters/node/token/token-holder.ts';
import type { Client } from '../../../src/policy/client.ts';
import { WITHOUT_BROWSER, withBrowser } from '../../support/browser.ts';
import { asClient, clientsFile } from '../../support/clients-file.ts';
import { get, startWatched, type WatchedProxy } from '../../support/operator.ts';
import { send } from '../../support/raw-client.ts';
import { answer, OK, response, Upstream } from '../../support/upstream.ts';

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1200, height: 900 };
const skip = WITHOUT_BROWSER;

describe(`the status page${skip === undefined ? '' : ` (not run: ${skip})`}`, { skip }, () => {
  let upstream: Upstream;
  let watched: WatchedProxy;
  const cleaning: (() => unknown)[] = [];
  before(async () => {
    upstream = await Upstream.start();
    cleaning.push(() => upstream.stop());
    const t = { after: (clean: () => unknown) => void cleaning.unshift(clean) };
    watched = await startWatched(t as never, [
      '--token=a-token',
      '--alias-token=an-alias-of-the-test',
      '--sentry-uri',
      upstream.uri,
    ]);
  });
  after(async () => {
    for (const clean of cleaning) await clean();
  });

  const address = () => `http://${watched.admin.host}:${watched.admin.port}/`;
  const injected = (id: string) => ({ headers: { Authorization: 'Bearer an-alias-of-the-test', 'X-Request-Id': id } });

  /** Opens the page, and collects what the browser complains about and asks for. */
  async function open(page: Page, url = address()) {
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    await page.locator('#state.good').waitFor();
    return { complaints, requests };
  }

  it('shows state, numbers, clients, reasons and failures, and refreshes itself', async () => {
    upstream.play(answer(OK));
    await get(watched.proxy, '/good', injected('a-good-one'));
    await withBrowser({ viewport: DESK }, async (context) => {
      const [page = await context.newPage()] = context.pages();
      const { complaints, requests } = await open(page);
      assert.equal(await page.locator('#state').textContent(), 'ready');
      assert.match((await page.locator('#token').textContent())!, /static.*held/);
      assert.equal(await page.locator('#clients tbody tr').count(), 1);
      assert.equal(await page.locator('#load rect').count(), 1);
      assert.equal(await page.locator('#failures').isVisible(), false);

      upstream.play(answer(response('503 Service Unavailable')));
      await get(watched.proxy, '/api/0/broken/?q=a-value', injected('a-bad-one'));
      await page.locator('#failures tbody tr').waitFor();
      const failure = (await page.locator('#failures tbody tr').textContent())!;
      for (const text of ['503', 'GET /api/0/broken/', 'a-bad-one']) assert.ok(failure.includes(text), failure);
      assert.match((await page.locator('#reasons').textContent())!, /Sentry answered 503/);
      assert.doesNotMatch(await page.content(), /a-value|a-token|an-alias/);
      assert.equal(await page.locator('#last-refusals').isVisible(), false);
      assert.deepEqual(complaints, []);
      for (const url of requests) assert.ok(url.startsWith(address()) || url === 'data:,', url);
    });
  });

  it('shows refusals apart from failures, by client and request with the cause, and the mode and expiry of clients', async (t) => {
    const reader = { scopes: ['event:read'], orgs: ['acme'] };
    const clients = clientsFile({
      reader,
      watched: { ...reader, mode: 'observe' },
      quiet: { ...reader, expires: '2020-01-01' },
    });
    const refusing = await startWatched(t, ['--token=a-token', '--clients', clients, '--sentry-uri', upstream.uri]);
    upstream.play(answer(OK));
    const bytes = (name: string) =>
      `GET /api/0/organizations/acme/members/ HTTP/1.1\r\nHost: x\r\n${asClient(name)}\r\n\r\n`;
    for (const name of ['reader', 'watched', 'watched']) await send(refusing.proxy, bytes(name));
    await withBrowser({ viewport: DESK }, async (context) => {
      const [page = await context.newPage()] = context.pages();
      const { complaints } = await open(page, `http://${refusing.admin.host}:${refusing.admin.port}/`);
      await page.locator('#refusals tbody tr').nth(1).waitFor();
      const rows = (id: string) =>
        page
          .locator(`#${id} tbody tr`)
          .evaluateAll((all) =>
            all.map((row) => [...row.children].map((cell) => [...cell.childNodes].map((node) => node.textContent))),
          );
      const asked = 'GET /api/0/organizations/{org}/members/';
      const cause = (name: string) => `client ${name} needs the scope member:read for ${asked}`;
      assert.deepEqual(await rows('refusals'), [
        [['watched'], [asked, cause('watched')], ['scope'], ['would be refused'], ['2']],
        [['reader'], [asked, cause('reader')], ['scope'], ['refused'], ['1']],
      ]);
      assert.deepEqual(
        (await rows('clients')).map((cells) => cells.flat().slice(0, 3)),
        [
          ['watched', 'observe', '–'],
          ['reader', 'enforce', '–'],
          ['quiet', 'enforce', '2020-01-01 expired'],
        ],
      );
      const last = await rows('last-refusals');
      assert.deepEqual(
        last.map((cells) => cells.slice(1, 5)),
        [[['403'], ['client_denied: scope', cause('reader')], ['reader'], ['GET /api/0/organizations/acme/members/']]],
      );
      assert.equal(await page.locator('#failures').isVisible(), false);
      assert.deepEqual(complaints, []);
    });
  });

  it('takes nothing that a client sends for markup, and runs no script but its own', async () => {
    upstream.play(answer(''));
    for (const path of ['/<img/src=x/onerror=alert(1)>', '/<script>alert(1)</script>', '/"><b>bold</b>']) {
      await send(
        watched.proxy,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer an-alias-of-the-test\r\n\r\n`,
      );
    }
    await withBrowser({ viewport: DESK }, async (context) => {
      const [page = await context.newPage()] = context.pages();
      const dialogs: string[] = [];
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      await open(page);
      await page.getByText('onerror=alert(1)').first().waitFor();
      assert.equal(await page.locator('main img, main script, main b:not(.key b)').count(), 0);
      const isBlocked = await page.evaluate(() => {
        try {
          document.body.innerHTML = '<p>injected</p>';
          return false;
        } catch {
          return true;
        }
      });
      assert.ok(isBlocked, 'markup from a text is refused by the page itself');
      assert.deepEqual(dialogs, []);
    });
  });

  it('fits a phone, and follows the dark mode', async () => {
    const ground = async (colorScheme: 'light' | 'dark') =>
      withBrowser({ viewport: PHONE, colorScheme, isMobile: true }, async (context) => {
        const [page = await context.newPage()] = context.pages();
        await open(page);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= PHONE.width, `${width} pixels wide`);
        return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      });
    const brightness = (color: string) => Number(/\d+/.exec(color)?.[0]);
    assert.ok(brightness(await ground('light')) > 200);
    assert.ok(brightness(await ground('dark')) < 50);
  });

  it('says so when the proxy does not answer any more', async (t) => {
    const short = await startWatched(t, ['--token=a-token', '--sentry-uri', upstream.uri]);
    await withBrowser({ viewport: DESK }, async (context) => {
      const [page = await context.newPage()] = context.pages();
      await open(page, `http://${short.admin.host}:${short.admin.port}/`);
      assert.equal(await page.locator('#silence').isVisible(), false);
      await short.proxy.stop();
      await page.locator('#silence').waitFor();
      assert.equal(await page.locator('#state').textContent(), 'no answer');
    });
  });

  it('is sent with a policy that lets nothing else in', async () => {
    const { headers } = await get(watched.admin, '/');
    const policy = String(headers['content-security-policy']);
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; connect-src 'self';/,
    );
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.deepEqual([headers['x-content-type-options'], headers['cache-control']], ['nosniff', 'no-store']);
  });

  const file = process.env.SCREENSHOT;
  it('is pictured in the documentation', { skip: file === undefined && 'only with SCREENSHOT=FILE' }, async () => {
    const { port, close } = await busyAdmin();
    const options = { viewport: { width: 1120, height: 1090 }, locale: 'en-GB', timezoneId: 'UTC' };
    await withBrowser(options, async (context) => {
      const [page = await context.newPage()] = context.pages();
      await open(page, `http://127.0.0.1:${port}/`);
      await page.screenshot({ path: file! });
    }).finally(close);
  });
});

/** Clients of the picture, with what some of their requests come to. */
const CLIENTS: readonly Pick<Client, 'name' | 'mode' | 'expiresAt'>[] = [
  { name: 'grafana', mode: 'enforce' },
  { name: 'ci-web', mode: 'enforce', expiresAt: Date.parse('2100-01-01T00:00:00Z') },
  { name: 'triage-agent', mode: 'enforce', expiresAt: Date.parse('2099-07-01T00:00:00Z') },
  { name: 'release-bot', mode: 'observe' },
];
const DENIED = {
  refusal: 'secret',
  asked: 'GET /api/0/projects/{org}/{project}/keys/',
  cause:
    'client triage-agent needs an allow rule: "GET /api/0/projects/acme/web/keys/"; no scope grants it, because its response contains secrets',
};
const WOULD_BE_DENIED = {
  observed: 'project',
  asked: 'GET /api/0/projects/{org}/{project}/issues/',
  cause: 'client release-bot may not reach this project',
};

/** An admin listener that has seen an hour of invented traffic, the same each time. */
async function busyAdmin() {
  const MINUTE = 60_000;
  let now = 100 * MINUTE;
  const collector = new Collector(() => now);
  let drawn = 0;
  /** Evenly spread and the same each time: the fractional parts of multiples of a root. */
  const random = () => {
    drawn++;
    return (drawn * drawn * Math.SQRT2 + drawn * Math.E) % 1;
  };
  const clients = CLIENTS.map(({ name }) => name);
  for (let minute = 0; minute < 62; minute++) {
    const isOutage = minute > 33 && minute < 38;
    const count = 40 + Math.round(25 * Math.sin(minute / 7) + 20 * random());
    for (let i = 0; i < count; i++) {
      const client = clients[Math.floor(random() ** 2 * clients.length)]!;
      const isFailed = isOutage && random() < 0.6;
      const isRefused = client === 'triage-agent' && random() < 0.08;
      const status = isFailed ? 502 : isRefused ? 403 : 200;
      const error = isFailed ? 'upstream_refused' : isRefused ? 'client_denied' : undefined;
      collector.started();
      collector.finished({
        method: 'GET',
        target: `/api/0/projects/acme/${random() < 0.5 ? 'web' : 'api'}/${isRefused ? 'keys' : 'issues'}/`,
        status,
        duration: 20 + 300 * random() ** 6 + (isOutage ? 900 * random() : 0),
        trace: {
          id: `4f8a${Math.floor(random() * 2 ** 31).toString(16)}`,
          route: 'inject',
          attempts: 1,
          client,
          ...(error !== undefined && { error }),
          ...(isRefused && DENIED),
          ...(client === 'release-bot' && !isFailed && random() < 0.2 && WOULD_BE_DENIED),
        },
      });
    }
    now += minute === 61 ? 0 : MINUTE;
  }
  now += 40_000;
  collector.started();
  collector.started();
  collector.renewed({ cause: 'background', result: 'unchanged', token: 'x', isNews: false });
  const token = { kind: 'system', current: 'an-invented-token', age: 5400 } as unknown as TokenHolder;
  const readiness = { fault: undefined, tokenFault: undefined };
  const shown = { clients: CLIENTS.map((client) => ({ ...client, credentials: [] }) as unknown as Client) };
  const watch = { status: () => makeStatus(collector, token, readiness, shown) } as unknown as Telemetry;
  const { listener, close } = makeAdmin(watch, readiness, {
    capacity: { descriptors: 64, bytes: 2 ** 23 },
    allowedHosts: [],
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  return { port, close };
}
