"""What a suspended person sees: why, until when, and one appeal; and when it ends."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Suspension, User
from apps.accounts.suspension import appeal, refuse_appeal, restore, suspend, suspension_of
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.moderation.models import AuditRecord
from tests.cast import browser_of, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> User:
    return make_user("Rita")


def page_of(browser: Client) -> str:
    answer = browser.get("/suspended/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_they_are_told_why_and_until_when_and_can_appeal_once(alice: User, reviewer: User) -> None:
    browser = browser_of(alice)
    suspend(alice.pk, by=reviewer, reason="Insults <b>in</b> answers.", until=timezone.now() + timedelta(days=7))
    assert browser.get("/").headers["Location"] == "/suspended/"
    said = page_of(browser)
    assert "Insults &lt;b&gt;in&lt;/b&gt; answers." in said
    assert f"{timezone.now() + timedelta(days=7):%B %Y}" in said
    assert browser.post("/suspended/", {"text": "  "}).status_code == 400
    assert browser.post("/suspended/", {"text": "x" * 2001}).status_code == 400
    assert browser.post("/suspended/", {"text": "It was a quotation."}).status_code == 302
    said = page_of(browser)
    assert "It was a quotation." in said
    assert "Send the appeal" not in said
    browser.post("/suspended/", {"text": "And another thing."})
    assert Suspension.objects.get().appeal_text == "It was a quotation."
    assert refuse_appeal(alice.pk, by=reviewer, answer="A quotation of your own.")
    assert not refuse_appeal(alice.pk, by=reviewer, answer="Twice.")
    assert "A quotation of your own." in page_of(browser)


def test_it_ends_by_itself_and_by_a_reviewer(alice: User, reviewer: User) -> None:
    suspend(alice.pk, by=reviewer, reason="Spam.", until=timezone.now() + timedelta(days=1))
    User.objects.filter(pk=alice.pk).update(suspended_until=timezone.now() - timedelta(seconds=1))
    browser = browser_of(alice)
    assert browser.get("/suspended/").headers["Location"] == "/documents/"
    assert browser.get("/documents/").status_code == 200
    suspend(alice.pk, by=reviewer, reason="Again.")
    alice.refresh_from_db()
    suspension = suspension_of(alice)
    assert suspension is not None
    assert suspension.reason == "Again."
    assert restore(alice.pk, by=reviewer)
    assert browser.get("/documents/").status_code == 200
    assert list(Suspension.objects.filter(ended_at=None)) == []


def test_their_own_data_and_the_way_out_stay_open(alice: User, reviewer: User) -> None:
    suspend(alice.pk, by=reviewer, reason="Spam.")
    browser = browser_of(alice)
    assert browser.get("/settings/data/").status_code == 200
    assert browser.get("/settings/").headers["Location"] == "/suspended/"
    assert browser.post("/accounts/logout/").headers["Location"] == "/"
    assert browser.get("/").status_code == 200


def test_who_may_suspend_whom(alice: User, reviewer: User) -> None:
    root = User.objects.create_superuser(email="root@example.org", password="long enough for anybody")
    with pytest.raises(Forbidden):
        suspend(reviewer.pk, by=reviewer, reason="Me.")
    with pytest.raises(Forbidden):
        suspend(root.pk, by=reviewer, reason="Coup.")
    with pytest.raises(Invalid):
        suspend(alice.pk, by=reviewer, reason="  ")
    with pytest.raises(Invalid):
        suspend(alice.pk, by=reviewer, reason="Late.", until=timezone.now())
    assert not Suspension.objects.exists()
    assert not restore(alice.pk, by=reviewer)


def test_an_appeal_needs_a_suspension_and_all_of_it_is_audited(alice: User, reviewer: User) -> None:
    with pytest.raises(Conflict):
        appeal(alice, "Why?")
    suspend(alice.pk, by=reviewer, reason="A secret matter.")
    appeal(alice, "Please.")
    assert restore(alice.pk, by=reviewer, answer="Right.")
    assert Suspension.objects.get().appeal == "granted"
    told = AuditRecord.objects.filter(target_id=str(alice.pk)).order_by("pk")
    assert [one.action for one in told] == ["user.suspended", "user.appealed", "user.restored"]
    assert "secret" not in "".join(one.payload for one in told)
