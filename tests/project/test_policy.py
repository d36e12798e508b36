"""The content security policy: nothing inline, nothing remote; the editor's page makes HTML through one policy only."""

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.documents.models import Document, Membership, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client) -> User:
    person = User.objects.create_user("alice@example.org", "a heron waits by the weir", name="Alice")
    client.force_login(person)
    return person


def policy(client: Client, path: str) -> dict[str, str]:
    parts = client.get(path)["Content-Security-Policy"].split(";")
    return {part.split()[0]: " ".join(part.split()[1:]) for part in parts}


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nowhere/", "/api/v1/nowhere"])
def test_every_page_forbids_what_is_inline_or_remote(client: Client, path: str) -> None:
    rules = policy(client, path)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["connect-src"] == "'self' ws://testserver"
    assert rules["form-action"] == " ".join(["'self'", *settings.SOCIAL_LOGIN_ORIGINS])


def test_the_editor_makes_html_through_one_policy(client: Client, alice: User) -> None:
    document = Document.objects.create(title="Herons")
    Membership.objects.create(document=document, user=alice, role=Role.OWNER)
    rules = policy(client, f"/documents/{document.id}/")
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["trusted-types"] == "default dompurify ProseMirrorClipboard"
    assert "require-trusted-types-for" not in policy(client, "/documents/")
