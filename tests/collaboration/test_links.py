"""Who is in a document by a share link, while its sockets are open."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from apps.core.close_codes import CloseCode
from apps.documents.links import change_link, create_link, link_path, revoke_link
from apps.documents.models import Membership, Role, ShareLink
from tests.collaboration.clients import SyncClient
from tests.collaboration.conftest import Cast, Person
from tests.processes import WebProcess, wait_until

SOON = timedelta(seconds=2)


@pytest.fixture
def link(cast: Cast) -> ShareLink:
    return create_link(cast.document, role=Role.EDITOR, created_by=cast.alice.user)


def open_link(web: WebProcess, person: Person, link: ShareLink) -> None:
    answer = httpx.get(web.url + link_path(link), headers={"Cookie": person.cookie}, timeout=30)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/documents/{link.document_id}/")


def enter(web: WebProcess, cast: Cast, link: ShareLink) -> SyncClient:
    """Return the socket of Mallory, who is in by nothing but the link, and has written."""
    open_link(web, cast.mallory, link)
    mallory = cast.connect(web, cast.mallory, ack=True)
    mallory.sync()
    mallory.type("by a link")
    mallory.wait_saved(1)
    return mallory


def test_whoever_opened_a_link_writes_until_it_is_revoked(web: WebProcess, cast: Cast, link: ShareLink) -> None:
    with enter(web, cast, link) as mallory, cast.connect(web, cast.bob, ack=True) as bob:
        assert bob.sync().text == "by a link"
        revoke_link(cast.document, link.pk)
        assert mallory.close_code(seconds=30) == CloseCode.FORBIDDEN
        bob.type("still here, ")
        bob.wait_saved(1)
    with cast.connect(web, cast.mallory) as again:
        assert again.close_code(seconds=30) == CloseCode.NOT_FOUND
    token = link_path(link).split("/")[2]
    wait_until(lambda: "/s/[hidden]/" in web.output(), seconds=30, what="the access log")
    assert token not in web.output()


def test_a_link_that_expires_ends_open_sockets(web: WebProcess, cast: Cast, link: ShareLink) -> None:
    """By the clock: nobody tells of it, and the look at every socket comes later."""
    with enter(web, cast, link) as mallory:
        change_link(cast.document, link.pk, expires_at=timezone.now() + SOON)
        assert mallory.close_code() == CloseCode.FORBIDDEN


def test_a_changed_role_of_a_link_holds_for_the_next_update(web: WebProcess, cast: Cast, link: ShareLink) -> None:
    with enter(web, cast, link) as mallory, cast.connect(web, cast.vera) as vera:
        vera.sync()
        change_link(cast.document, link.pk, role=Role.VIEWER)
        Membership.objects.filter(document=cast.document, user=cast.vera.user).delete()
        change_link(cast.document, link.pk, role=Role.VIEWER)
        vera.close_code(seconds=30)  # the later of the two messages has arrived
        mallory.type("too late")
        assert mallory.close_code(seconds=30) == CloseCode.FORBIDDEN
    with cast.connect(web, cast.bob) as bob:
        assert bob.sync().text == "by a link"
