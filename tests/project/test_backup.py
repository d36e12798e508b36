"""`manage.py backup` and `restore`: everything comes back, or nothing is changed."""

import os
import random
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path

import httpx
import psycopg
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.assistant.models import Decision, Generation
from apps.collaboration.compaction import compact
from apps.collaboration.models import DocumentLog, DocumentUpdate
from apps.core.redis import key, sync_redis
from apps.documents.models import Document
from project import embedded
from project.archive.backup import write_archive
from project.archive.container import ArchiveRefused, Manifest
from project.archive.keys import fingerprint
from project.archive.restore import restore_archive
from tests.assistant.clients import cookie_of
from tests.assistant.conftest import House, make_house
from tests.cast import PASSWORD, browser_of, make_document, make_user
from tests.collaboration.clients import SyncClient
from tests.processes import ROOT, Processes, WebProcess, wait_until
from tests.provider.fixture import Provider

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "The heron, “grau”, 鷺 🦩\twaits\\N\n"


def manage(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def older_postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL 16 with an empty database; yields its URL."""
    server = embedded.postgres(folder, install="pginstall")
    with (folder / "postgres.log").open("wb") as log:
        process = subprocess.Popen(server.argv, stdout=log, stderr=log, **server.popen_options)
    try:
        embedded.wait_ready(server, process)
        embedded.create_database(server)
        yield server.url
    finally:
        embedded.stop(server, process)


def totp_code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def turn_on_second_factor(user: User) -> str:
    browser = browser_of(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret"[^>]*value="(\w+)"', page)
    assert secret
    browser.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret[1])})
    return secret[1]


def log_in(url: str, email: str, secret: str) -> str:
    """Log in with password and second factor; return the cookies of the session."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=60) as browser:

        def send(path: str, **fields: str) -> httpx.Response:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(path).text)
            assert token
            return browser.post(path, data={**fields, "csrfmiddlewaretoken": token[1]})

        send("/accounts/login/", login=email, password=PASSWORD)
        page = send("/accounts/2fa/authenticate/", code=totp_code(secret))
        assert page.url.path == "/documents/", page.text
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def sync_client(web: WebProcess, cookie: str, document: Document) -> SyncClient:
    return SyncClient(f"{web.socket_url}/ws/sync/{document.pk}?ack=1", cookie, web.url)


@pytest.fixture
def house(processes: Processes) -> Iterator[House]:
    provider = Provider()
    provider.start()
    with ExitStack() as stack:
        made = make_house(processes, provider, stack)
        for person in (made.alice, made.bob, made.vera):
            person.email = person.email.lower()
            person.set_password(PASSWORD)
            person.save()
            EmailAddress.objects.create(user=person, email=person.email, primary=True)
        made.start_web()
        made.start_generator()
        yield made
    provider.stop()


