"""Reports of errors to Sentry or a server that speaks its protocol. No text of documents is in them."""

from project.settings.environment import env

SENTRY_DSN = env.str("SENTRY_DSN", "")  # unset: no reports
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", "production")  # as which they appear
