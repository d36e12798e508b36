"""What ends sessions is told to open sockets of every process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client

from apps.accounts.models import User
from apps.core.control import GROUP
from tests.cast import PASSWORD, browser_of, make_user


@pytest_asyncio.fixture(autouse=True)
async def _no_connection_left() -> AsyncIterator[None]:
    yield
    await sync_to_async(connections.close_all)()


async def _heard_after(act: Callable[[], Any]) -> dict[str, Any]:
    """Return the first control message that another process would hear when `act` runs."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    await sync_to_async(act)()
    message: dict[str, Any] = await asyncio.wait_for(layer.receive(channel), 30)
    return {"kind": message["kind"], "user_id": message["user_id"]}


@pytest.mark.django_db(transaction=True)
async def test_logging_out_is_told_after_the_session_is_gone() -> None:
    alice = await sync_to_async(make_user)("Alice")
    browser = await sync_to_async(browser_of)(alice)
    heard = await _heard_after(lambda: browser.post("/accounts/logout/"))
    assert heard == {"kind": "signed_out", "user_id": str(alice.pk)}
    assert not await Session.objects.aexists()


@pytest.mark.django_db(transaction=True)
async def test_a_new_password_is_told() -> None:
    alice = await sync_to_async(make_user)("Alice")
    browser = await sync_to_async(browser_of)(alice)
    change = {"oldpassword": PASSWORD, "password1": "battery staple 7", "password2": "battery staple 7"}
    heard = await _heard_after(lambda: browser.post("/accounts/password/change/", change))
    assert heard == {"kind": "signed_out", "user_id": str(alice.pk)}


@pytest.mark.django_db(transaction=True)
async def test_closing_an_account_in_the_admin_is_told() -> None:
    alice = await sync_to_async(make_user)("Alice")
    admin = await sync_to_async(User.objects.create_superuser)("root@example.com", PASSWORD)
    browser: Client = await sync_to_async(browser_of)(admin)
    fields = {"email": alice.email, "name": alice.name, "appearance": "system", "_save": "Save"}
    heard = await _heard_after(lambda: browser.post(f"/admin/accounts/user/{alice.pk}/change/", fields))
    assert heard == {"kind": "signed_out", "user_id": str(alice.pk)}
    assert not (await User.objects.aget(pk=alice.pk)).is_active
