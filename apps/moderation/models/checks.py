"""Looks at texts that were there in full: the transcripts and documents that were checked once more."""

from typing import ClassVar

from django.db import models

from apps.moderation.models.verdicts import DIGEST_CHARACTERS, ID_MAX_CHARACTERS, Verdict

ERROR_MAX_CHARACTERS = 100


class AfterCheck(models.Model):
    """The latest look at a transcript or a document. Written by `apps.moderation.after` only.

    `of`: which state of the target was looked at: when it ended or was edited last. `rules`: the version of what was
    looked for. `done_at` is empty while it has only failed, `error` says at what; it is tried again `not_before`.
    """

    target_kind = models.CharField(max_length=10, choices=Verdict.Target.choices)
    target_id = models.CharField(max_length=ID_MAX_CHARACTERS)
    of = models.DateTimeField()
    rules = models.CharField(max_length=DIGEST_CHARACTERS)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=ERROR_MAX_CHARACTERS, blank=True, default="", db_default="")
    not_before = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target_id", "target_kind"], name="after_check_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["of"], name="after_check_by_age")]

    def __str__(self) -> str:
        return f"check of {self.target_kind} {self.target_id}"