def test_everything_is_back_on_another_server_of_another_version(house: House, tmp_path: Path, folder: Path) -> None:
    secret = turn_on_second_factor(house.alice)
    other = make_document(house.alice, "Folded")
    with sync_client(house.web, cookie_of(house.alice), other) as alice:
        alice.sync()
        alice.type(TEXT)
        alice.wait_saved(1)
        compact(other.pk)
        alice.type("and its tail")
        alice.wait_saved(2)
    assistant = house.join(house.alice)
    generation = assistant.generate("Once. ")
    assert assistant.hear_end(generation)["type"] == "done"
    assistant.send({"type": "decide", "id": generation, "decision": "edited", "final_text": TEXT})
    assistant.hear_type("decided")
    house.provider.behave(rate=2, tokens=200)
    running = assistant.generate("Twice. ")
    assistant.hear_until(lambda frame: frame.get("id") == running and frame["type"] == "chunk")

    stop = threading.Event()
    archive = tmp_path / "interline.zip"
    with sync_client(house.web, cookie_of(house.bob), house.document) as bob:
        bob.sync()

        def write() -> None:
            while not stop.is_set():
                bob.type("word ")
                bob.listen(0.002)

        writer = threading.Thread(target=write)
        writer.start()
        wait_until(lambda: DocumentUpdate.objects.filter(log_id=house.document.pk).count() > 20, what="the writing")
        made = manage(house.processes.environment, "backup", str(archive))
        stop.set()
        writer.join()
    assert made.returncode == 0, made.stderr
    assert archive.stat().st_mode & 0o777 == 0o600

    folder = folder / "sixteen"
    folder.mkdir()
    with older_postgres(folder) as url:
        environment = {**house.processes.environment, "DATABASE_URL": url, "REDIS_PREFIX": f"{key('restored')}:"}
        restored = manage(environment, "restore", str(archive))
        assert restored.returncode == 0, restored.stderr
        again = tmp_path / "again.zip"
        assert manage(environment, "backup", str(again)).returncode == 0
        with psycopg.connect(url) as database:
            head, snapshot, tail = database.execute(
                "SELECT head, snapshot_position, (SELECT count(*) FROM collaboration_documentupdate u "
                "WHERE u.log_id = l.document_id) FROM collaboration_documentlog l WHERE document_id = %s",
                [house.document.pk],
            ).fetchone() or (0, 0, 0)
            assert head == snapshot + tail > 20
            states: dict[str, str] = dict(
                database.execute("SELECT id::text, state FROM assistant_generation").fetchall()
            )
            assert states == {generation: "done", running: "failed"}
        web = house.processes.web(**{**house.environment, **environment})
        cookie = log_in(web.url, house.alice.email, secret)
        with sync_client(web, cookie, other) as reader, sync_client(web, cookie, house.document) as writer_again:
            reader.sync()
            assert reader.text == TEXT + "and its tail"
            writer_again.sync()
            assert set(writer_again.text.split()) == {"word"}
            assert len(writer_again.text.split()) == head
            writer_again.type("more")
            writer_again.wait_saved(1)
        transcript = httpx.get(
            f"{web.url}/api/v1/generations/{generation}/", headers={"Cookie": cookie}, timeout=60
        ).json()
        assert transcript["text"] == assistant.text(generation)
        assert [decision["decision"] for decision in transcript["decisions"]] == ["edited"]
        web.stop()
    first, second = (parts_of(path) for path in (archive, again))
    different = {table for table in first | second if first.get(table) != second.get(table)}
    # The generation that was running has failed, and what was set aside for it was let go.
    assert different == {"assistant_generation", "quotas_reservation", "quotas_entry", "quotas_dailyuse"}


def parts_of(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as file:
        return {part.table: part.sha256 for part in Manifest.model_validate_json(file.read("manifest.json")).parts}


# ---------------------------------------------------------------- in this process, into the same database


def restore(path: Path, **options: object) -> Manifest:
    return restore_archive(path, **{"replace": True, "ignore_running": True, **options})  # type: ignore[arg-type]


def written(tmp_path: Path, text: str = TEXT) -> tuple[Path, Generation]:
    """Return an archive of a database with one transcript, and the transcript."""
    alice = make_user("Alice")
    document = make_document(alice, "Heron")
    generation = Generation.objects.create(
        id=document.pk,
        document=document,
        user=alice,
        action="continue",
        input={"text_before": text},
        model="openai/test",
        prompt_version="1",
        request_id="-",
        state="done",
        text=text,
        ending={},
    )
    Decision.objects.create(generation=generation, user=alice, decision="edited", final_text=text, seq=2)
    path = tmp_path / "archive.zip"
    write_archive(path)
    return path, generation


def change_everything() -> None:
    Document.objects.update(title="Changed")
    Decision.objects.all().delete()
    make_user("Later")


def contents() -> object:
    return (
        list(Document.objects.values_list("title")),
        list(Decision.objects.values_list("final_text", flat=True)),
        list(User.objects.values_list("email", flat=True).order_by("email")),
    )


def test_a_changed_or_truncated_archive_changes_nothing(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    before = contents()
    whole, seed = path.read_bytes(), random.randrange(2**32)
    print("seed", seed)
    choice = random.Random(seed)
    broken = [whole[: choice.randrange(len(whole))] for _ in range(10)]
    for _ in range(60):
        at = choice.randrange(len(whole))
        broken.append(whole[:at] + bytes([whole[at] ^ 1 << choice.randrange(8)]) + whole[at + 1 :])
    change_everything()
    after, refused = contents(), 0
    for data in broken:
        path.write_bytes(data)
        try:
            restore(path)
        except ArchiveRefused:
            refused += 1
            assert contents() == after
        else:  # what was changed says nothing: a date, an attribute
            assert contents() == before
            change_everything()
            after = contents()
    assert refused >= 40, refused  # some two in ten bits say nothing


def rewrite(path: Path, *, title: bytes = b"Heron", more_members: int = 0) -> None:
    """Change an archive as somebody would who knows ZIP files."""
    with zipfile.ZipFile(path) as file:
        texts = {name: file.read(name) for name in file.namelist()}
    manifest = Manifest.model_validate_json(texts["manifest.json"])
    parts = tuple(
        part.model_copy(update={"rows": part.rows + more_members * (part.table == "documents_membership")})
        for part in manifest.parts
    )
    texts["manifest.json"] = manifest.model_copy(update={"parts": parts}).model_dump_json().encode()
    texts["tables/documents_document.copy"] = texts["tables/documents_document.copy"].replace(b"Heron", title)
    with zipfile.ZipFile(path, "w") as file:
        for name, text in texts.items():
            file.writestr(name, text)


def test_a_part_that_is_not_what_its_hash_says_is_refused(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    rewrite(path, title=b"Stork")
    change_everything()
    after = contents()
    with pytest.raises(ArchiveRefused, match=r"damaged: the part tables/documents_document\.copy"):
        restore(path)
    assert contents() == after


def test_rows_the_manifest_does_not_count_are_refused_and_rolled_back(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    rewrite(path, more_members=1)
    change_everything()
    after = contents()
    with pytest.raises(ArchiveRefused, match="documents_membership has 1 rows, not 2"):
        restore(path)
    assert contents() == after


def test_a_database_in_use_is_replaced_only_when_told(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    before = contents()
    change_everything()
    with pytest.raises(ArchiveRefused, match="not empty"):
        restore(path, replace=False)
    restore(path)
    assert contents() == before
    assert Decision.objects.create(generation_id=Generation.objects.get().pk, user=User.objects.get(), decision="x")


def test_a_database_that_was_only_prepared_counts_as_empty(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    before = contents()
    call_command("flush", interactive=False, verbosity=0)
    call_command("prepare", stdout=StringIO())
    restore(path, replace=False)
    assert contents() == before


@pytest.mark.parametrize("kind", ["web", "generator", "worker", "beat"])
def test_it_is_refused_while_something_runs(tmp_path: Path, kind: str) -> None:
    path, _ = written(tmp_path)
    sync_redis().set(key("heartbeat", kind, "one"), "1", ex=60)
    with pytest.raises(ArchiveRefused, match=r"is running: 1 .*Stop them first"):
        restore(path, ignore_running=False)


def test_it_is_refused_while_somebody_is_connected_to_the_database(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    with (
        psycopg.connect(
            host=connection.settings_dict["HOST"], user="postgres", dbname=connection.settings_dict["NAME"]
        ),
        pytest.raises(ArchiveRefused, match="Others are connected"),
    ):
        restore(path, ignore_running=False)
    restore(path, ignore_running=False)


def test_a_running_web_process_is_heard_until_it_has_stopped(processes: Processes, tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    web = processes.web()
    wait_until(lambda: any(sync_redis().scan_iter(match=key("heartbeat", "web", "*"))), what="the heartbeat")
    with pytest.raises(ArchiveRefused, match="1 web process"):
        restore(path, ignore_running=False)
    web.stop()
    restore(path, ignore_running=False)


@pytest.fixture
def keys() -> tuple[str, str]:
    return Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_it_names_the_keys_its_texts_need(use_keys: Callable[..., None], keys: tuple[str, str], tmp_path: Path) -> None:
    old, new = keys
    use_keys(old)
    _, generation = written(tmp_path)
    use_keys(new, old)
    Decision.objects.update(final_text="newer")
    manifest = write_archive(tmp_path / "both.zip")
    assert manifest.keys == {fingerprint(old): 2, fingerprint(new): 1}
    use_keys(new)
    with pytest.raises(ArchiveRefused, match=fingerprint(old)):
        restore(tmp_path / "both.zip")
    restore(tmp_path / "both.zip", more_key=old)
    assert Generation.objects.get(pk=generation.pk).text == TEXT  # with the new key alone
    assert old not in (tmp_path / "both.zip").read_bytes().decode("latin-1")


def test_an_archive_can_be_encrypted_with_another_key(
    use_keys: Callable[..., None], keys: tuple[str, str], tmp_path: Path
) -> None:
    ours, theirs = keys
    use_keys(ours)
    _, generation = written(tmp_path)
    manifest = write_archive(tmp_path / "theirs.zip", to_key=theirs)
    assert set(manifest.keys) == {fingerprint(theirs)}
    use_keys(theirs)
    restore(tmp_path / "theirs.zip")
    assert Generation.objects.get(pk=generation.pk).text == TEXT
    use_keys(Fernet.generate_key().decode())
    restore(tmp_path / "theirs.zip", accept_unreadable=True)
    assert Document.objects.get().title == "Heron"


def test_an_archive_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    call_command("migrate", "collaboration", "0001", verbosity=0)
    try:
        path, generation = written(tmp_path)
    finally:
        call_command("migrate", verbosity=0)
    change_everything()
    restore(path)
    assert Generation.objects.get().text == TEXT
    assert DocumentLog.objects.filter(document__generations=generation).count() == 0
    call_command("migrate", check_unapplied=True, verbosity=0)


def test_an_archive_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('documents', '9999_later', now())")
        try:
            path, _ = written(tmp_path)
        finally:
            cursor.execute("DELETE FROM django_migrations WHERE name = '9999_later'")
    with pytest.raises(ArchiveRefused, match=r"newer version: .*documents\.9999_later"):
        restore(path)


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    made = manage(dict(os.environ), "backup", str(tmp_path / "missing" / "a.zip"))
    assert made.returncode == 1
    assert "cannot be written" in made.stderr
    assert "Traceback" not in made.stderr
    (tmp_path / "there.zip").touch()
    assert "exists already" in manage(dict(os.environ), "backup", str(tmp_path / "there.zip")).stderr


def test_sessions_are_not_in_it(client: Client, tmp_path: Path) -> None:
    client.force_login(make_user("Alice"), backend="django.contrib.auth.backends.ModelBackend")
    write_archive(tmp_path / "a.zip")
    assert "django_session" not in parts_of(tmp_path / "a.zip")
    restore(tmp_path / "a.zip")
    assert not Client(HTTP_COOKIE=client.cookies.output(header="")).session.get("_auth_user_id")


def test_an_installation_that_is_not_running_is_restored_and_backed_up(
    settings: Settings, tmp_path: Path, folder: Path
) -> None:
    path, _ = written(tmp_path)
    ours = ("DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "INTERLINE_TESTING")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {
        "DATA_DIR": str(folder / "offline"),
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
    }
    restored = manage(environment, "restore", str(path))
    assert (restored.returncode, restored.stdout[:8]) == (0, "Restored"), restored.stderr
    again = tmp_path / "again.zip"
    assert manage(environment, "backup", str(again)).returncode == 0
    assert parts_of(again) == parts_of(path)
    assert "not empty" in manage(environment, "restore", str(path)).stderr
