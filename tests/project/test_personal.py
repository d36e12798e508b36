"""A person gets all that is theirs, and is forgotten without taking along what others wrote."""

import io
import json
import zipfile
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from apps.accounts.api_keys import create_key
from apps.accounts.models import PersonalWriting, User
from apps.assistant.models import Command, Conversation, Decision, Generation, Turn, Visibility
from apps.collaboration.content.services import merge_markdown
from apps.collaboration.versions.naming import name_version
from apps.documents.models import Document, Role
from apps.moderation import audit
from apps.moderation.models import AuditRecord
from apps.quotas.models import Entry
from apps.teams.models import Team, TeamMembership, TeamRole
from project.personal.erasure import erase
from tests.cast import PASSWORD, browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

MARK = "heron-marker-77c2"
OTHER = "ibis-marker-91d4"


def ask(user: User, document: Document, text: str, **fields: Any) -> Generation:
    return Generation.objects.create(
        id=uuid4(),
        document=document,
        user=user,
        action=fields.pop("action", "continue"),
        input={"text_before": text},
        text=text,
        state=fields.pop("state", "done"),
        **fields,
    )


class Life:
    """Alice has written alone, with Bob, and talked with the assistant where Bob did too."""

    def __init__(self) -> None:
        self.alice, self.bob = make_user("Alice", verified=True), make_user("Bob", verified=True)
        self.own = make_document(self.alice, f"{MARK} own")
        self.shared = make_document(self.alice, f"{OTHER} shared", editors=[self.bob])
        self.bobs = make_document(self.bob, f"{OTHER} bob's", editors=[self.alice])
        self.team = Team.objects.create(name="Herons")
        TeamMembership.objects.create(team=self.team, user=self.alice, role=TeamRole.OWNER)
        TeamMembership.objects.create(team=self.team, user=self.bob, role=TeamRole.MEMBER)
        self.asked = ask(self.alice, self.bobs, MARK)
        Decision.objects.create(generation=self.asked, user=self.alice, decision="edited", final_text=MARK)
        self.bobs_asked = ask(self.bob, self.bobs, OTHER)
        self.talk = Conversation.objects.create(
            document=self.shared, user=self.alice, title=MARK, visibility=Visibility.SHARED
        )
        first = Turn.objects.create(
            conversation=self.talk, generation=ask(self.alice, self.shared, MARK, action="chat")
        )
        recap = ask(self.bob, self.shared, MARK, action="recap")
        Turn.objects.create(
            conversation=self.talk,
            generation=ask(self.bob, self.shared, OTHER, action="chat"),
            parent=first,
            summary=recap,
        )
        self.private = Conversation.objects.create(document=self.shared, user=self.alice, title=MARK)
        Command.objects.create(user=self.alice, name="Mine", prompt=MARK)
        PersonalWriting.objects.create(user=self.alice, words=[MARK], style=MARK)
        create_key(self.alice, name=MARK, scopes=["documents:read"])
        Entry.objects.create(
            kind="generation", user=self.alice, day="2026-01-05", tokens=7, created_at="2026-01-05T00:00Z"
        )


@pytest.fixture
def life() -> Life:
    return Life()


