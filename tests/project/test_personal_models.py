"""No model is forgotten where a person's data is exported, erased or let go: each is named here, with what becomes.

Whoever adds a model that names people or holds what they wrote decides here what an export has of it, what erasing a
person does to it, and how long it is kept; the tests then look that it is so.
"""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from apps.accounts.models import KeptAnswer, Suspension, User
from apps.core.encryption import EncryptedTextField
from apps.documents.models import Comment, CommentThread, Invitation, Role
from apps.moderation.models import Case, HeldRequest, Notice, Report, Verdict
from project.personal.erasure import erase
from project.personal.export import write_export
from tests.project.test_personal import MARK, Life

pytestmark = pytest.mark.django_db(transaction=True)

# What becomes of a person's rows when the person is erased.
DELETED = {
    "account.EmailAddress",
    "account.EmailConfirmation",
    "accounts.ApiKey",
    "accounts.KeptAnswer",
    "accounts.PersonalWriting",
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "assistant.Command",
    "documents.Invitation",
    "documents.LinkVisit",
    "documents.Membership",
    "mfa.Authenticator",
    "moderation.HeldRequest",
    "moderation.Notice",
    "quotas.Assignment",
    "quotas.Override",
    "sessions.Session",
    "socialaccount.SocialAccount",
    "socialaccount.SocialToken",
    "teams.TeamInvitation",
    "teams.TeamMembership",
}
BLANKED = {
    "accounts.Suspension": "what they appealed with; the reason may be needed by whoever gave it",
    "accounts.User": "to a pseudonym, which the ledger and the trail name",
    "admin.LogEntry": "their name in what was done to their account",
    "assistant.Conversation": "deleted where nobody else spoke in it, else its title",
    "assistant.Decision": "the words; what was decided stays",
    "assistant.Generation": "the words; tokens and times stay",
    "assistant.Turn": "the recap of what they said",
    "documents.Comment": "the words; what others answered stays",
    "documents.CommentThread": "the passage they quoted",
    "moderation.AuditRecord": "their addresses; the chain of deeds stays",
    "moderation.Report": "the words; that something was reported stays",
    "moderation.Verdict": "the excerpt; that something was found stays",
}
OTHERS = {
    "collaboration.DocumentLog": "of a document: goes with it",
    "collaboration.DocumentSnapshot": "of a document: goes with it",
    "collaboration.DocumentUpdate": "of a document: goes with it",
    "collaboration.DocumentVersion": "of a document: goes with it",
    "documents.Document": "deleted where nobody else is in it, else passed on",
    "documents.DocumentWriting": "of a document: goes with it",
    "documents.ShareLink": "of a document: goes with it; names the pseudonym",
    "assistant.StorySheet": "of a document: goes with it",
    "assistant.SheetEntry": "of a document: goes with it",
    "teams.Team": "deleted where nobody else is in it, else passed on",
    "analytics.FlagRule": "names the pseudonym",
    "moderation.Case": "names the pseudonym",
    "moderation.CaseDecision": "of whoever reviews; names the pseudonym",
    "quotas.Entry": "the ledger, of the pseudonym",
    "quotas.DailyUse": "counters of the pseudonym",
    "quotas.Reservation": "tokens of the pseudonym",
    "quotas.Account": "a proxy of the user",
    "assistant.LiveUsage": "a proxy of generations",
}
NOT_PERSONAL = {
    *("auth.Group", "auth.Group_permissions", "auth.Permission", "contenttypes.ContentType"),
    *("socialaccount.SocialApp", "llm.Price", "llm.Route", "llm.RouteModel"),
    *("quotas.Tier", "quotas.TeamPool", "quotas.TeamDailyUse"),
    *("moderation.AfterCheck", "moderation.AuditAnchor", "moderation.AuditHead", "moderation.PolicyVersion"),
    "moderation.Rule",
    *("analytics.Arm", "analytics.Cohort", "analytics.Event", "analytics.EventFigures", "analytics.Experiment"),
    *("analytics.GenerationFigures", "analytics.KeptText", "analytics.RolledHour"),
}
# Of these the export has nothing: secrets, counters, and what belongs to a document rather than to a person.
NOT_EXPORTED = {
    *("account.EmailConfirmation", "accounts.KeptAnswer", "accounts.User_groups", "accounts.User_user_permissions"),
    *("admin.LogEntry", "assistant.Turn", "documents.Invitation", "quotas.Assignment", "quotas.Override"),
    *("sessions.Session", "socialaccount.SocialToken", "teams.TeamInvitation"),
}
# Kept for as long as the account or the document is there; the rest has its number of days in the settings.
KEPT_WITH_THE_ACCOUNT = {
    "account.EmailConfirmation",  # none is made: links are signed
    *("account.EmailAddress", "accounts.ApiKey", "accounts.PersonalWriting", "accounts.Suspension", "accounts.User"),
    *("accounts.User_groups", "accounts.User_user_permissions", "admin.LogEntry", "assistant.Command"),
    *("documents.CommentThread", "documents.Membership", "mfa.Authenticator", "quotas.Assignment", "quotas.Override"),
    *("socialaccount.SocialAccount", "socialaccount.SocialToken", "teams.TeamInvitation", "teams.TeamMembership"),
}
LET_GO_BY = {
    "accounts.KeptAnswer": "IDEMPOTENCY_HOURS",
    "assistant.Conversation": "RETENTION_CONVERSATION_DAYS",
    "assistant.Decision": "RETENTION_TRANSCRIPT_DAYS",
    "assistant.Generation": "RETENTION_TRANSCRIPT_DAYS",
    "assistant.Turn": "RETENTION_CONVERSATION_DAYS",
    "documents.Comment": "RETENTION_REMOVED_COMMENT_DAYS",
    "documents.Invitation": "RETENTION_INVITATION_DAYS",
    "documents.LinkVisit": "RETENTION_LINK_DAYS",
    "moderation.AuditRecord": "AUDIT_ADDRESS_DAYS",
    "moderation.HeldRequest": "RETENTION_MODERATION_DAYS",
    "moderation.Notice": "RETENTION_MODERATION_DAYS",
    "moderation.Report": "RETENTION_MODERATION_DAYS",
    "moderation.Verdict": "RETENTION_MODERATION_DAYS",
    "sessions.Session": "SESSION_COOKIE_AGE",
}
TEXT = (models.TextField, models.CharField, models.JSONField, models.BinaryField, ArrayField)


