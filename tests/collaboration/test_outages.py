"""PostgreSQL or Redis away for a while, and a document that crashes whoever loads it."""

from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from apps.collaboration import compaction
from apps.collaboration.models import DocumentLog
from apps.core.close_codes import CloseCode
from apps.core.redis import sync_redis
from tests.collaboration.conftest import Cast, log_of
from tests.processes import Processes, WebProcess, free_port, wait_until


def _allow_connections(allowed: bool) -> None:
    """Shut everybody out of the test's database, or let them in again."""
    tests, server = connection.settings_dict["NAME"], quote(connection.settings_dict["HOST"], safe="")
    connection.close()
    with psycopg.connect(f"postgres://postgres@{server}/postgres", autocommit=True) as outside:
        change = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(tests), sql.Literal(allowed))
        outside.execute(change)
        outside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [tests])


def test_writing_goes_on_without_postgresql_and_is_saved_when_it_returns(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice, cast.connect(web, cast.bob) as bob:
        alice.sync()
        bob.sync()
        alice.type("before ")
        alice.wait_saved(1)
        _allow_connections(False)
        try:
            alice.type("during ")
            bob.listen_until(lambda: bob.text == "before during ")
            assert alice.acks[-1][1] == 1
        finally:
            _allow_connections(True)
        alice.wait_saved(2)
    assert log_of(cast.document.pk).head == 2


def test_processes_go_on_together_after_redis_dropped_their_subscriptions(
    web: WebProcess, second_web: WebProcess, cast: Cast
) -> None:
    with cast.connect(web, cast.alice) as alice, cast.connect(second_web, cast.bob) as bob:
        alice.sync()
        bob.sync()
        alice.type("one ")
        bob.listen_until(lambda: bob.text == "one ")
        assert sync_redis().execute_command("CLIENT", "KILL", "TYPE", "pubsub") > 0  # type: ignore[no-untyped-call]
        alice.type("two ")
        bob.listen_until(lambda: bob.text == "one two ")
        bob.type("three")
        alice.listen_until(lambda: alice.text == "one two three")


def test_a_process_that_hears_no_notice_finds_in_the_log_what_others_wrote(
    web: WebProcess, processes: Processes, cast: Cast
) -> None:
    assert settings.SYNC_REPAIR_SECONDS + settings.SYNC_GAP_SECONDS < 1
    deaf = processes.web(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    with cast.connect(web, cast.alice) as alice, cast.connect(deaf, cast.bob) as bob:
        alice.sync()
        bob.sync()
        alice.type("one ")
        bob.listen_until(lambda: bob.text == "one ")
        bob.type("two")
        alice.listen_until(lambda: alice.text == "one two")


def test_who_returns_before_the_commit_is_told_of_it(processes: Processes, cast: Cast) -> None:
    """Their words are in the room's memory only; with nothing to send, the page would call them saved."""
    web = processes.web(SYNC_JOURNAL_SECONDS="4")
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        alice.type("committed at once, ")
        alice.wait_saved(1)
        alice.type("and after four seconds")
        with cast.connect(web, cast.alice, ack=True) as again:
            again.doc.apply_update(alice.doc.get_update())
            again.sync()
            assert log_of(cast.document.pk).head == 1
            again.wait_saved(1)
    assert log_of(cast.document.pk).head == 2


def test_a_long_tail_is_folded_by_who_loads_it_where_no_worker_does(
    web: WebProcess, second_web: WebProcess, processes: Processes, cast: Cast
) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        for number in range(30):
            alice.type(f"{number} ")
        alice.wait_saved(30)
    folding = processes.web(SYNC_FOLD_ON_LOAD_UPDATES="20")
    with cast.connect(folding, cast.bob, ack=True) as bob:
        bob.sync()
        wait_until(lambda: log_of(cast.document.pk).snapshot_position == 30, what="the snapshot")
        bob.type("more")
        bob.wait_saved(1)
    with cast.connect(second_web, cast.alice) as alice:
        assert alice.sync().text == " ".join(map(str, range(30))) + " more"


def test_a_document_that_crashed_its_loaders_opens_read_only_and_keeps_its_log(
    processes: Processes, cast: Cast
) -> None:
    web = processes.web()
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        alice.type("good ")
        alice.wait_saved(1)
        compaction.compact(cast.document.pk)
        alice.type("poison")
        alice.wait_saved(2)
    web.kill()
    DocumentLog.objects.filter(pk=cast.document.pk).update(unfinished_loads=settings.SYNC_CRASHED_LOADS_MAX)
    with cast.connect(processes.web(), cast.bob) as bob:
        bob.sync()
        assert bob.text == "good "
        bob.type("more")
        assert bob.close_code() == CloseCode.OVERLOADED
    log = log_of(cast.document.pk)
    assert log.quarantined_at is not None
    assert (log.head, log.updates.count()) == (2, 1)
