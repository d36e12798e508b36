"""Who a socket belongs to, asked on the event loop: many at once, and whatever was guessed before."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections

from apps.accounts.models import Scope, User
from apps.core.close_codes import CloseCode
from apps.core.postgres import close_pools
from apps.documents import look_ups
from apps.documents.models import Document, Role
from apps.documents.sockets import SocketIdentity, SocketRefused, open_document_socket, recheck
from apps.teams.models import Team, TeamMembership, TeamRole
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture(autouse=True)
async def _no_connection_left() -> AsyncIterator[None]:
    yield
    await close_pools()
    await sync_to_async(connections.close_all)()


def scope_of(user: User) -> dict[str, Any]:
    name = settings.SESSION_COOKIE_NAME
    return {"cookies": {name: browser_of(user).cookies[name].value}}


async def outcome(scope: dict[str, Any], document: Document) -> User | CloseCode:
    try:
        return (await open_document_socket(scope, document.pk, needs=Scope.DOCUMENTS_READ)).user
    except SocketRefused as refused:
        return refused.code


async def cast() -> tuple[User, User, Document]:
    alice, charlie = [await sync_to_async(make_user)(name) for name in ("Alice", "Charlie")]
    return alice, charlie, await sync_to_async(make_document)(alice)


async def test_many_are_told_apart_that_ask_at_once() -> None:
    alice, charlie, document = await cast()
    scopes = [await sync_to_async(scope_of)(user) for user in (alice, charlie)]
    nobody: dict[str, Any] = {"cookies": {}}
    answers = await asyncio.gather(*(outcome(scope, document) for scope in [nobody, *scopes] * 100))
    assert answers == [CloseCode.SIGN_IN_AGAIN, alice, CloseCode.NOT_FOUND] * 100


async def test_a_session_has_the_last_word_over_what_was_remembered_of_it() -> None:
    alice, charlie, document = await cast()
    scope = await sync_to_async(scope_of)(charlie)
    look_ups._owners[scope["cookies"][settings.SESSION_COOKIE_NAME]] = alice.pk
    assert await outcome(scope, document) == CloseCode.NOT_FOUND
    scope = await sync_to_async(scope_of)(alice)
    look_ups._owners[scope["cookies"][settings.SESSION_COOKIE_NAME]] = charlie.pk
    assert await outcome(scope, document) == alice


async def opened() -> tuple[SocketIdentity, Document]:
    alice, _, document = await cast()
    return await open_document_socket(
        await sync_to_async(scope_of)(alice), document.pk, needs=Scope.DOCUMENTS_READ
    ), document


async def end(identity: SocketIdentity) -> CloseCode:
    with pytest.raises(SocketRefused) as refused:
        await recheck(identity)
    return refused.value.code


async def test_an_open_socket_outlives_neither_session_nor_password_nor_account() -> None:
    identity, _ = await opened()
    assert (await recheck(identity)).user == identity.user
    await User.objects.filter(pk=identity.user.pk).aupdate(is_active=False)
    assert await end(identity) == CloseCode.SIGN_IN_AGAIN
    await User.objects.filter(pk=identity.user.pk).aupdate(is_active=True, password="another")
    assert await end(identity) == CloseCode.SIGN_IN_AGAIN
    await User.objects.filter(pk=identity.user.pk).aupdate(password=identity.user.password)
    assert (await recheck(identity)).user == identity.user
    await Session.objects.all().adelete()
    assert await end(identity) == CloseCode.SIGN_IN_AGAIN


async def test_an_open_socket_outlives_neither_membership_nor_document() -> None:
    identity, document = await opened()
    await Document.objects.filter(pk=document.pk).aupdate(trashed_at=document.created_at)
    assert await end(identity) == CloseCode.NOT_FOUND
    await document.adelete()
    assert await end(identity) == CloseCode.FORBIDDEN


async def test_an_open_socket_follows_the_role_that_a_team_gives_and_ends_with_it() -> None:
    alice, charlie, document = await cast()
    team = await Team.objects.acreate(name="Night desk")
    membership = await TeamMembership.objects.acreate(team=team, user=charlie, role=TeamRole.MEMBER)
    await Document.objects.filter(pk=document.pk).aupdate(team=team, team_role=Role.COMMENTER)
    scope = await sync_to_async(scope_of)(charlie)
    identity = await open_document_socket(scope, document.pk, needs=Scope.DOCUMENTS_READ)
    assert identity.access.role is Role.COMMENTER
    await Document.objects.filter(pk=document.pk).aupdate(team_role=Role.EDITOR)
    assert (await recheck(identity)).access.role is Role.EDITOR
    assert (await outcome(await sync_to_async(scope_of)(alice), document)) == alice
    await membership.adelete()
    assert await end(identity) == CloseCode.FORBIDDEN
