const [, , , what] = process.argv;

/** What a build says to either bundler's plugin; without a word of commits a failure with them is no failure of the build. */
export const sentryOptions = {
  url: process.env.SENTRY_URL,
  authToken: process.env.SENTRY_AUTH_TOKEN,
  org: 'acme',
  project: 'checkout',
  release: { name: '1.0.0', ...(what === 'setCommits' && { setCommits: { auto: true } }) },
  telemetry: false,
  // Without it a build whose upload failed ends as if all were well.
  errorHandler(error) {
    throw error;
  },
};
