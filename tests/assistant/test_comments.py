"""Comments reach everybody in the document at once, and who missed one learns so from the versions."""

from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from apps.accounts.models import User
from apps.documents.models import Document, Membership
from tests.assistant.conftest import House
from tests.cast import browser_of

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_SECONDS = 30
JSON = "application/json"


def begin(browser: Client, document: Document, body: str = "Grey?") -> Any:
    return browser.post(f"/api/v1/documents/{document.pk}/comments/", {"body": body}, content_type=JSON)


def test_everybody_hears_of_a_comment_and_reads_it(house: House) -> None:
    victor = User.objects.create(email="victor.comments@example.org", name="Victor")
    Membership.objects.create(document=house.document, user=victor, role="viewer")
    alice, bob, reader = house.join(house.alice), house.join(house.bob), house.join(victor)
    known = reader.frames[0]["comments"]
    thread = begin(browser_of(house.bob), house.document).json()["id"]
    for client in (alice, bob, reader):
        told = client.hear_type("comments", seconds=WAIT_SECONDS)
        assert (told["thread"], told["version"]) == (thread, known + 1)
    read = browser_of(victor).get(f"/api/v1/documents/{house.document.pk}/comments/{thread}/").json()
    assert read["comments"][0]["body"] == "Grey?"
    assert begin(browser_of(victor), house.document).status_code == 403
    later = house.join(house.alice)
    assert later.frames[0]["comments"] == known + 1


def test_nobody_hears_of_another_documents_comments(house: House) -> None:
    other = Document.objects.create(title="Ibis")
    Membership.objects.create(document=other, user=house.bob, role="owner")
    alice, bob = house.join(house.alice), house.join(house.bob)
    begin(browser_of(house.bob), other)
    here = begin(browser_of(house.bob), house.document).json()["id"]
    for client in (alice, bob):
        assert client.hear_type("comments", seconds=WAIT_SECONDS)["thread"] == here


def test_a_lost_notice_is_made_up_for_by_the_next_look(house: House) -> None:
    """As if the notice had been lost: the version is counted up, and nothing is told."""
    alice = house.join(house.alice)
    known = alice.frames[0]["comments"]
    Document.objects.filter(pk=house.document.pk).update(comments_version=F("comments_version") + 1)
    # Whatever has a socket's access looked at again: here, a change of role.
    Membership.objects.filter(document=house.document, user=house.bob).update(role="owner")
    browser_of(house.bob).patch(
        f"/api/v1/documents/{house.document.pk}/members/{house.alice.pk}/", {"role": "owner"}, content_type=JSON
    )
    told = alice.hear_type("comments", seconds=WAIT_SECONDS)
    assert (told["version"], told["thread"]) == (known + 1, None)