def every_model() -> dict[str, type[models.Model]]:
    return {model._meta.label: model for model in apps.get_models(include_auto_created=True)}


def test_every_model_is_named_with_what_erasing_does_to_it() -> None:
    named = DELETED | BLANKED.keys() | OTHERS.keys() | NOT_PERSONAL
    assert every_model().keys() - named == set(), "say in this file what becomes of them"


def test_what_points_at_a_person_is_not_called_impersonal() -> None:
    pointing = {
        label
        for label, model in every_model().items()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User and field.name == "user"
    }
    assert pointing & NOT_PERSONAL == set()


def test_every_personal_model_is_kept_for_a_time_that_is_said(settings: Any) -> None:
    personal = DELETED | BLANKED.keys()
    assert personal - KEPT_WITH_THE_ACCOUNT - LET_GO_BY.keys() == set()
    for name in LET_GO_BY.values():
        assert hasattr(settings, name), name


def fill(life: Life) -> None:
    """Add what a life does not have of itself: a row with text of hers in each table that erasing blanks or empties."""
    HeldRequest.objects.create(
        user=life.alice, document=life.shared, digest="d", request={"action": "custom", "input": {"instruction": MARK}}
    )
    Verdict.objects.create(
        key=uuid4().hex,
        target_kind="generation",
        target_id=str(life.asked.pk),
        document=life.shared,
        user=life.alice,
        stage="input",
        source="rule",
        category="term",
        action="flag",
        excerpt=MARK,
        fingerprint=MARK,
    )
    case = Case.objects.create(target_kind="document", target_id=str(life.bobs.pk), due_at=timezone.now())
    Report.objects.create(case=case, reporter=life.alice, reason="harmful", note=MARK)
    Notice.objects.create(user=life.alice, case=case, kind="warning", words=MARK)
    Suspension.objects.create(user=life.alice, reason="Spam.", appeal="waiting", appeal_text=MARK)
    KeptAnswer.objects.create(
        user=life.alice, key=MARK, request_hash="0" * 64, status=200, content_type="application/json", body=MARK
    )
    anchor = {"start": "", "end": "", "before": MARK, "after": MARK}
    thread = CommentThread.objects.create(document=life.bobs, made_by=life.alice, quote=MARK, anchor=anchor)
    Comment.objects.create(thread=thread, author=life.alice, body=MARK)
    Invitation.objects.create(document=life.bobs, email=life.alice.email, role=Role.VIEWER, invited_by=life.bob)


def readable(model: type[models.Model]) -> str:
    """Return everything that rows of `model` say, in clear."""
    names = [field.attname for field in model._meta.concrete_fields if isinstance(field, TEXT)]
    return repr([[getattr(row, name) for name in names] for row in model._base_manager.all()])


def tables_in_clear() -> dict[str, str]:
    return {label: readable(model) for label, model in every_model().items() if not model._meta.proxy}


def test_after_an_erasure_no_table_says_anything_of_hers() -> None:
    life = Life()
    fill(life)
    before = tables_in_clear()
    encrypted = {
        label
        for label, model in every_model().items()
        if any(isinstance(field, EncryptedTextField) for field in model._meta.concrete_fields)
    }
    unseen = {label for label in encrypted & (DELETED | BLANKED.keys()) if MARK not in before[label]}
    assert unseen == set(), "give her a row with text of hers in `fill`"
    erase(life.alice)
    after = tables_in_clear()
    for gone in (MARK, "alice@example"):
        assert {label for label, said in after.items() if gone in said} == set()


def test_the_export_has_a_part_of_every_personal_model(tmp_path: Path) -> None:
    """By what it reads: each of their tables is asked for."""
    life = Life()
    fill(life)
    asked: list[str] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen), (tmp_path / "alice.zip").open("wb") as file:
        write_export(life.alice, file)
    read = " ".join(asked)
    personal = (DELETED | BLANKED.keys()) - NOT_EXPORTED - {"accounts.User"}
    assert {label for label in personal if f'"{every_model()[label]._meta.db_table}"' not in read} == set()