def confirmed(user: User) -> Client:
    browser = browser_of(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def whole_database() -> str:
    """Return all text in the database: every column of every table, as PostgreSQL shows it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  (names out of the catalogue)
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def decrypted() -> str:
    """Return all stored texts of the assistant, in clear."""
    texts: list[Any] = [(one.input, one.text, one.events, one.anchor) for one in Generation.objects.all()]
    texts += [one.final_text for one in Decision.objects.all()]
    texts += [one.title for one in Conversation.objects.all()] + [one.prompt for one in Command.objects.all()]
    return json.dumps(texts)


def test_a_copy_has_everything_and_nothing_of_others(life: Life) -> None:
    for document in (life.own, life.bobs):  # she owns the one, and may edit the other
        merge_markdown(document.pk, f"{MARK} before", user_id=life.alice.pk)
        name_version(document.pk, f"{MARK} sent", user_id=life.alice.pk)
        merge_markdown(document.pk, f"{MARK} after", user_id=life.alice.pk)
    browser = confirmed(life.alice)
    answer = browser.post("/settings/data/")
    assert answer["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    versions = [json.loads(line) for line in files["versions.jsonl"].splitlines()]
    assert [(one["document"], one["name"], one["text"]) for one in versions] == [
        (str(life.own.pk), f"{MARK} sent", f"{MARK} before")
    ]
    account = json.loads(files["account.json"])
    assert account["email"] == "alice@example.com"
    assert account["writing"][0]["words"] == [MARK]
    assert [key["name"] for key in account["api_keys"]] == [MARK]
    documents = [json.loads(line) for line in files["documents.jsonl"].splitlines()]
    assert {one["role"] for one in documents} == {"owner", "editor"}
    assert all(("text" in one) == (one["role"] == "owner") for one in documents)
    asked = [json.loads(line) for line in files["assistant.jsonl"].splitlines()]
    assert {one["text"] for one in asked} == {MARK}
    assert asked[0]["decisions"][0]["final_text"] == MARK
    assert json.loads(files["commands.json"])[0]["prompt"] == MARK
    assert {one["title"] for one in json.loads(files["conversations.json"])} == {MARK}
    assert json.loads(files["teams.json"])[0]["name"] == "Herons"
    assert "secret_hash" not in files["account.json"]
    assert OTHER not in files["assistant.jsonl"]
    assert "user.exported" in files["trail.jsonl"]
    assert AuditRecord.objects.get(action="user.exported").actor == life.alice


def test_a_copy_needs_the_password_and_is_not_made_all_the_time(life: Life, settings: Any) -> None:
    old = Client()
    old.force_login(life.alice, backend="django.contrib.auth.backends.ModelBackend")
    session = old.session
    session.pop("account_authentication_methods", None)
    session.save()
    asked = old.post("/settings/data/")
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    settings.PERSONAL_EXPORTS_PER_HOUR = 1
    browser = confirmed(life.alice)
    first = browser.post("/settings/data/")
    assert first.status_code == 200
    first.close()
    assert browser.post("/settings/data/").status_code == 302


def test_erased_is_what_was_hers_and_kept_what_others_wrote(life: Life) -> None:
    browser = confirmed(life.alice)
    page = browser.get("/settings/data/delete-account/").content.decode()
    assert f"{MARK} own" in page
    assert f"“{OTHER} shared” goes to Bob" in page
    wrong = browser.post("/settings/data/delete-account/", {"email": "bob@example.com"})
    assert wrong.status_code == 400
    assert User.objects.filter(email="alice@example.com").exists()
    done = browser.post("/settings/data/delete-account/", {"email": "Alice@example.com"}, follow=True)
    assert "Your account was deleted." in done.content.decode()

    assert not Document.objects.filter(pk=life.own.pk).exists()
    assert life.shared.memberships.get().user == life.bob
    assert life.shared.memberships.get().role == Role.OWNER
    assert life.bobs.memberships.get().user == life.bob
    assert life.team.memberships.get().role == TeamRole.OWNER
    life.bobs_asked.refresh_from_db()
    assert life.bobs_asked.text == OTHER
    talk = Conversation.objects.get(pk=life.talk.pk)
    assert [turn.generation.text for turn in talk.turns.order_by("pk")] == [None, OTHER]
    assert not Conversation.objects.filter(pk=life.private.pk).exists()

    everything = whole_database()
    for gone in (MARK, "alice@example", "Alice"):
        assert gone not in everything
    assert MARK not in decrypted()
    entry = Entry.objects.get(tokens=7)
    assert entry.user_id == life.alice.pk  # the ledger stays, of a pseudonym
    assert AuditRecord.objects.filter(action="user.erased", target_id=str(life.alice.pk)).exists()
    assert not AuditRecord.objects.filter(actor_id=life.alice.pk).exclude(address="").exists()
    assert list(audit.verify()) == []
    assert not browser.get("/documents/").wsgi_request.user.is_authenticated
    entered = Client().post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
    assert entered.status_code == 200  # the form again


def test_what_cannot_be_erased_now_says_why(life: Life) -> None:
    running = ask(life.alice, life.own, MARK, state="running")
    with pytest.raises(CommandError, match="is writing for this account"):
        call_command("erase_person", "alice@example.com", yes=True, stdout=StringIO())
    running.delete()
    life.alice.is_superuser = True
    life.alice.save()
    with pytest.raises(CommandError, match="only administrator"):
        call_command("erase_person", "alice@example.com", yes=True, stdout=StringIO())
    assert Document.objects.filter(pk=life.own.pk).exists()


def test_the_commands_ask_first_and_then_do_it(life: Life, tmp_path: Any) -> None:
    out = StringIO()
    call_command("export_person", "alice@example.com", tmp_path / "alice.zip", stdout=out)
    assert "account.json" in zipfile.ZipFile(tmp_path / "alice.zip").namelist()
    call_command("erase_person", "alice@example.com", stdout=out)
    assert "1 documents would be deleted" in out.getvalue()
    assert Document.objects.filter(pk=life.own.pk).exists()
    call_command("erase_person", "alice@example.com", yes=True, stdout=out)
    assert not Document.objects.filter(pk=life.own.pk).exists()
    assert "alice@example" not in whole_database()


def test_a_teams_document_goes_to_its_team(life: Life) -> None:
    document = make_document(life.alice, OTHER)
    document.team = life.team
    document.save()
    erase(life.alice)
    assert document.memberships.get().user == life.bob


def test_a_team_goes_to_its_longest_standing_admin_and_an_empty_one_leaves_its_documents_to_their_owners(
    life: Life,
) -> None:
    for name, role in (("Carol", TeamRole.ADMIN), ("Dora", TeamRole.ADMIN)):
        TeamMembership.objects.create(team=life.team, user=make_user(name), role=role)
    alone = Team.objects.create(name="Alone")
    TeamMembership.objects.create(team=alone, user=life.alice, role=TeamRole.OWNER)
    Document.objects.filter(pk=life.bobs.pk).update(team=alone)
    erase(life.alice)
    owners = life.team.memberships.filter(role=TeamRole.OWNER).select_related("user")
    assert [one.user.name for one in owners] == ["Carol"]  # before Bob, who is a member for longer
    assert not Team.objects.filter(pk=alone.pk).exists()
    kept = Document.objects.get(pk=life.bobs.pk)
    assert (kept.team, kept.memberships.get().user) == (None, life.bob)


def test_the_admin_does_not_delete_accounts(life: Life) -> None:
    root = make_user("Root", verified=True)
    root.is_staff = root.is_superuser = True
    root.save()
    answer = browser_of(root).post(f"/admin/accounts/user/{life.alice.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403
    assert User.objects.filter(pk=life.alice.pk).exists()
