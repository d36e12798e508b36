"""Versions of a document: when they come by themselves, how long they stay, and what REST does with them."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pycrdt import Doc
from pytest_django import Settings

from apps.accounts.models import User
from apps.collaboration.compaction import compact
from apps.collaboration.content.services import merge_markdown
from apps.collaboration.models import DocumentLog, DocumentUpdate, DocumentVersion
from apps.collaboration.projection import plain_text
from apps.collaboration.services import append_update, read_document
from apps.collaboration.tasks import make_versions, sweep, thin_versions
from apps.documents.models import Document, Membership, Role
from apps.moderation.models import AuditRecord
from tests.cast import browser_of, make_document
from tests.collaboration.conftest import Cast
from tests.processes import WebProcess

pytestmark = pytest.mark.django_db(transaction=True)


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


# REST


def path_of(document: Document, rest: str = "") -> str:
    return f"/api/v1/documents/{document.pk}/versions/{rest}"


def sent(browser: Client, method: str, path: str, body: Any = None) -> Any:
    content = b"" if body is None else json.dumps(body)
    return browser.generic(method, path, content, content_type="application/json")


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.content)["code"]


def test_versions_are_listed_named_read_and_removed(document: Document, alice: User, bob: User) -> None:
    Membership.objects.create(document=document, user=bob, role=Role.EDITOR)
    hers, his = browser_of(alice), browser_of(bob)
    assert hers.get(path_of(document)).json() == {"count": 0, "page": 1, "pages": 1, "items": []}
    assert problem(sent(hers, "POST", path_of(document), {"name": "Empty"}))[0] == 404
    write(document, alice, "# Herons\n\nIt **waits**.\n")
    write(document, bob, "# Herons\n\nIt **waits** here.\n")
    named = sent(his, "POST", path_of(document), {"name": "  Sent to Ada "})
    assert named.status_code == 201
    version = named.json()
    assert (version["number"], version["kind"], version["name"]) == (1, "named", "Sent to Ada")
    assert {person["name"] for person in version["authors"]} == {"Alice", "Bob"}
    assert version["made_by"]["name"] == "Bob"
    assert hers.get(path_of(document)).json()["items"] == [version]
    assert hers.get(path_of(document, "1/")).json() == {**version, "title": ""}
    write(document, alice, "Gone.\n")
    assert hers.get(path_of(document, "1/?format=markdown")).content.decode() == "# Herons\n\nIt **waits** here.\n"
    first = json.loads(hers.get(path_of(document, "1/?format=json")).content)["content"][0]
    assert first["type"] == "heading"
    assert "sandbox" in hers.get(path_of(document, "1/?format=html"))["Content-Security-Policy"]
    assert ".docx" in hers.get(path_of(document, "1/?format=docx"))["Content-Disposition"]
    for name in ("Sent to Ada and Mo", ""):
        assert sent(hers, "PATCH", path_of(document, "1/"), {"name": name}).json()["name"] == name
    for name in ("x" * 101, "  ", "nul\0"):
        assert problem(sent(hers, "POST", path_of(document), {"name": name})) == (400, "invalid")
    assert problem(sent(his, "DELETE", path_of(document, "1/"))) == (403, "forbidden")
    assert sent(hers, "DELETE", path_of(document, "1/")).status_code == 204
    for method in ("GET", "DELETE"):
        assert problem(sent(hers, method, path_of(document, "1/"))) == (404, "not_found")
    assert AuditRecord.objects.filter(action="document.version_removed", actor_id=alice.pk).count() == 1


def test_naming_what_has_a_version_already_names_that_one(document: Document, alice: User, settings: Settings) -> None:
    browser = browser_of(alice)
    write(document, alice, "One", ago=timedelta(days=1))
    make_versions()
    assert sent(browser, "POST", path_of(document), {"name": "First"}).json()["number"] == 1
    assert sent(browser, "POST", path_of(document), {"name": "Also"}).json()["number"] == 2
    settings.VERSIONS_NAMED_MAX = 2
    assert problem(sent(browser, "POST", path_of(document), {"name": "Third"})) == (409, "conflict")
    sent(browser, "PATCH", path_of(document, "1/"), {"name": ""})
    assert sent(browser, "POST", path_of(document), {"name": "Third"}).status_code == 201
    assert problem(sent(browser, "PATCH", path_of(document, "1/"), {"name": "Back"})) == (409, "conflict")
    DocumentLog.objects.update(quarantined_at=timezone.now())
    for rest, body in (("", {"name": "x"}), ("1/restore", None)):
        assert problem(sent(browser, "POST", path_of(document, rest), body)) == (409, "conflict")


def test_who_only_reads_looks_at_versions_and_changes_none(document: Document, alice: User, bob: User) -> None:
    write(document, alice, "One")
    sent(browser_of(alice), "POST", path_of(document), {"name": "First"})
    for role in (Role.VIEWER, Role.COMMENTER):
        Membership.objects.update_or_create(document=document, user=bob, defaults={"role": role})
        browser = browser_of(bob)
        for rest in ("", "1/", "1/?format=text"):
            assert browser.get(path_of(document, rest)).status_code == 200
        for method, rest, body in (
            ("POST", "", {"name": "x"}),
            ("PATCH", "1/", {"name": "x"}),
            ("DELETE", "1/", None),
            ("POST", "1/restore", None),
        ):
            assert problem(sent(browser, method, path_of(document, rest), body)) == (403, "forbidden")


def test_a_restored_version_reaches_open_documents_and_can_be_undone(web: WebProcess, cast: Cast) -> None:
    document, browser = cast.document, browser_of(cast.alice.user)
    write(document, cast.alice.user, "# A heron\n\nIt waits.\n")
    sent(browser, "POST", path_of(document), {"name": "First"})
    write(document, cast.bob.user, "Nothing of it.\n")
    with cast.connect(web, cast.bob) as bob:
        bob.sync()
        answer = sent(browser, "POST", path_of(document, "1/restore")).json()
        assert answer == {"version": 3, "changed": True, "before": 2, "made": 3}
        bob.listen_until(lambda: "It waits." in plain_text(bob.doc), seconds=30)
        assert plain_text(bob.doc) == "A heron\nIt waits."
    assert sent(browser, "POST", path_of(document, "1/restore")).json()["changed"] is False
    kinds = {item["number"]: item["kind"] for item in browser.get(path_of(document)).json()["items"]}
    assert kinds == {1: "named", 2: "automatic", 3: "restored"}
    (record,) = AuditRecord.objects.filter(action="document.version_restored")
    assert (record.actor_id, json.loads(record.payload)["detail"]) == (cast.alice.user.pk, {"version": 1, "made": 3})
    sent(browser, "POST", path_of(document, f"{answer['before']}/restore"))
    assert plain_text(read_document(document.pk)) == "Nothing of it."
