"""What is screened, and what may not stand in answers."""

from typing import Any

from project.settings.environment import env

# What is cut out of answers: any of secret, card, account (IBAN), email, phone, link (what an address has in it of the
# text). What stands in the request, in the document or in the conversation stays, except keys.
MODERATION_REDACT: list[str] = env.list("MODERATION_REDACT", ["secret", "card", "account", "link"])
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

# What is done about what AI_MODERATION_MODEL finds (flag, quarantine or block; pass: nothing), and about a category.
# Stories have violence in them, so as shipped what it finds is only noted for reviewers, with one exception.
MODERATION_MODEL_ACTION = env.str("MODERATION_MODEL_ACTION", "flag")
MODERATION_MODEL_ACTIONS: dict[str, str] = env.dict("MODERATION_MODEL_ACTIONS", {"sexual/minors": "block"})
# A request waits so long for it, while it is being prepared; an answer that comes later stops what is being written.
MODERATION_MODEL_WAIT_SECONDS = env.float("MODERATION_MODEL_WAIT_SECONDS", 0.4)
MODERATION_MODEL_SECONDS = env.float("MODERATION_MODEL_SECONDS", 10)  # after which it counts as failed
# Where it fails, requests pass (open), or nothing is written that it has not looked at (closed).
MODERATION_MODEL_FAILURE = env.str("MODERATION_MODEL_FAILURE", "open")
# Too small and too many for it: documents are looked at as a whole afterwards.
MODERATION_MODEL_PASSES: list[str] = env.list("MODERATION_MODEL_PASSES", ["complete"])

# What is looked at once more when it is there in full, by the rules of then and by the moderation model: none,
# transcripts, or everything (transcripts, and documents that were changed). What is found becomes verdicts.
MODERATION_AFTER = env.str("MODERATION_AFTER", "transcripts")
MODERATION_AFTER_SWEEP_SECONDS = env.float("MODERATION_AFTER_SWEEP_SECONDS", 30)
MODERATION_AFTER_AT_ONCE = 200  # of each, in one sweep
MODERATION_AFTER_IDLE_SECONDS = env.float("MODERATION_AFTER_IDLE_SECONDS", 60)  # a document rests so long first
MODERATION_AFTER_WINDOW_SECONDS = env.int("MODERATION_AFTER_WINDOW_SECONDS", 7 * 24 * 3600)  # older ones are let be
MODERATION_AFTER_RETRY_SECONDS = 60.0  # after a failure; then twice as long each, an hour at most
MODERATION_AFTER_TRIES_MAX = 30  # a bit more than a day; what still fails then waits for an administrator

MODERATION_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "check-afterwards": {"task": "apps.assistant.tasks.check_afterwards", "schedule": MODERATION_AFTER_SWEEP_SECONDS},
}
