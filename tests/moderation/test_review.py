"""Review: what waits becomes a case, a decision is made once by who saw the case as it is, and does what it says."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Suspension, User
from apps.accounts.suspension import appeal, suspend
from apps.assistant.models import Decision, Generation
from apps.core.errors import Conflict, Forbidden, InterlineError, Invalid
from apps.documents.models import Document
from apps.moderation.cases import Target, open_case, similar_cases
from apps.moderation.models import AuditRecord, Case, CaseDecision, HeldRequest, Notice, Report, Verdict
from apps.moderation.redaction import Finding
from apps.moderation.reports import report_document
from apps.moderation.review import Kind, Wish, choices, decide
from apps.moderation.verdicts import Place, record
from tests.cast import browser_of, make_document, make_user
from tests.mail import Outbox, link_in

pytestmark = pytest.mark.django_db


def make_reviewer(name: str, *more: str) -> User:
    reviewer = make_user(name)
    reviewer.is_staff = True
    reviewer.save()
    named = ("view_case", "change_case", *more)
    reviewer.user_permissions.set(Permission.objects.filter(codename__in=named))
    return User.objects.get(pk=reviewer.pk)


@pytest.fixture
def rita() -> User:
    return make_reviewer("Rita")


@pytest.fixture
def document(alice: User) -> Document:
    return make_document(alice, "Heron")


def answer_in(document: Document, user: User, **fields: Any) -> Generation:
    return Generation.objects.create(
        id=uuid4(), document=document, user=user, action="continue", input={}, text="Words.", state="done", **fields
    )


def case_of(generation: Generation) -> Case:
    target = Target("generation", generation.pk, generation.document_id, generation.user_id)
    return open_case(target, hours=24)


def held_by(user: User, document: Document) -> tuple[HeldRequest, Case]:
    held = HeldRequest.objects.create(user=user, document=document, digest="d" * 64, request={"action": "continue"})
    found = Finding("term", "quarantine", source="rule", text="heron")
    record(Place("request", held.pk, document.pk, user.pk, "input"), [found])
    return held, Case.objects.get(target_kind="request", target_id=str(held.pk))


# ---------------------------------------------------------------- cases


def test_what_waits_is_gathered_in_one_case_and_what_is_noted_in_none(document: Document, alice: User) -> None:
    generation = answer_in(document, alice)
    place = Place("generation", generation.pk, document.pk, alice.pk, "output")
    record(place, [Finding("term", "flag", source="rule", text="heron")])
    assert not Case.objects.exists()
    record(place, [Finding("term", "block", source="rule", text="heron")])
    record(place, [Finding("other", "block", source="rule", text="ibis")], run="2")
    case = Case.objects.get()
    assert (case.user, case.document, case.state) == (alice, document, "open")
    assert timedelta(hours=23) < case.due_at - timezone.now() < timedelta(hours=25)


def test_a_decided_case_opens_again_for_something_new(document: Document, alice: User, rita: User) -> None:
    case = case_of(answer_in(document, alice))
    decide(case.pk, Wish(Kind.APPROVE, case.version), by=rita)
    again = open_case(Target(case.target_kind, case.target_id, document.pk, alice.pk), hours=1)
    assert (again.pk, again.state, again.closed_at) == (case.pk, "open", None)
    with pytest.raises(Conflict):
        decide(case.pk, Wish(Kind.REMOVE, case.version), by=rita)


def test_similar_cases_say_what_is_alike(document: Document, alice: User) -> None:
    bob = make_user("Bob")
    mine, same_words, same_person = (answer_in(document, user) for user in (alice, bob, alice))
    for generation, words in ((mine, "heron"), (same_words, "HERON"), (same_person, "ibis")):
        place = Place("generation", generation.pk, document.pk, generation.user_id, "output")
        record(place, [Finding("term", "block", source="rule", text=words)])
    found = {case.target_id: why for case, why in similar_cases(Case.objects.get(target_id=str(mine.pk)))}
    assert found == {str(same_words.pk): "the same words", str(same_person.pk): "the same person"}


# ---------------------------------------------------------------- decisions


def test_a_removed_answer_is_shown_to_nobody_and_its_owner_is_shown_what_was_accepted(
    document: Document, alice: User, rita: User
) -> None:
    bob = make_user("Bob")
    document.memberships.create(user=bob, role="editor")
    generation = answer_in(document, bob)
    Decision.objects.create(generation=generation, user=bob, decision="edited", final_text="The accepted words.")
    report_document(alice, document.pk, reason="other", note="")
    case = case_of(generation)
    decide(case.pk, Wish(Kind.REMOVE, case.version, note="See the report."), by=rita)
    read = browser_of(alice).get(f"/api/v1/generations/{generation.pk}/").json()
    assert (read["text"], read["edits"], read["withdrawn"]) == ("", [], True)
    assert browser_of(alice).get(f"/api/v1/generations/{generation.pk}/events").status_code == 410
    generation.refresh_from_db()
    assert generation.text == "Words."
    notice = Notice.objects.get()
    assert (notice.user, notice.kind, notice.words) == (alice, "removal", "The accepted words.")
    assert "The accepted words." in browser_of(alice).get("/documents/").content.decode()
    case.refresh_from_db()
    assert (case.state, case.outcome, choices(case)) == ("closed", "removed", [Kind.RESTORE])
    decide(case.pk, Wish(Kind.RESTORE, case.version), by=rita)
    assert browser_of(alice).get(f"/api/v1/generations/{generation.pk}/").json()["text"] == "Words."


def test_without_anything_accepted_nobody_is_disturbed(document: Document, alice: User, rita: User) -> None:
    case = case_of(answer_in(document, alice))
    decide(case.pk, Wish(Kind.REMOVE, case.version), by=rita)
    assert not Notice.objects.exists()


def test_a_held_request_is_released_or_refused_and_restored(document: Document, alice: User, rita: User) -> None:
    held, case = held_by(alice, document)
    decide(case.pk, Wish(Kind.REMOVE, case.version), by=rita)
    held.refresh_from_db()
    assert held.state == "refused"
    assert Verdict.objects.get().state == "upheld"
    case.refresh_from_db()
    decide(case.pk, Wish(Kind.RESTORE, case.version), by=rita)
    held.refresh_from_db()
    assert held.state == "released"
    assert Verdict.objects.get().state == "overturned"
    assert Notice.objects.get(user=alice).kind == "release"
    assert "released what you asked" in browser_of(alice).get("/documents/").content.decode()


def test_a_warned_person_sees_it_on_every_page_until_they_have_read_it(
    document: Document, alice: User, rita: User
) -> None:
    case = case_of(answer_in(document, alice))
    with pytest.raises(Invalid):
        decide(case.pk, Wish(Kind.WARN, case.version, words=" "), by=rita)
    decide(case.pk, Wish(Kind.WARN, case.version, words="No <insults>, please."), by=rita)
    browser, other = browser_of(alice), browser_of(make_user("Bob"))
    for path in ("/documents/", "/settings/", f"/documents/{document.pk}/"):
        assert "No &lt;insults&gt;, please." in browser.get(path).content.decode()
    assert "insults" not in other.get("/documents/").content.decode()
    notice = Notice.objects.get()
    other.post("/notices/read/", {"id": notice.pk})
    assert "insults" in browser.get("/documents/").content.decode()
    answer = browser.post("/notices/read/", {"id": notice.pk, "next": "/settings/"})
    assert answer["Location"] == "/settings/"
    assert browser.post("/notices/read/", {"id": "x", "next": "//evil.test/"})["Location"] == "/documents/"
    assert "insults" not in browser.get("/documents/").content.decode()
    assert AuditRecord.objects.filter(action="moderation.notice_read").count() == 1


def test_suspending_appealing_and_restoring_go_through_the_queue(document: Document, alice: User, rita: User) -> None:
    case = case_of(answer_in(document, alice))
    until = timezone.now() + timedelta(days=7)
    decide(case.pk, Wish(Kind.SUSPEND, case.version, words="Insults.", until=until), by=rita)
    suspension = Suspension.objects.get()
    assert (suspension.reason, suspension.until, suspension.by) == ("Insults.", until, rita)
    alice.refresh_from_db()
    appeal(alice, "It was a quotation.")
    appealed = Case.objects.get(target_kind="person")
    assert appealed.due_at > timezone.now() + timedelta(hours=70)
    assert set(choices(appealed)) == {Kind.APPROVE, Kind.WARN, Kind.RESTORE, Kind.ESCALATE}
    decide(appealed.pk, Wish(Kind.RESTORE, appealed.version, words="You are right."), by=rita)
    suspension.refresh_from_db()
    assert (suspension.appeal, suspension.answer) == ("granted", "You are right.")
    alice.refresh_from_db()
    assert not alice.is_suspended


def test_an_appeal_that_is_turned_down_is_answered(alice: User, rita: User) -> None:
    suspend(alice.pk, by=rita, reason="Insults.")
    alice.refresh_from_db()
    appeal(alice, "Why?")
    case = Case.objects.get()
    decide(case.pk, Wish(Kind.APPROVE, case.version, words="Because."), by=rita)
    assert Suspension.objects.get().answer == "Because."
    alice.refresh_from_db()
    assert alice.is_suspended


def test_who_is_warned_or_suspended_is_told_by_mail_why_and_how_to_appeal(
    document: Document, alice: User, rita: User, mailoutbox: Outbox, django_capture_on_commit_callbacks: Any
) -> None:
    reviewer = browser_of(rita)

    def decided(case: Case, kind: Kind, words: str) -> EmailMessage:
        form = {"kind": kind, "version": case.version, "words": words, "days": "7"}
        with django_capture_on_commit_callbacks(execute=True):
            reviewer.post(f"/admin/moderation/case/{case.pk}/decide/", form)
        message = mailoutbox[-1]
        assert message.to == [alice.email]
        assert words in message.body
        assert "&" not in message.body
        return message

    warning = decided(case_of(answer_in(document, alice)), Kind.WARN, "No <insults>, please.")
    assert "warning" in warning.subject
    suspended = decided(case_of(answer_in(document, alice)), Kind.SUSPEND, "Insults, again.")
    assert "suspended" in suspended.subject
    assert str((timezone.now() + timedelta(days=7)).year) in suspended.body
    appeal_at = link_in(suspended)
    alice.refresh_from_db()
    browser = browser_of(alice)
    assert b"Insults, again." in browser.get(appeal_at).content
    browser.post(appeal_at, {"text": "It was a quotation."})
    stays = decided(Case.objects.get(target_kind="person"), Kind.APPROVE, "Read the rules.")
    assert "stays suspended" in stays.subject
    again = decided(Case.objects.get(target_kind="person"), Kind.RESTORE, "We were wrong.")
    assert "open again" in again.subject
    assert len(mailoutbox) == 4


def test_an_escalated_case_is_for_who_may_decide_those(document: Document, alice: User, rita: User) -> None:
    case = case_of(answer_in(document, alice))
    with pytest.raises(Invalid):
        decide(case.pk, Wish(Kind.ESCALATE, case.version), by=rita)
    decide(case.pk, Wish(Kind.ESCALATE, case.version, note="Is this ours?"), by=rita)
    case.refresh_from_db()
    with pytest.raises(Forbidden):
        decide(case.pk, Wish(Kind.APPROVE, case.version), by=rita)
    chief = make_reviewer("Chief", "decide_escalated")
    assert decide(case.pk, Wish(Kind.APPROVE, case.version), by=chief).state == "closed"


def test_reporters_hear_of_the_outcome(document: Document, alice: User, rita: User) -> None:
    report_document(alice, document.pk, reason="false", note="")
    case = Case.objects.get()
    assert choices(case) == [Kind.APPROVE, Kind.ESCALATE]
    decide(case.pk, Wish(Kind.APPROVE, case.version), by=rita)
    report = Report.objects.get()
    assert report.answered_at is not None
    assert report.outcome == "approved"


def test_sent_twice_a_decision_is_made_once_and_nobody_judges_themselves(
    document: Document, alice: User, rita: User
) -> None:
    case = case_of(answer_in(document, alice))
    wish = Wish(Kind.WARN, case.version, words="Please do not.")
    for _ in range(2):
        decide(case.pk, wish, by=rita)
    assert Notice.objects.count() == CaseDecision.objects.count() == 1
    assert AuditRecord.objects.filter(action="moderation.case_warn").count() == 1
    own = case_of(answer_in(document, rita))
    with pytest.raises(Forbidden):
        decide(own.pk, Wish(Kind.APPROVE, own.version), by=rita)


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told(document: Document, alice: User) -> None:
    reviewers = [make_reviewer(name) for name in ("Rita", "Ruth")]
    case = case_of_committed(document, alice)

    def at_once(reviewer: User, kind: Kind) -> str:
        try:
            decide(case.pk, Wish(kind, case.version, words="Words."), by=reviewer)
        except InterlineError as error:
            return error.message
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(at_once, reviewers, (Kind.WARN, Kind.REMOVE)))
    assert sorted(one == "done" for one in said) == [False, True]
    assert "was faster" in next(one for one in said if one != "done")
    assert CaseDecision.objects.count() == 1


def case_of_committed(document: Document, user: User) -> Case:
    with transaction.atomic():
        return case_of(answer_in(document, user))


# ---------------------------------------------------------------- the queue


def test_the_queue_shows_what_is_due_first_and_asks_who_is_there(document: Document, alice: User, rita: User) -> None:
    late, soon, done = (case_of(answer_in(document, alice)) for _ in range(3))
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=3))
    Case.objects.filter(pk=done.pk).update(state="closed")
    browser = browser_of(rita)
    listed = browser.get("/admin/moderation/case/").content.decode()
    assert listed.index(str(late.pk)) < listed.index(str(soon.pk))
    assert "overdue by 3" in listed.replace("\xa0", " ")
    assert str(done.pk) not in listed
    overdue = browser.get("/admin/moderation/case/?state=overdue").content.decode()
    assert str(late.pk) in overdue
    assert str(soon.pk) not in overdue
    assert str(done.pk) in browser.get("/admin/moderation/case/?state=closed").content.decode()
    clerk = make_user("Clerk")
    clerk.is_staff = True
    clerk.save()
    page = f"/admin/moderation/case/{soon.pk}/"
    assert browser_of(clerk).get(page + "change/").status_code == 403
    assert browser_of(clerk).post(page + "decide/", {"kind": "approve", "version": 1}).status_code == 403
    assert Client().get(page + "change/").status_code == 302


def test_a_case_is_read_and_decided_on_its_page(document: Document, alice: User, rita: User) -> None:
    generation = answer_in(document, alice)
    case, other = case_of(generation), case_of(answer_in(document, alice))
    place = Place("generation", generation.pk, document.pk, alice.pk, "output")
    record(place, [Finding("term", "block", source="rule", text="heron-excerpt")])
    browser, path = browser_of(rita), f"/admin/moderation/case/{case.pk}/"
    page = browser.get(path + "change/").content.decode()
    assert "heron-excerpt" in page
    assert "the same person" in page
    assert "Words." not in page
    assert AuditRecord.objects.filter(action="moderation.case_read", target_id=str(case.pk), actor=rita).exists()
    missing = browser.post(path + "decide/", {"version": case.version})
    assert "Choose what is decided first." in missing.content.decode()
    unsaid = {"version": case.version, "kind": "warn", "note": "Mine."}
    refused = browser.post(path + "decide/", unsaid).content.decode()
    assert "say to the person" in refused
    assert "Mine." in refused
    sent = browser.post(path + "decide/", {"version": case.version, "kind": "approve", "note": "Fine."})
    assert sent["Location"].endswith(f"/{other.pk}/change/")
    assert CaseDecision.objects.get().note == "Fine."
    assert "Fine." in browser.get(path + "change/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(note, 'escape') FROM moderation_casedecision")
        assert "Fine." not in cursor.fetchone()[0]
