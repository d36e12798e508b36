"""What is screened, and what may not stand in answers."""

from project.settings.environment import env

# What is cut out of answers: any of secret, card, account (IBAN), email, phone. What stands in the request, in the
# document or in the conversation stays, except keys.
MODERATION_REDACT: list[str] = env.list("MODERATION_REDACT", ["secret", "card", "account"])
# Words and phrases, found in disguises too (other alphabets, digits for letters, gaps): those that are cut out of
# answers, and those with which a request is refused and an answer ends.
MODERATION_CUT_TERMS: list[str] = env.list("MODERATION_CUT_TERMS", [])
MODERATION_BLOCKED_TERMS: list[str] = env.list("MODERATION_BLOCKED_TERMS", [])
MODERATION_HELD_SHOWS_SECONDS = 0.5  # text that is held back for so long is announced (`status` `held`)

# What is done with a request that tries to turn the assistant: block, flag (noted in the log, without its text), pass.
MODERATION_DIRECT_INJECTION = env.str("MODERATION_DIRECT_INJECTION", "block")  # orders against its rules
MODERATION_HIDDEN_TEXT = env.str("MODERATION_HIDDEN_TEXT", "block")  # text that no reader can see
# Orders to it in the text it reads: an article about such orders is a text like any other.
MODERATION_INDIRECT_INJECTION = env.str("MODERATION_INDIRECT_INJECTION", "flag")
MODERATION_CONTROLS_MAX = 32  # control characters in a request; with more it is no text

# Of what was found, what is kept encrypted for reviewers: any of rule, model, injection, report. Of keys, cards and the
# like nothing ever is.
MODERATION_EXCERPTS: list[str] = env.list("MODERATION_EXCERPTS", ["rule", "model", "injection", "report"])
MODERATION_EXCERPT_CHARACTERS = 300

# Human review.
REVIEW_HOURS = env.float("REVIEW_HOURS", 24)  # within which a case should be decided
REVIEW_APPEAL_HOURS = env.float("REVIEW_APPEAL_HOURS", 72)  # and an appeal
REVIEW_ESCALATED_HOURS = env.float("REVIEW_ESCALATED_HOURS", 24)  # and a case from when a reviewer passed it on
REVIEW_WORDS_MAX_CHARACTERS = 2_000  # of a reviewer's note, and of what they tell somebody
REPORTS_PER_HOUR = env.int("REPORTS_PER_HOUR", 20)  # by one person
REPORT_NOTE_MAX_CHARACTERS = 1_000

POLICY_VERSIONS_SHOWN = 20  # of a document's or a team's policy, the latest
