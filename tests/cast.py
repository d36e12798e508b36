"""The people and documents of tests: Alice owns, Bob edits, Charlie may not."""

from collections.abc import Sequence
from functools import cache

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.test import Client

from apps.accounts.models import User
from apps.documents.models import Document, Membership, Role

PASSWORD = "correct horse 9"


@cache
def _hashed_password() -> str:
    """Hash once: it takes a third of a second, on purpose."""
    return make_password(PASSWORD)


def make_user(name: str, *, verified: bool = False) -> User:
    """Return the account <name>@example.com."""
    user = User.objects.create(email=f"{name.lower()}@example.com", name=name, password=_hashed_password())
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


@pytest.fixture
def alice() -> User:
    return make_user("Alice")


@pytest.fixture
def bob() -> User:
    return make_user("Bob")


def make_document(
    owner: User,
    title: str = "",
    *,
    editors: Sequence[User] = (),
    commenters: Sequence[User] = (),
    viewers: Sequence[User] = (),
) -> Document:
    document = Document.objects.create(title=title, edited_by=owner)
    people = {Role.OWNER: [owner], Role.EDITOR: editors, Role.COMMENTER: commenters, Role.VIEWER: viewers}
    for role, users in people.items():
        Membership.objects.bulk_create(Membership(document=document, user=user, role=role) for user in users)
    return document


def browser_of(user: User) -> Client:
    """Return a browser in which `user` is logged in."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser
