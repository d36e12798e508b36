"""Whatever belongs to somebody is absent for everybody else: every route, every method, every kind of stranger.

The routes are read from the URL resolver and the OpenAPI document, so that a new one is tested before anybody thinks
of it: one that takes an object this file does not know, or that opens to strangers, fails here.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from apps.analytics.models import Experiment
from apps.assistant.models import Command, Conversation, Generation, Turn, Visibility
from apps.collaboration.content.services import merge_markdown
from apps.collaboration.models import DocumentLog, DocumentVersion
from apps.collaboration.versions.naming import name_version
from apps.documents.models import Comment, CommentThread, Document, Invitation, LinkVisit, ShareLink
from apps.teams.models import Team, TeamInvitation, TeamMembership, TeamRole
from project.api import api
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db

SCHEMA = api.get_openapi_schema()
JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
CLOSED = {401, 403, 404}
SECRET = "heron-marker-5b1e"
TOKEN = "a-token-of-a-share-link-that-has-expired"

COMMENTS = "/api/v1/documents/{document_id}/comments/"
FOR_READERS = {
    "/api/v1/documents/{document_id}/reports",
    "/api/v1/generations/{generation_id}/reports",
    COMMENTS + "{thread_id}/replies/{comment_id}/reports",
}
# Commenters say something, and resolve what others began; anybody else's words are closed to them.
FOR_COMMENTERS = {COMMENTS, COMMENTS + "{thread_id}/", COMMENTS + "{thread_id}/replies/"}
FOR_MEMBERS = {"/api/v1/teams/{team_id}/commands/"}  # everybody in a team adds to its commands

# Pages that ask who is there, and name no object of anybody's.
ALLAUTH_AND_ADMIN = ("admin/", "accounts/")
OPEN_PAGES = {"", "robots.txt", "settings/appearance/", "invitations/", "teams/invitations/"}
OPEN_API = {"api/v1/asyncapi.json", "api/v1/docs/sockets", "api/v1/openapi.json", "api/v1/docs", "api/v1/"}
NOT_CHECKED = {"static/", "metrics"}


class Estate:
    """Everything Alice has, and whom it must stay closed to."""

    def __init__(self) -> None:
        self.alice, self.bob = make_user("Alice"), make_user("Bob")
        self.document = make_document(self.alice, SECRET, editors=[self.bob])
        self.document.text = SECRET
        self.document.save()
        self.team = Team.objects.create(name=SECRET)
        TeamMembership.objects.create(team=self.team, user=self.alice, role=TeamRole.OWNER)
        TeamMembership.objects.create(team=self.team, user=self.bob, role=TeamRole.MEMBER)
        Invitation.objects.create(
            document=self.document, email="dora@example.org", role="editor", invited_by=self.alice
        )
        TeamInvitation.objects.create(team=self.team, email="dora@example.org", role="member", invited_by=self.alice)
        self.conversation = Conversation.objects.create(
            document=self.document, user=self.alice, title=SECRET, visibility=Visibility.SHARED
        )
        self.generation = Generation.objects.create(
            id=uuid4(),
            document=self.document,
            user=self.alice,
            action="chat",
            input={"messages": [{"role": "user", "content": SECRET}]},
            text=SECRET,
            state="done",
            last_seq=2,
            ending={"type": "cancelled", "id": str(uuid4()), "seq": 2, "characters": 0},
        )
        Turn.objects.create(conversation=self.conversation, generation=self.generation)
        # One that has expired: whoever has the address of one that stands is no stranger (`documents.test_links`).
        self.link = ShareLink.objects.create(
            document=self.document,
            role="editor",
            token=TOKEN,
            token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
            created_by=self.alice,
            expires_at=timezone.now() - timedelta(days=1),
        )
        self.command = Command.objects.create(user=self.alice, name=SECRET, prompt=SECRET)
        self.thread = CommentThread.objects.create(document=self.document, made_by=self.alice, quote=SECRET)
        self.comment = Comment.objects.create(thread=self.thread, author=self.alice, body=SECRET)
        self.key, _ = create_key(self.alice, name=SECRET, scopes=[Scope.DOCUMENTS_READ])
        merge_markdown(self.document.pk, SECRET, user_id=self.alice.pk)
        self.version = name_version(self.document.pk, SECRET, user_id=self.alice.pk)
        self.objects: dict[str, Any] = {
            "document_id": self.document.pk,
            "team_id": self.team.pk,
            "user_id": self.bob.pk,
            "key_id": self.key.pk,
            "conversation_id": self.conversation.pk,
            "message_id": self.generation.pk,
            "generation_id": self.generation.pk,
            "command_id": self.command.pk,
            "thread_id": self.thread.pk,
            "comment_id": self.comment.pk,
            "email": "dora@example.org",
            "link_id": self.link.pk,
            "token": TOKEN,
            "number": self.version.number,
            "table": "answers",
            "experiment_name": Experiment.objects.create(name="try", action="shorten").name,
        }

    def fill(self, route: str) -> str:
        """Return the path of a route with Alice's objects in it."""

        def value(match: re.Match[str]) -> str:
            name = match[1].rpartition(":")[2]
            assert name in self.objects, f"{route} takes a {name}: say here what Alice's is, so that it is tested"
            return str(self.objects[name])

        return "/" + re.sub(r"[<{]([^>}]+)[>}]", value, route).lstrip("/")

    def state(self) -> list[Any]:
        """Return what must not change."""
        return [
            list(self.document.memberships.order_by("pk").values_list("user_id", "role")),
            list(self.team.memberships.order_by("pk").values_list("user_id", "role")),
            list(Document.objects.filter(pk=self.document.pk).values_list("title", "trashed_at", "team_id")),
            list(Team.objects.filter(pk=self.team.pk).values_list("name")),
            Invitation.objects.count(),
            list(ShareLink.objects.values_list("pk", "role", "expires_at", "password_hash")),
            LinkVisit.objects.count(),
            TeamInvitation.objects.count(),
            list(Conversation.objects.values_list("pk", "deleted_at", "visibility")),
            [(one.name, one.prompt) for one in Command.objects.all()],
            list(DocumentVersion.objects.values_list("number", "name")),
            DocumentLog.objects.get(pk=self.document.pk).head,
            Generation.objects.count(),
            list(CommentThread.objects.values_list("pk", "resolved_at", "anchor")),
            [(one.pk, one.body, one.removed_at) for one in Comment.objects.order_by("pk")],
            list(self.alice.api_keys.values_list("pk", "revoked_at", "replaced_by")),
        ]


