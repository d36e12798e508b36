"""What was kept long enough goes, in batches; the rest, and what is counted, stays."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.assistant.models import Conversation, Decision, Generation, Turn
from apps.assistant.tasks import let_texts_go
from apps.documents.models import Document, Invitation
from apps.documents.tasks import let_trash_go
from apps.moderation.models import AuditRecord, Case, HeldRequest, Notice, Report, Verdict
from apps.moderation.tasks import let_findings_go
from project.settings.schedule import CELERY_BEAT_SCHEDULE
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

OLD = timezone.now() - timedelta(days=40)


def ask(document: Document, *, at: Any = OLD, **fields: Any) -> Generation:
    made = Generation.objects.create(
        **{
            "id": uuid4(),
            "document": document,
            "user": document.memberships.get().user,
            "action": "continue",
            "input": {"text_before": "asked"},
            "text": "answered",
            "state": "done",
            "completion_tokens": 3,
            **fields,
        }
    )
    Generation.objects.filter(pk=made.pk).update(created_at=at)
    return made


def test_transcripts_go_and_what_is_counted_stays(settings: Settings) -> None:
    settings.RETENTION_BATCH_ROWS = 2
    document = make_document(make_user("Alice"))
    old = [ask(document) for _ in range(5)]
    Decision.objects.create(generation=old[0], user=old[0].user, decision="edited", final_text="mine")
    young, running = ask(document, at=timezone.now()), ask(document, state="running")
    talk = Conversation.objects.create(document=document, user=old[0].user)
    summary, answer = ask(document, action="recap"), ask(document, action="chat")
    Turn.objects.create(conversation=talk, generation=answer, summary=summary)
    let_texts_go()
    assert Generation.objects.filter(text="").count() == 0
    assert {one.text for one in Generation.objects.all()} == {"answered"}
    settings.RETENTION_TRANSCRIPT_DAYS = 30
    let_texts_go()
    assert {one.pk for one in Generation.objects.filter(text=None)} == {one.pk for one in old}
    blanked = Generation.objects.get(pk=old[0].pk)
    assert (blanked.input, blanked.completion_tokens) == ({}, 3)
    assert blanked.decisions.get().final_text is None
    kept = Generation.objects.filter(pk__in=[one.pk for one in (young, running, summary, answer)])
    assert {one.text for one in kept} == {"answered"}


def test_conversations_nobody_asks_in_go_to_the_trash_first(settings: Settings) -> None:
    settings.RETENTION_CONVERSATION_DAYS = 30
    document = make_document(make_user("Alice"))
    user = document.memberships.get().user
    old, young = (Conversation.objects.create(document=document, user=user, title="Herons") for _ in range(2))
    Conversation.objects.filter(pk=old.pk).update(asked_at=OLD)
    let_texts_go()
    old.refresh_from_db()
    young.refresh_from_db()
    assert old.deleted_at is not None
    assert old.title == "Herons"
    assert young.deleted_at is None


def test_the_trash_is_emptied_only_where_the_installation_says_so(settings: Settings) -> None:
    alice = make_user("Alice")
    old, young, used = (make_document(alice) for _ in range(3))
    Document.objects.filter(pk=old.pk).update(trashed_at=OLD)
    Document.objects.filter(pk=young.pk).update(trashed_at=timezone.now())
    waiting = Invitation.objects.create(document=used, email="bob@example.org", role="editor", invited_by=alice)
    Invitation.objects.filter(pk=waiting.pk).update(created_at=OLD)
    let_trash_go()
    assert Document.objects.count() == 3
    settings.RETENTION_TRASH_DAYS = settings.RETENTION_INVITATION_DAYS = 30
    assert let_trash_go() == 1
    assert set(Document.objects.values_list("pk", flat=True)) == {young.pk, used.pk}
    assert not Invitation.objects.exists()
    assert AuditRecord.objects.get(action="document.purged").target_id == str(old.pk)


def test_beat_starts_it() -> None:
    tasks = {entry["task"] for entry in CELERY_BEAT_SCHEDULE.values()}
    assert {let_texts_go.name, let_trash_go.name, let_findings_go.name} <= tasks


def test_what_moderation_kept_goes_once_it_is_decided(settings: Settings) -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    fields = {"document": document, "user": alice, "source": "rule", "category": "term", "action": "flag"}

    def verdict(**more: Any) -> Verdict:
        made = Verdict.objects.create(
            key=uuid4().hex, target_kind="request", target_id="x", stage="input", excerpt="words", **{**fields, **more}
        )
        Verdict.objects.filter(pk=made.pk).update(created_at=OLD)
        return made

    def held(state: str, **more: Any) -> HeldRequest:
        return HeldRequest.objects.create(
            document=document, user=alice, digest=uuid4().hex, request={"action": "custom"}, state=state, **more
        )

    waiting, old = verdict(state="waiting"), verdict()
    open_, decided = held("waiting"), held("refused", decided_at=OLD)
    lately = held("released", decided_at=timezone.now())
    cases = [
        Case.objects.create(target_kind="document", target_id=name, due_at=OLD, **more)
        for name, more in (
            ("open", {}),
            ("old", {"state": "closed", "closed_at": OLD}),
            ("unread", {"state": "closed", "closed_at": OLD}),
            ("late", {"state": "closed", "closed_at": timezone.now()}),
        )
    ]
    Notice.objects.create(user=alice, case=cases[1], kind="warning", read_at=OLD, words="words")
    Notice.objects.create(user=alice, case=cases[2], kind="warning", words="words")
    Report.objects.create(case=cases[1], reporter=alice, reason="harmful", note="words")
    assert let_findings_go() == 0
    settings.RETENTION_MODERATION_DAYS = 30
    assert let_findings_go() == 3
    assert set(Case.objects.values_list("target_id", flat=True)) == {"open", "unread", "late"}
    assert not Report.objects.exists()
    assert Verdict.objects.get(pk=old.pk).excerpt is None
    assert Verdict.objects.get(pk=waiting.pk).excerpt == "words"
    assert {one.pk for one in HeldRequest.objects.all()} == {open_.pk, lately.pk}
    assert not HeldRequest.objects.filter(pk=decided.pk).exists()
