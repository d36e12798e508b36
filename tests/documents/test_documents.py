"""Creating, finding, renaming, trashing and restoring documents."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.models import User
from apps.documents.models import Document, Membership
from apps.documents.services import record_projection
from apps.documents.signals import title_set
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _titles(browser: Client, query: str = "") -> list[str]:
    page = browser.get(f"/documents/{query}").content.decode()
    titles = re.findall(r'class="document-title"[^>]*>(.*?)</(?:a|span)>', page)
    return [re.sub(r"</?mark>", "", title) for title in titles]


def _write(document: Document, text: str, *, hours: int = 0) -> None:
    record_projection(
        document.pk,
        title=document.title,
        text=text,
        edited_at=LONG_AGO + timedelta(hours=hours),
        edited_by_id=None,
    )


def test_a_new_document_opens_in_the_editor(alice: User) -> None:
    browser = browser_of(alice)
    page = browser.post("/documents/new/", follow=True)
    document = Document.objects.get()
    assert page.redirect_chain[-1][0] == f"/documents/{document.pk}/"
    found = re.search(r'<script id="editor-config" type="application/json">(.*?)</script>', page.content.decode())
    assert found
    config = json.loads(found.group(1))
    assert config["document"] == {"id": str(document.pk), "title": ""}
    assert config["role"] == "owner"
    assert config["user"]["email"] == "alice@example.com"
    assert config["paths"]["assistant"] == f"/ws/assistant/{document.pk}"


def test_an_empty_list_has_one_sentence_and_one_button(alice: User) -> None:
    page = browser_of(alice).get("/documents/").content.decode()
    assert "Your documents will be listed here." in page
    assert page.count('action="/documents/new/"') == 1


def test_the_last_edited_document_comes_first(alice: User) -> None:
    for hours, title in enumerate(["Oldest", "Middle", "Newest"]):
        _write(make_document(alice, title), "", hours=hours)
    assert _titles(browser_of(alice)) == ["Newest", "Middle", "Oldest"]


def test_the_tabs_tell_own_shared_and_trashed_apart(alice: User, bob: User) -> None:
    make_document(alice, "Mine")
    make_document(bob, "His", viewers=[alice])
    browser_of(alice).post(f"/documents/{make_document(alice, 'Gone').pk}/trash/")
    browser_of(bob).post(f"/documents/{make_document(bob, 'His gone', editors=[alice]).pk}/trash/")
    browser = browser_of(alice)
    browser.get("/documents/")  # shows the notice of the trashed one
    assert sorted(_titles(browser)) == ["His", "Mine"]
    assert _titles(browser, "?tab=shared") == ["His"]
    assert _titles(browser, "?tab=trash") == ["Gone"]
    assert sorted(_titles(browser, "?tab=nonsense")) == ["His", "Mine"]


def test_search_finds_parts_of_words_in_title_and_text(alice: User) -> None:
    pears, apples = make_document(alice, "Pears"), make_document(alice, "Apples")
    _write(pears, "Counted in the winter ORCHARD by Maren.")
    _write(apples, "None were counted.")
    browser = browser_of(alice)
    assert _titles(browser, "?q=pear") == ["Pears"]
    assert _titles(browser, "?q=orch") == ["Pears"]
    assert sorted(_titles(browser, "?q=COUNTED")) == ["Apples", "Pears"]
    assert _titles(browser, "?q=counted+maren") == ["Pears"]
    assert _titles(browser, "?q=100%25") == []
    assert "<mark>ORCHARD</mark>" in browser.get("/documents/?q=orchard").content.decode()


def test_search_never_shows_what_is_not_shared(alice: User, bob: User) -> None:
    _write(make_document(bob, "Diary"), "orchard")
    assert _titles(browser_of(alice), "?q=orchard") == []
    assert browser_of(alice).get("/api/v1/documents/?q=orchard").json()["count"] == 0


def test_an_excerpt_is_cut_around_what_was_found(alice: User) -> None:
    _write(make_document(alice), "before " * 500 + "needle" + " after" * 500)
    (item,) = browser_of(alice).get("/api/v1/documents/?q=NEEDLE").json()["items"]
    assert "needle after" in item["excerpt"]
    assert len(item["excerpt"]) < 200


@pytest.mark.parametrize("query", ["%00", "%25%25", "_", "%5C", "x" * 5000, "'; drop table--", "%F0%9F%98%80"])
def test_odd_searches_are_answered(alice: User, query: str) -> None:
    make_document(alice, "Plain")
    assert browser_of(alice).get(f"/documents/?q={query}").status_code == 200


def test_titles_are_shown_as_text(alice: User) -> None:
    make_document(alice, "<script>alert(1)</script>")
    for query in ("", "?q=script"):
        page = browser_of(alice).get(f"/documents/{query}").content.decode()
        assert "<script>alert" not in page
        assert "alert(1)" in page


def test_long_lists_have_pages(alice: User, settings: Settings) -> None:
    settings.DOCUMENT_LIST_PAGE_SIZE = 2
    for n in range(5):
        _write(make_document(alice, f"D{n}"), "", hours=-n)
    browser = browser_of(alice)
    assert [_titles(browser, f"?page={n}") for n in (1, 2, 3)] == [["D0", "D1"], ["D2", "D3"], ["D4"]]
    assert _titles(browser, "?page=99") == ["D4"]
    assert _titles(browser, "?page=-1x") == ["D0", "D1"]
    assert 'href="?q=D&amp;page=2"' in browser.get("/documents/?q=D").content.decode()


def test_a_list_costs_the_same_whatever_its_length(
    alice: User, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(20):
        make_document(alice, f"D{n}", editors=[bob])
    browser = browser_of(alice)
    with django_assert_max_num_queries(7):  # one of them for what reviewers have to tell
        browser.get("/documents/")


def test_renaming_is_told_to_the_log_and_shown_at_once(
    alice: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    document = make_document(alice, "Old")
    heard: list[dict[str, Any]] = []

    def hear(document_id: Any, title: str, user_id: Any, **_: Any) -> None:
        heard.append({"document_id": document_id, "title": title, "user_id": user_id})

    title_set.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            browser_of(alice).post(f"/documents/{document.pk}/rename/", {"title": "  New\n name "})
    finally:
        title_set.disconnect(hear)
    assert heard == [{"document_id": document.pk, "title": "New name", "user_id": alice.pk}]
    assert _titles(browser_of(alice)) == ["New name"]


def test_too_long_a_title_is_refused_and_kept_in_the_form(alice: User) -> None:
    document = make_document(alice, "Old")
    answer = browser_of(alice).post(f"/documents/{document.pk}/rename/", {"title": "x" * 301})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "at most 300 characters" in page
    assert "x" * 301 in page


def test_trashing_can_be_undone(alice: User) -> None:
    document = make_document(alice, "Draft")
    browser = browser_of(alice)
    page = browser.post(f"/documents/{document.pk}/trash/", follow=True).content.decode()
    assert "“Draft” is in the trash." in page
    assert f'action="/documents/{document.pk}/restore/"' in page
    assert "is in the trash" not in browser.get("/documents/").content.decode()  # said once
    browser.post(f"/documents/{document.pk}/restore/")
    assert _titles(browser) == ["Draft"]


def test_deleting_for_good_asks_and_needs_the_trash(alice: User) -> None:
    document = make_document(alice, "Draft")
    browser = browser_of(alice)
    assert browser.post(f"/documents/{document.pk}/purge/").status_code == 404
    browser.post(f"/documents/{document.pk}/trash/")
    assert "cannot be undone" in browser.get(f"/documents/{document.pk}/purge/").content.decode()
    assert Document.objects.exists()
    browser.post(f"/documents/{document.pk}/purge/")
    assert not Document.objects.exists()


def test_a_person_owns_a_limited_number(alice: User, settings: Settings) -> None:
    settings.DOCUMENTS_PER_PERSON = 1
    browser = browser_of(alice)
    assert browser.post("/api/v1/documents/", {}, content_type="application/json").status_code == 201
    refused = browser.post("/api/v1/documents/", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "which is the limit" in browser.post("/documents/new/", follow=True).content.decode()


def test_a_projection_is_counted_and_cleaned(alice: User) -> None:
    document = make_document(alice, "Old")
    record_projection(
        document.pk,
        title="New\ntitle" + "x" * 400,
        text="Don't count half-read words twice.\0 Née 3",
        edited_at=LONG_AGO,
        edited_by_id=alice.pk,
    )
    document.refresh_from_db()
    assert document.word_count == 7
    assert document.title.startswith("New title")
    assert len(document.title) == 300
    assert (document.edited_at, document.edited_by) == (LONG_AGO, alice)
    document.delete()
    record_projection(document.pk, title="", text="", edited_at=LONG_AGO, edited_by_id=None)
    assert not Document.objects.exists()


def test_the_front_page_leads_people_with_an_account_to_their_documents(client: Client, alice: User) -> None:
    assert "Start writing" in client.get("/").content.decode()
    assert browser_of(alice).get("/")["Location"] == "/documents/"


def test_unknown_pages_say_what_to_do(alice: User) -> None:
    answer = browser_of(alice).get("/no-such-page/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_administrators_see_no_text(alice: User) -> None:
    _write(make_document(alice, "Diary", editors=[make_user("Bob")]), "very private words")
    root = browser_of(User.objects.create_superuser("root@example.com", "x"))
    document = Document.objects.get()
    found = root.get("/admin/documents/document/?q=bob@example.com").content.decode()
    assert "Diary" in found
    page = root.get(f"/admin/documents/document/{document.pk}/change/").content.decode()
    assert "Diary" in page
    assert "very private words" not in page
    assert root.get("/admin/documents/invitation/").status_code == 200
    assert root.get("/admin/documents/membership/?q=bob").status_code == 200


def test_rest_lists_pages_and_reads(alice: User, bob: User) -> None:
    browser = browser_of(alice)
    made = browser.post("/api/v1/documents/", {"title": "Made"}, content_type="application/json").json()
    assert made["role"] == "owner"
    for n in range(3):
        Membership.objects.create(document=make_document(bob, f"D{n}"), user=alice, role="viewer")
    page = browser.get("/api/v1/documents/?page_size=3&page=2").json()
    assert (page["count"], page["page"], page["pages"], len(page["items"])) == (4, 2, 2, 1)
    assert browser.get("/api/v1/documents/?tab=shared").json()["count"] == 3
    assert browser.get(f"/api/v1/documents/{made['id']}/").json() == made
    changed = browser.patch(f"/api/v1/documents/{made['id']}/", {"title": "Now"}, content_type="application/json")
    assert changed.json()["title"] == "Now"
    assert browser.get("/api/v1/documents/?page_size=100000").status_code == 400
    unknown = browser.post("/api/v1/documents/", {"titel": "x"}, content_type="application/json")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "invalid")


def test_an_outdated_form_says_what_to_do(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/documents/new/")
    assert answer.status_code == 403
    assert "Please try again" in answer.content.decode()
    assert not Document.objects.exists()


def test_a_refusal_names_the_role(alice: User, bob: User) -> None:
    document = make_document(alice, editors=[bob])
    answer = browser_of(bob).post(f"/documents/{document.pk}/trash/")
    assert answer.status_code == 403
    assert "Your role here is editor" in answer.content.decode()
