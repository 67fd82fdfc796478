import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Why no browser can be had, for the name of a test; never so in CI, which has to install it. */
export const WITHOUT_BROWSER =
  !existsSync(EXECUTABLE) && !process.env.CI ? 'chromium is not installed: apt-get install chromium' : undefined;

/** What keeps Chromium from asking its maker's servers. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type BrowserOptions = Pick<
  NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]>,
  'colorScheme' | 'viewport' | 'deviceScaleFactor' | 'isMobile' | 'locale' | 'timezoneId'
> & {
  /** Names that lead to 127.0.0.1. Unlike that address, plain http there is no secure context. */
  hosts?: readonly string[];
};

/** A headless Chromium with an empty profile, for as long as `use` takes. */
export async function withBrowser<T>(
  { hosts = [], ...options }: BrowserOptions,
  use: (context: BrowserContext) => Promise<T>,
): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-browser-'));
  // Chromium's sandbox does not work for root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    headless: true,
    args: [...QUIET, ...sandbox, `--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',')}`],
    ...options,
  });
  try {
    return await use(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
