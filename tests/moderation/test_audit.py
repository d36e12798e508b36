"""The audit trail: one chain whoever writes at once, and any tampering is found."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection, connections, transaction
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import User
from apps.core import deeds
from apps.core.origin import current_request
from apps.moderation import audit
from apps.moderation.models import AuditAnchor, AuditHead, AuditRecord
from project.archive.backup import write_archive
from project.archive.restore import restore_archive

pytestmark = pytest.mark.django_db(transaction=True)

FREE = "ALTER TABLE moderation_auditrecord {} TRIGGER USER"


def chain() -> list[AuditRecord]:
    return list(AuditRecord.objects.order_by("seq"))


def problems() -> list[str]:
    return [str(found) for found in audit.verify()]


@contextmanager
def unguarded() -> Iterator[None]:
    """As somebody who owns the database: without the triggers."""
    with connection.cursor() as cursor:
        cursor.execute(FREE.format("DISABLE"))
        yield
        cursor.execute(FREE.format("ENABLE"))


def tell_some(count: int = 6) -> list[AuditRecord]:
    for number in range(count):
        deeds.tell("document.role_changed", target=("document", number), role="editor")
    return chain()


def test_a_record_says_who_did_what_to_what_from_where() -> None:
    alice = User.objects.create(email="alice@example.org")
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    request.user = alice
    token = current_request.set(request)
    deeds.tell("document.role_changed", target=("document", 7), role="editor")
    current_request.reset(token)
    (written,) = chain()
    assert (written.actor, written.action, written.target_kind, written.target_id) == (
        alice,
        "document.role_changed",
        "document",
        "7",
    )
    assert written.address == "192.0.2.7"
    assert audit.detail_of(written) == {"role": "editor"}
    assert written.previous_hash == audit.GENESIS
    assert problems() == []


def test_what_is_rolled_back_leaves_no_record() -> None:
    tell_some(1)
    with transaction.atomic():
        deeds.tell("document.purged")
        transaction.set_rollback(True)
    tell_some(1)
    assert [written.seq for written in chain()] == [1, 2]
    assert problems() == []


def test_writers_at_once_make_one_chain() -> None:
    """Each commits transactions of several records, and rolls some back."""
    errors: list[BaseException] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for number in range(12):
                rolled_back = chance.random() < 0.25
                try:
                    with transaction.atomic():
                        for part in range(chance.randrange(1, 4)):
                            deeds.tell("test.written", target=("test", f"{seed}-{number}-{part}"), kept=not rolled_back)
                        if rolled_back:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    pass
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    written = chain()
    assert [one.seq for one in written] == list(range(1, len(written) + 1))
    assert len(written) > 8
    assert all(audit.detail_of(one)["kept"] for one in written)
    assert problems() == []


def test_a_slow_transaction_holds_nobody_up() -> None:
    """The head is locked by a commit, not by a transaction that goes on working."""
    with transaction.atomic():
        deeds.tell("test.slow")
        done = threading.Event()

        def write() -> None:
            close_old_connections()
            deeds.tell("test.quick")
            connections.close_all()
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        assert done.wait(30)
        thread.join()
    assert [one.action for one in chain()] == ["test.quick", "test.slow"]
    assert problems() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE moderation_auditrecord SET action = 'x'",
        "UPDATE moderation_auditrecord SET payload = payload || ' '",
        "UPDATE moderation_auditrecord SET address = '203.0.113.9'",
        "UPDATE moderation_auditrecord SET hash = repeat('a', 64)",
        "UPDATE moderation_auditrecord SET seq = seq + 100",
        "DELETE FROM moderation_auditrecord",
        "TRUNCATE moderation_auditrecord",
        "TRUNCATE moderation_audithead, moderation_auditrecord RESTART IDENTITY CASCADE",
    ],
)
def test_postgresql_refuses_to_change_or_remove(statement: str) -> None:
    tell_some(2)
    as_everywhere = "SET LOCAL interline.audit_may_be_emptied = 'off'"  # but in tests
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(f"{as_everywhere}; {statement}")
    assert len(chain()) == 2
    assert problems() == []


def _alter(field: str, value: str) -> Callable[[list[AuditRecord]], None]:
    def tamper(written: list[AuditRecord]) -> None:
        AuditRecord.objects.filter(pk=written[2].pk).update(**{field: value})

    return tamper


def _remove(index: int) -> Callable[[list[AuditRecord]], None]:
    def tamper(written: list[AuditRecord]) -> None:
        AuditRecord.objects.filter(pk=written[index].pk).delete()

    return tamper


def _swap(written: list[AuditRecord]) -> None:
    one, other = written[1], written[2]
    AuditRecord.objects.filter(pk=one.pk).update(seq=1_000)
    AuditRecord.objects.filter(pk=other.pk).update(seq=one.seq)
    AuditRecord.objects.filter(pk=one.pk).update(seq=other.seq)


def _insert(written: list[AuditRecord]) -> None:
    """Put a record in between, moving those behind it."""
    for one in reversed(written[3:]):
        AuditRecord.objects.filter(pk=one.pk).update(seq=(one.seq or 0) + 1)
    forged = AuditRecord(action="x", payload="{}", created_at=timezone.now(), seq=4, hash="f" * 64)
    forged.previous_hash = written[2].hash
    forged.save()


def _put_beside(written: list[AuditRecord]) -> None:
    AuditRecord(action="x", payload="{}", created_at=timezone.now(), hash="f" * 64).save()


def _cut_off(written: list[AuditRecord]) -> None:
    AuditRecord.objects.filter(seq__gt=4).delete()


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (_alter("payload", '{"action":"document.read"}'), "record 3"),
        (_alter("action", "document.read"), "record 3"),
        (_alter("target_id", "99"), "record 3"),
        (_alter("request_id", "another"), "record 3"),
        (_alter("actor_id", "00000000-0000-0000-0000-000000000001"), "record 3"),
        (_alter("created_at", "2020-01-01T00:00:00+00:00"), "record 3"),
        (_alter("address", "203.0.113.9"), "record 3"),
        (_alter("hash", "0" * 64), "record 3"),
        (_alter("previous_hash", "0" * 64), "record 3"),
        (_remove(0), "record 1: missing"),
        (_remove(2), "record 3: missing"),
        (_remove(5), "the chain: ends at record 5, and its head names record 6"),
        (_cut_off, "the chain: ends at record 4, and its head names record 6"),
        (_swap, "record 2"),
        (_insert, "record 4"),
        (_put_beside, "the chain (row "),
    ],
)
def test_any_tampering_is_found_and_named(tamper: Callable[[list[AuditRecord]], None], where: str) -> None:
    written = tell_some()
    assert problems() == []
    with unguarded():
        tamper(written)
    found = problems()
    assert found
    assert found[0].startswith(where), found


def test_a_rewritten_chain_is_found_by_its_witness() -> None:
    """Whoever owns the database can hash everything anew, but not seal another witness."""
    written = tell_some()
    audit.anchor()
    assert audit.anchor() is None  # nothing was added
    tell_some(1)
    with unguarded():
        previous = audit.GENESIS
        for one in chain():
            payload = one.payload.replace("editor", "viewer") if one.pk == written[2].pk else one.payload
            mine = audit.link_hash(one.seq or 0, previous, payload)
            AuditRecord.objects.filter(pk=one.pk).update(payload=payload, previous_hash=previous, hash=mine)
            previous = mine
        AuditHead.objects.update(hash=previous)
    assert problems() == [
        f"record 6 (row {written[5].pk}): is not the one that was witnessed (the chain was rewritten)"
    ]
    with unguarded():
        AuditRecord.objects.filter(seq__gt=5).delete()
        AuditHead.objects.update(seq=5, hash=chain()[-1].hash)
    assert problems() == ["record 6: was witnessed and is gone"]


def test_a_witness_that_cannot_be_read_is_named() -> None:
    tell_some()
    audit.anchor()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE moderation_auditanchor SET sealed = 'x'")
    (found,) = problems()
    assert "cannot be read" in found
    AuditAnchor.objects.all().delete()


def test_addresses_go_after_their_time_and_the_chain_holds(settings: Settings) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    token = current_request.set(request)
    tell_some(2)
    current_request.reset(token)
    assert audit.erase_addresses() == 0
    settings.AUDIT_ADDRESS_DAYS = 0
    assert audit.erase_addresses() == 2
    assert [one.address for one in chain()] == ["", ""]
    assert problems() == []
    settings.AUDIT_ADDRESS_DAYS = 365
    assert "its address is gone before its time" in problems()[0]


def test_the_command_says_what_it_found() -> None:
    tell_some(3)
    out = StringIO()
    call_command("audit", "verify", stdout=out)
    assert "3 records, all as they were written" in out.getvalue()
    hash_ = chain()[1].hash
    call_command("audit", "verify", expect=hash_, stdout=out)
    with pytest.raises(SystemExit):
        call_command("audit", "verify", expect="0" * 63 + "1", stdout=out)
    with unguarded():
        _alter("action", "document.read")(chain())
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", stdout=out)
    assert ended.value.code == 1
    assert "record 3" in out.getvalue()


def test_the_trail_can_be_taken_out_and_that_is_written_down() -> None:
    deeds.tell("test.formula", target=("test", "=1+1"))
    out = StringIO()
    call_command("audit", "export", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("seq,at,action,actor,target_kind,target_id,address")
    assert ",test,'=1+1," in lines[1]
    assert [one.action for one in chain()] == ["test.formula", "audit.exported"]


def test_the_chain_survives_a_backup_and_a_restore(tmp_path: Path) -> None:
    written = tell_some(3)
    audit.anchor()
    archive = tmp_path / "all.zip"
    write_archive(archive)
    tell_some(2)
    restore_archive(archive, replace=True, ignore_running=True)
    assert [one.hash for one in chain()] == [one.hash for one in written]
    assert problems() == []
    tell_some(1)
    assert [one.seq for one in chain()] == [1, 2, 3, 4]
    assert problems() == []
