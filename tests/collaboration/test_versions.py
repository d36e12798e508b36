"""Versions of a document: when they come by themselves, how long they stay, and what REST does with them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pycrdt import Doc
from pytest_django import Settings

from apps.accounts.models import User
from apps.collaboration.compaction import compact
from apps.collaboration.content.services import merge_markdown
from apps.collaboration.models import DocumentLog, DocumentUpdate, DocumentVersion
from apps.collaboration.services import append_update
from apps.collaboration.tasks import make_versions, sweep, thin_versions
from apps.documents.models import Document
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> User:
    return make_user("Alice")


@pytest.fixture
def document(alice: User) -> Document:
    return make_document(alice, "Herons")


def write(document: Document, user: User, markdown: str, *, ago: timedelta = timedelta(0)) -> None:
    """Make it read `markdown`, as if that had been done a while ago."""
    position = merge_markdown(document.pk, markdown, user_id=user.pk).position
    rows = DocumentUpdate.objects.filter(log_id=document.pk, position=position)
    rows.update(created_at=timezone.now() - ago)


def numbers(document: Document) -> list[int]:
    return list(document.log.versions.order_by("number").values_list("number", flat=True))


def test_one_is_made_when_the_document_rests_and_only_once(document: Document, alice: User, settings: Settings) -> None:
    rested = timedelta(seconds=settings.VERSION_REST_SECONDS + 1)
    write(document, alice, "It waits.")
    make_versions()
    assert numbers(document) == []
    write(document, alice, "It waits by the weir.")
    DocumentUpdate.objects.update(created_at=timezone.now() - rested)
    for _ in range(2):
        make_versions()
        (version,) = DocumentVersion.objects.all()
        assert (version.number, version.position, version.kind) == (1, 2, "automatic")
        assert version.author_ids == [alice.pk]
        assert timezone.now() - version.created_at > rested, "it is of when it was written"


def test_one_is_made_of_work_that_goes_on(document: Document, alice: User, settings: Settings) -> None:
    write(document, alice, "A", ago=timedelta(seconds=settings.VERSION_INTERVAL_SECONDS + 1))
    write(document, alice, "A b")
    make_versions()
    assert numbers(document) == [1]
    write(document, alice, "A b c")
    make_versions()
    assert numbers(document) == [1]


def test_when_work_began_is_known_after_folding(document: Document, alice: User, settings: Settings) -> None:
    write(document, alice, "A", ago=timedelta(seconds=settings.VERSION_INTERVAL_SECONDS + 1))
    compact(document.pk)
    write(document, alice, "A b")
    make_versions()
    assert numbers(document) == [1]


def test_of_what_was_folded_long_ago_one_is_made_too(document: Document, alice: User) -> None:
    """As in a document from before there were versions."""
    write(document, alice, "Old", ago=timedelta(days=100))
    sweep()
    compact(document.pk)
    DocumentLog.objects.update(unversioned_authors=[], unversioned_since=None)
    make_versions()
    (version,) = DocumentVersion.objects.all()
    assert version.author_ids == []


def test_none_is_made_of_nothing_of_the_same_or_of_a_damaged_log(document: Document, alice: User) -> None:
    long_ago = timedelta(days=1)
    append_update(document.pk, Doc().get_update(), user_id=alice.pk)
    DocumentUpdate.objects.update(created_at=timezone.now() - long_ago)
    make_versions()
    assert numbers(document) == []
    write(document, alice, "One", ago=long_ago)
    make_versions()
    write(document, alice, "Two", ago=long_ago)
    write(document, alice, "One", ago=long_ago)
    make_versions()
    assert numbers(document) == [1]
    assert DocumentLog.objects.get().version_position == 4
    write(document, alice, "Three", ago=long_ago)
    DocumentLog.objects.update(quarantined_at=timezone.now())
    make_versions()
    assert numbers(document) == [1]


def fabricate(document: Document, times: list[Any], **fields: Any) -> None:
    log, _ = DocumentLog.objects.get_or_create(document=document)
    first = log.last_version + 1
    fields = {"position": 1, "state": b"", "stored_bytes": 0, "digest": b"", "kind": "automatic", **fields}
    DocumentVersion.objects.bulk_create(
        DocumentVersion(**{"log": log, "number": number, "created_at": time, "author_ids": [uuid4()], **fields})
        for number, time in enumerate(times, first)
    )
    log.last_version += len(times)
    log.save()


def test_the_older_they_get_the_fewer_are_kept_and_no_author_is_forgotten(document: Document) -> None:
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month_ago, days_ago = midnight - timedelta(days=30), midnight - timedelta(days=3)
    fabricate(document, [month_ago + timedelta(hours=hour) for hour in (1, 5, 9)])  # 1 to 3
    fabricate(document, [month_ago + timedelta(hours=10)], name="Sent")  # 4
    fabricate(document, [days_ago + timedelta(minutes=minute) for minute in (0, 20, 59, 61)])  # 5 to 8
    fabricate(document, [now - timedelta(minutes=minute) for minute in (3, 2, 1)])  # 9 to 11
    authors = {author for version in DocumentVersion.objects.all() for author in version.author_ids}
    for _ in range(2):
        thin_versions()
        assert numbers(document) == [3, 4, 7, 8, 9, 10, 11]
    kept = DocumentVersion.objects.order_by("number")
    assert {author for version in kept for author in version.author_ids} == authors
    assert [len(version.author_ids) for version in kept] == [3, 1, 3, 1, 1, 1, 1]


def test_a_document_has_so_many_and_no_more_of_them(document: Document, alice: User, settings: Settings) -> None:
    settings.VERSIONS_MAX, settings.VERSIONS_MAX_BYTES = 4, 10_000
    now = timezone.now()
    fabricate(document, [now - timedelta(minutes=30)], name="Kept")
    fabricate(document, [now - timedelta(minutes=minute) for minute in (5, 4, 3)], stored_bytes=100)
    write(document, alice, "New", ago=timedelta(hours=1))
    make_versions()
    assert numbers(document) == [1, 3, 4, 5]
    DocumentVersion.objects.filter(number=4).update(stored_bytes=9_990)
    write(document, alice, "Newer", ago=timedelta(hours=1))
    make_versions()
    assert numbers(document) == [1, 5, 6]
