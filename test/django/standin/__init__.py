"""A stand-in for Sentry: a Django project that reports what it understood of a request."""

# Where a view leaves in the WSGI environment what it understood, for the log.
UNDERSTOOD = "standin.understood"
