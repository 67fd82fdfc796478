/** What a build says to either bundler's plugin. */
export const sentryOptions = {
  url: process.env.SENTRY_URL,
  authToken: process.env.SENTRY_AUTH_TOKEN,
  org: 'acme',
  project: 'checkout',
  release: { name: '1.0.0' },
  telemetry: false,
  // Without it a build whose upload failed ends as if all were well.
  errorHandler(error) {
    throw error;
  },
};
