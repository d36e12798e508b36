"""How long texts are kept, per kind. 0 days: for ever, which is what an installation begins with."""

from typing import Any

from celery.schedules import crontab

from project.settings.environment import env

RETENTION_TRANSCRIPT_DAYS = env.int("RETENTION_TRANSCRIPT_DAYS", 0)  # of requests and answers outside of conversations
RETENTION_CONVERSATION_DAYS = env.int("RETENTION_CONVERSATION_DAYS", 0)  # since the last question; then in the trash
RETENTION_TRASH_DAYS = env.int("RETENTION_TRASH_DAYS", 0)  # of documents in the trash; then they are deleted for good
RETENTION_INVITATION_DAYS = env.int("RETENTION_INVITATION_DAYS", 0)  # of invitations that nobody accepted
RETENTION_REMOVED_COMMENT_DAYS = env.int("RETENTION_REMOVED_COMMENT_DAYS", 30)  # until then they can be restored
RETENTION_LINK_DAYS = env.int("RETENTION_LINK_DAYS", 0)  # of share links that have expired, and who opened them
RETENTION_MODERATION_DAYS = env.int("RETENTION_MODERATION_DAYS", 0)  # of cases, held requests, excerpts, once decided
RETENTION_BATCH_ROWS = 200  # in one transaction
RETENTION_BATCHES_MAX = 100  # in one run; the next goes on

RETENTION_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "let-transcripts-go": {"task": "apps.assistant.tasks.let_texts_go", "schedule": crontab("11", "*")},
    "let-findings-go": {"task": "apps.moderation.tasks.let_findings_go", "schedule": crontab("41", "*")},
    "let-comments-go": {"task": "apps.documents.tasks.let_comments_go", "schedule": crontab("51", "*")},
    "let-trash-go": {"task": "apps.documents.tasks.let_trash_go", "schedule": crontab("31", "*")},
}
