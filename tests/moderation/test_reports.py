"""Reports: by who can see it, once while it waits, into one case; and the reporter hears what became of it."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import User
from apps.assistant.models import Generation, Visibility
from apps.documents.models import Document
from apps.moderation.models import AuditRecord, Case, Report
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(alice: User, bob: User) -> Document:
    return make_document(alice, "Heron", viewers=[bob])


def answer_of(user: User, document: Document, **fields: Any) -> Generation:
    return Generation.objects.create(id=uuid4(), document=document, user=user, action="continue", input={}, **fields)


def send(browser: Client, path: str, reason: str = "hate", note: str = "") -> Any:
    return browser.post(f"/api/v1/{path}/reports", {"reason": reason, "note": note}, content_type="application/json")


def test_readers_report_answers_and_documents_into_one_case_each(alice: User, bob: User, document: Document) -> None:
    generation = answer_of(alice, document)
    for path, kind, target in (
        (f"generations/{generation.pk}", "generation", generation.pk),
        (f"documents/{document.pk}", "document", document.pk),
    ):
        for who in (alice, bob):
            sent = send(browser_of(who), path, note="Look at the end.")
            assert sent.status_code == 201
            said = sent.json()
            assert (said["target"], said["target_id"], said["state"]) == (kind, str(target), "waiting")
        case = Case.objects.get(target_kind=kind)
        assert (case.target_id, case.state, case.document) == (str(target), "open", document)
        assert {one.reporter for one in case.reports.all()} == {alice, bob}
        assert timezone.now() < case.due_at
    assert Case.objects.get(target_kind="generation").user == alice
    told = AuditRecord.objects.filter(action="moderation.reported")
    assert told.count() == 4
    assert "Look at" not in "".join(one.payload for one in told)


def test_sent_again_while_it_waits_a_report_is_the_same_with_new_words(bob: User, document: Document) -> None:
    browser = browser_of(bob)
    first = send(browser, f"documents/{document.pk}", "hate", "One.").json()
    again = send(browser, f"documents/{document.pk}", "other", "Two.").json()
    assert first["id"] == again["id"]
    report = Report.objects.get()
    assert (report.reason, report.note) == ("other", "Two.")


def test_only_who_can_see_it_can_report_it(alice: User, bob: User, document: Document) -> None:
    hidden = answer_of(alice, document, visibility=Visibility.PRIVATE)
    mallory = browser_of(make_user("Mallory"))
    answers = [
        send(browser_of(bob), f"generations/{hidden.pk}"),
        send(mallory, f"generations/{hidden.pk}"),
        send(mallory, f"documents/{document.pk}"),
        send(mallory, f"documents/{uuid4()}"),
        send(mallory, f"generations/{uuid4()}"),
    ]
    assert {one.status_code for one in answers} == {404}
    assert not Case.objects.exists()


def test_a_report_has_a_reason_of_ours_and_few_words(bob: User, document: Document) -> None:
    browser = browser_of(bob)
    assert send(browser, f"documents/{document.pk}", "boring").status_code == 400
    assert send(browser, f"documents/{document.pk}", note="x" * 1_001).status_code == 400
    assert not Report.objects.exists()


def test_nobody_reports_all_day(bob: User, document: Document, settings: Settings) -> None:
    settings.REPORTS_PER_HOUR = 2
    browser = browser_of(bob)
    answers = [send(browser, f"documents/{document.pk}") for _ in range(3)]
    assert [one.status_code for one in answers] == [201, 201, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_the_reporter_sees_what_became_of_it(alice: User, bob: User, document: Document) -> None:
    browser = browser_of(bob)
    assert "You have reported nothing" in browser.get("/settings/reports/").content.decode()
    send(browser, f"documents/{document.pk}", note="<b>Here</b>")
    said = browser.get("/settings/reports/").content.decode()
    assert "It waits for a reviewer." in said
    assert "&lt;b&gt;Here&lt;/b&gt;" in said
    Report.objects.update(answered_at=timezone.now(), outcome=Case.Outcome.APPROVED)
    assert "may stand" in browser.get("/settings/reports/?page=7").content.decode()
    [listed] = browser.get("/api/v1/reports/").json()["items"]
    assert (listed["state"], "may stand" in listed["answer"]) == ("answered", True)
    assert browser_of(alice).get("/api/v1/reports/").json()["items"] == []