@pytest.fixture
def estate() -> Estate:
    return Estate()


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Yield every route."""
    for one in (resolver or get_resolver()).url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        else:
            assert isinstance(one, URLPattern)
            yield route


def pages() -> list[str]:
    """Return the routes of our own pages."""
    return sorted({route for route in patterns() if not route.startswith((*ALLAUTH_AND_ADMIN, "api/", *NOT_CHECKED))})


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return (path, method, operation) of all of REST."""
    return [(path, method, one) for path, found in SCHEMA["paths"].items() for method, one in found.items()]


def sample(schema: dict[str, Any]) -> Any:
    """Return the smallest value that fits a schema."""
    if "$ref" in schema:
        return sample(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return sample(schema[key][0])
    if "enum" in schema:
        return schema["enum"][0]
    kinds = {"object": _object, "array": _array, "string": _string}
    if schema.get("type") in kinds:
        return kinds[schema["type"]](schema)
    return False if schema.get("type") == "boolean" else schema.get("minimum", 1)


def _object(schema: dict[str, Any]) -> Any:
    fields = schema.get("properties", {})
    return {name: sample(fields[name]) for name in schema.get("required", fields)}


def _array(schema: dict[str, Any]) -> Any:
    return [sample(schema["items"])] * schema.get("minItems", 0)


def _string(schema: dict[str, Any]) -> Any:
    if schema.get("format") == "uuid":
        return str(uuid4())
    if schema.get("format") == "date-time":
        return "2999-01-01T00:00:00Z"
    return "x@example.org" if "mail" in schema.get("title", "").lower() else "x" * max(1, schema.get("minLength", 1))


def body_of(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    return sample(content[JSON]["schema"]) if JSON in content else None


def strangers() -> dict[str, Client]:
    """Nobody; somebody else with a session; a program of theirs."""
    mallory = make_user("Mallory")
    _, text = create_key(mallory, name="theirs", scopes=list(Scope.values))
    return {
        "nobody": Client(),
        "a stranger": browser_of(mallory),
        "a stranger's program": Client(headers={"Authorization": f"Bearer {text}"}),
    }


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    if method == "get":
        return client.get(path)
    return getattr(client, method)(path, body if body is not None else {}, content_type=JSON)


def test_rest_is_closed_to_strangers(estate: Estate) -> None:
    found = [one for one in operations() if "{" in one[0]]
    assert len(found) > 40
    before, open_ = estate.state(), []
    for who, client in strangers().items():
        for path, method, operation in found:
            answer = call(client, method, estate.fill(path), body_of(operation))
            said = b"" if answer.streaming else answer.content
            if answer.status_code not in CLOSED or SECRET.encode() in said:
                open_.append((who, method, path, answer.status_code, said[:200]))
    assert open_ == []
    assert estate.state() == before


def test_a_stranger_cannot_tell_what_exists_from_what_does_not(estate: Estate) -> None:
    """Beside the status, the whole answer is the same for Alice's object and for none."""
    client, different = strangers()["a stranger"], []
    for path, method, operation in operations():
        if "{" not in path:
            continue
        there = estate.fill(path)
        nowhere = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda _: str(uuid4()), there)
        answers = [call(client, method, one, body_of(operation)) for one in (there, nowhere)]
        if len({(one.status_code, one.content) for one in answers}) > 1:
            different.append((method, path, [(one.status_code, one.content) for one in answers]))
    assert different == []


def test_rest_without_objects_tells_a_stranger_nothing_of_anybody(estate: Estate) -> None:
    clients = strangers()
    for path, method, operation in operations():
        if "{" in path or method != "get":
            continue
        for client in clients.values():
            answer = client.get(path)
            assert SECRET.encode() not in answer.content, path
        nobody = clients["nobody"].get(path)
        assert nobody.status_code == 401 or path.rpartition("/")[2] in ("actions", "models"), path
        del operation


def test_pages_are_closed_to_strangers(estate: Estate) -> None:
    before, open_ = estate.state(), []
    found = [route for route in pages() if "<" in route]
    assert len(found) > 12
    for who, client in strangers().items():
        for route in found:
            for method in METHODS:
                answer = getattr(client, method)(estate.fill(route))
                login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
                # A key that is not one's own is told as gone, on the page of one's own keys.
                own_page = answer.status_code == 302 and answer["Location"] == "/settings/api-keys/"
                if not (answer.status_code in (*CLOSED, 405) or login or own_page):
                    open_.append((who, method, route, answer.status_code))
                if SECRET.encode() in answer.content:
                    open_.append((who, method, route, "shows it"))
    assert open_ == []
    assert estate.state() == before


def test_every_other_page_asks_who_is_there() -> None:
    for route in pages():
        if "<" in route or route in OPEN_PAGES:
            continue
        answer = Client().get("/" + route)
        login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
        assert login or answer.status_code == 405, (route, answer.status_code)
    for route in {one for one in patterns() if one.startswith("api/v1/") and "<" not in one} - OPEN_API:
        assert Client().get("/" + route).status_code in (401, 405), route


@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_readers_change_nothing(estate: Estate, role: str) -> None:
    """Nothing of a document is changed by who may only read it, or of a team by who only is in it."""
    victor = make_user("Victor")
    estate.document.memberships.create(user=victor, role=role)
    estate.team.memberships.create(user=victor, role=TeamRole.MEMBER)
    client, before, open_ = browser_of(victor), estate.state(), []
    for path, method, operation in operations():
        if method == "get" or "{" not in path or path in FOR_MEMBERS | FOR_READERS:
            continue
        if role == "commenter" and path in FOR_COMMENTERS:
            continue
        answer = call(client, method, estate.fill(path), body_of(operation))
        if answer.status_code not in CLOSED:
            open_.append((method, path, answer.status_code, answer.content[:200]))
    for route in pages():
        if "<document_id>" in route.replace("uuid:", "") and "leave" not in route:
            client.post(estate.fill(route), {"title": "x"})
    assert estate.state() == before
    # Conversations are readers' too: asking is not, which the assistant's own tests say.
    assert [one for one in open_ if "/conversations/" not in one[1]] == []


def test_the_admin_is_for_staff_only(estate: Estate) -> None:
    """Every page of it, for somebody who is no staff: the log-in, and nothing of what is there."""
    client = browser_of(estate.bob)
    admin = [one for one in patterns() if one.startswith("admin/") and "^" not in one and "(?P" not in one]
    assert len(admin) > 60
    for route in admin:
        path = "/" + re.sub(r"<[^>]+>", str(estate.document.pk), route)
        answer = client.get(path)
        to_login = answer.status_code == 302 and "/login/" in answer["Location"]
        assert to_login or answer.status_code in CLOSED or "login" in route or "logout" in route, (route, answer)
        assert SECRET.encode() not in answer.content


def test_staff_without_permissions_see_nothing(estate: Estate) -> None:
    clerk: User = make_user("Clerk")
    clerk.is_staff = True
    clerk.save()
    client = browser_of(clerk)
    admin = [one for one in patterns() if one.startswith("admin/") and "^" not in one and "(?P" not in one]
    own = {"admin/", "admin/login/", "admin/logout/", "admin/password_change/", "admin/password_change/done/"}
    for route in set(admin) - own - {"admin/jsi18n/", "admin/autocomplete/"}:
        path = "/" + re.sub(r"<[^>]+>", str(estate.document.pk), route)
        answer = client.get(path)
        assert answer.status_code in (302, *CLOSED), (route, answer.status_code)
        assert SECRET.encode() not in answer.content
    assert isinstance(estate.document.pk, UUID)
