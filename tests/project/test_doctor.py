"""`manage.py doctor`: every part is looked at, each fault is named with what to do, and no secret is shown."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import User
from apps.core.redis import key, sync_redis
from apps.documents.models import Document
from tests.processes import ROOT, Processes, WebProcess
from tests.project.proxy import Proxy, running
from tests.provider.fixture import Provider

pytestmark = pytest.mark.django_db(transaction=True)


def doctor(**options: object) -> tuple[int, dict[str, str], str]:
    """Return the exit status, what was found by subject (verdict and detail), and everything printed."""
    out, status = StringIO(), 0
    try:
        call_command("doctor", stdout=out, no_color=True, **{"without_models": True, **options})
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, findings(out.getvalue()), out.getvalue()


def findings(printed: str) -> dict[str, str]:
    found = {}
    for line in printed.splitlines():
        if line[:1].strip():
            verdict, _, rest = line.partition(" ")
            subject, _, detail = rest.strip().partition(": ")
            found[subject] = f"{verdict} {detail}"
    return found


def heartbeats() -> None:
    for kind in ("web", "generator", "worker", "beat"):
        sync_redis().set(key("heartbeat", kind, "one"), "1", ex=60)


def test_a_sound_installation_passes(settings: Settings) -> None:
    settings.DEBUG = True  # on a laptop, mail may be printed
    heartbeats()
    status, found, printed = doctor()
    assert status == 0, printed
    assert set(found) == {
        *("PostgreSQL", "durability", "encoding", "pgvector", "migrations", "Redis", "persistence", "eviction"),
        *("web", "generator", "worker", "beat", "mail"),
    }
    assert all(line.startswith("ok") for line in found.values())
    assert found["worker"] == "ok 1 running"


def test_processes_that_are_missing_are_named_with_how_to_start_them() -> None:
    status, found, printed = doctor()
    assert status == 1
    assert found["generator"] == "failed none is running: the assistant answers nobody"
    assert "manage.py generator" in printed


def test_two_beats_are_one_too_many() -> None:
    heartbeats()
    sync_redis().set(key("heartbeat", "beat", "two"), "1", ex=60)
    assert doctor()[1]["beat"].startswith("failed 2 are running")


def test_a_database_that_is_not_up_to_date(settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions' RETURNING name, applied")
        (name, applied) = cursor.fetchone()
        try:
            settings.AI_EMBEDDING_MODEL = "openai/text-embedding-3-small"
            _, found, printed = doctor()
        finally:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', %s, %s)", [name, applied]
            )
            cursor.execute("RESET synchronous_commit")
    assert found["migrations"] == "failed 1 to do, first sessions.0001_initial"
    assert found["durability"].startswith("failed synchronous_commit is off")
    assert found["pgvector"].startswith("warning on the server, not in this database")
    assert "manage.py prepare" in printed


@pytest.fixture
def forgetful_redis() -> Iterator[None]:
    server = sync_redis()
    server.config_set("maxmemory-policy", "allkeys-lru")
    server.config_set("maxmemory", "2gb")
    yield
    server.config_set("maxmemory", "0")
    server.config_set("maxmemory-policy", "noeviction")


def test_a_redis_that_drops_what_it_holds(forgetful_redis: None) -> None:
    assert doctor()[1]["eviction"].startswith("failed allkeys-lru")


def test_servers_that_are_away_and_no_password_in_the_answer(processes: Processes) -> None:
    child = processes.command(
        "doctor",
        "--without-models",
        DATABASE_URL="postgres://writer:pg-secret@127.0.0.1:9/none",
        REDIS_URL="redis://:redis-secret@127.0.0.1:9/0",
        EMAIL_URL="smtp://writer:mail-secret@127.0.0.1:9",
        DEBUG="1",
    )
    assert child.process is not None
    assert child.process.wait(60) == 1
    found = findings(child.output())
    for subject in ("PostgreSQL", "Redis", "web", "mail"):
        assert found[subject].startswith("failed"), child.output()
    assert "secret" not in child.output()
    assert "Traceback" not in child.output()
    assert "whether DATABASE_URL has its host" in child.output()


def test_servers_of_make_run_are_there_while_it_runs(tmp_path: Path) -> None:
    ours = ("DATABASE_URL", "REDIS_URL", "INTERLINE_TESTING")
    stopped = {name: value for name, value in os.environ.items() if name not in ours}
    ran = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--without-models"],
        cwd=ROOT,
        env={**stopped, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stdout.count("`make run`, which brings its own server, is not running. Start it.") == 2, ran.stdout


def test_models_good_refused_gathered_broken_and_away(processes: Processes, provider: Provider) -> None:
    gathered = "openai/test;first=1.2;text=one_two_three_four_five;split=99"  # all of it in one piece
    refused, broken = "openai/test;fault=401", "openai/test;fault=503"
    child = processes.command(
        "doctor",
        AI_MODEL="openai/test;rate=100",
        AI_FALLBACK_MODELS=f"{gathered},{refused},{broken},ollama/away,interline/demo",
        AI_EMBEDDING_MODEL="openai/embedding",
        AI_MODERATION_MODEL="openai/mod",
        AI_RETRIES="0",
        OPENAI_API_BASE=provider.url,
        OPENAI_API_KEY="sk-test-secret",
        OLLAMA_API_BASE="http://127.0.0.1:9",
    )
    assert child.process is not None
    assert child.process.wait(90) == 1
    printed, found = child.output(), findings(child.output())
    assert found["model openai/test;rate=100"].startswith("ok first token after"), printed
    assert found[f"model {gathered}"].startswith("warning"), printed
    assert "came all at once" in found[f"model {gathered}"]
    assert found[f"model {refused}"] == (
        "failed The model's provider refused our key. An administrator has to correct it."
    )
    assert found[f"model {broken}"].startswith("failed"), printed
    assert found["model ollama/away"].startswith("failed"), printed
    assert found["model interline/demo"].startswith("warning"), printed
    assert found["embeddings openai/embedding"].startswith("ok 3 dimensions"), printed
    assert found["moderation openai/mod"].startswith("ok "), printed
    assert "AI_API_KEY or the provider's own variable" in printed
    assert "sk-" not in printed
    assert "Traceback" not in printed
    assert "Unclosed" not in printed


@pytest.fixture
def web(processes: Processes) -> WebProcess:
    return processes.web()


def test_the_way_in_through_proxies(web: WebProcess) -> None:
    """One web process behind several proxies: it takes seconds to start."""
    with running(Proxy(web.url)) as url:
        _, found, printed = doctor(url=url)
        entrance = {name: found[name] for name in ("pages", "sync socket", "assistant socket", "event stream")}
        assert all(line.startswith("ok") for line in entrance.values()), printed
        assert found["heartbeat"].startswith("ok a ping was answered"), printed
    with running(Proxy(web.url, upgrades=False)) as url:
        _, found, printed = doctor(url=url)
        assert found["sync socket"].startswith("failed no upgrade"), printed
        assert "proxy_set_header Upgrade" in printed
    with running(Proxy(web.url, passes_host=False)) as url:
        _, found, printed = doctor(url=url)
        assert found["assistant socket"] == "failed refused as another site's (4403)", printed
    with running(Proxy(web.url, gathers=True)) as url:
        assert doctor(url=url)[1]["event stream"].startswith("warning events came all at once")
    _, found, _ = doctor(url="http://127.0.0.1:9")
    assert found["pages"].startswith("failed no answer")
    assert not User.objects.exists()
    assert not Document.objects.exists()


@pytest.mark.parametrize("url", ["write.example.org", "ftp://example.org"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    status, found, _ = doctor(url=url)
    assert (status, found["address"][:6]) == (1, "failed")
