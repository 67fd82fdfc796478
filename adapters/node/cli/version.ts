import packageJson from '../../../package.json' with { type: 'json' };

/** The commit that the built file was made of; build.ts puts it in. */
declare const SENTRY_API_PROXY_COMMIT: string | undefined;

/** The text of `--version`. */
export function versionText(): string {
  const commit = typeof SENTRY_API_PROXY_COMMIT === 'undefined' ? 'source' : SENTRY_API_PROXY_COMMIT;
  const platform = `${process.platform}-${process.arch}`;
  return `sentry-api-proxy ${packageJson.version} (${commit}), Node ${process.versions.node}, ${platform}\n`;
}
