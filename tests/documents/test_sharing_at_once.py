"""What must hold when people change a document's members in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connections

from apps.core.errors import Conflict, NotFound
from apps.documents import services
from apps.documents.models import Invitation, Membership, Role
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*acts: Callable[[], object]) -> list[type[BaseException] | None]:
    """Run `acts` in threads that start together; return what each raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> type[BaseException] | None:
        start.wait(10)
        try:
            act()
        except (Conflict, NotFound) as error:
            return type(error)
        finally:
            connections.close_all()
        return None

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_two_owners_cannot_both_leave() -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    document = make_document(alice)
    Membership.objects.create(document=document, user=bob, role=Role.OWNER)
    raised = _at_once(
        lambda: services.remove_member(document, user_id=alice.pk),
        lambda: services.change_role(document, user_id=bob.pk, role=Role.VIEWER),
    )
    assert raised.count(Conflict) == 1
    assert document.memberships.filter(role=Role.OWNER).count() == 1


def test_an_invitation_is_accepted_by_one_person() -> None:
    alice, dora, eve = make_user("Alice"), make_user("Dora"), make_user("Eve")
    document = make_document(alice)
    invitation = Invitation.objects.create(document=document, email="d@example.com", role="editor", invited_by=alice)
    raised = _at_once(
        lambda: services.accept_invitation(invitation, user=dora),
        lambda: services.accept_invitation(invitation, user=eve),
    )
    assert raised.count(NotFound) == 1
    assert document.memberships.count() == 2


def test_inviting_one_address_twice_makes_one_invitation() -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    invite = partial(
        services.invite,
        document,
        email="dora@example.com",
        role=Role.VIEWER,
        invited_by=alice,
        site="http://localhost/",
    )
    assert _at_once(invite, invite) == [None, None]
    assert Invitation.objects.count() == 1
