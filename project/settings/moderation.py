"""What is screened, and what may not stand in answers."""

from project.settings.environment import env

# What is cut out of answers: any of secret, card, account (IBAN), email, phone. What the person who asks wrote into
# the request themself stays, except keys.
MODERATION_REDACT: list[str] = env.list("MODERATION_REDACT", ["secret", "card", "account"])
MODERATION_HELD_SHOWS_SECONDS = 0.5  # text that is held back for so long is announced (`status` `held`)
