"""Admins read what somebody asked and was answered with a reason only, and that is written down."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.assistant.models import Generation
from apps.moderation import audit
from apps.moderation.models import AuditRecord
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "<img src=https://evil.example/x.png><script>alert(1)</script> https://evil.example/leak"


@pytest.fixture
def generation() -> Generation:
    alice = make_user("Alice")
    return Generation.objects.create(
        id=uuid4(),
        document=make_document(alice, "Herons"),
        user=alice,
        action="continue",
        input={"text_before": "What Alice wrote of herons."},
        text=HOSTILE,
        state="done",
    )


def clerk_with(*permissions: str) -> tuple[User, Client]:
    clerk = make_user("Clerk")
    clerk.is_staff = True
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return clerk, browser_of(clerk)


def test_a_transcript_is_shown_for_a_reason_and_that_is_written_down(generation: Generation) -> None:
    clerk, browser = clerk_with("view_generation", "read_transcript")
    listed = browser.get(f"/admin/assistant/generation/{generation.pk}/change/").content.decode()
    there = f"/admin/assistant/generation/{generation.pk}/transcript/"
    assert there in listed
    asked = browser.get(there).content.decode()
    refused = browser.post(there, {"reason": "because"}).content.decode()
    for page in (listed, asked, refused):
        assert "What Alice wrote" not in page
        assert "evil.example" not in page
    assert not AuditRecord.objects.filter(action="transcript.read").exists()
    shown = browser.post(there, {"reason": "Report 17: asked by its writer"})
    page = shown.content.decode()
    assert "What Alice wrote of herons." in page
    assert "<script>alert" not in page
    assert "<img src=https" not in page
    assert 'href="https://evil' not in page
    assert "no-store" in shown["Cache-Control"]
    (written,) = AuditRecord.objects.filter(action="transcript.read")
    assert (written.actor, written.target_id) == (clerk, str(generation.pk))
    assert audit.detail_of(written) == {"reason": "Report 17: asked by its writer"}


def test_who_may_see_the_list_may_not_read_transcripts_yet(generation: Generation) -> None:
    _, browser = clerk_with("view_generation")
    there = f"/admin/assistant/generation/{generation.pk}/transcript/"
    assert browser.post(there, {"reason": "Report 17: asked by its writer"}).status_code == 403
    assert not AuditRecord.objects.filter(action="transcript.read").exists()


def test_a_transcript_that_is_not_there(generation: Generation) -> None:
    _, browser = clerk_with("view_generation", "read_transcript")
    there = f"/admin/assistant/generation/{uuid4()}/transcript/"
    assert browser.post(there, {"reason": "Report 17: asked by its writer"}).status_code == 404
