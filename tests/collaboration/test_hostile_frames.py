"""Hostile and broken frames cost their sender the connection, and nobody else anything."""

import json
import time
from typing import Any

import pytest

from apps.collaboration.awareness import read_awareness
from apps.collaboration.frames import Kind, frame, varbytes, varuint
from apps.core.close_codes import CloseCode
from tests.collaboration.clients import SyncClient
from tests.collaboration.conftest import Cast, log_of
from tests.collaboration.hostile import FRAMES
from tests.processes import WebProcess, wait_until


@pytest.mark.parametrize("name", FRAMES)
def test_it_costs_only_its_sender(web: WebProcess, cast: Cast, name: str) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice, cast.connect(web, cast.bob) as bob:
        alice.sync()
        alice.type("untouched")
        alice.wait_saved(1)
        bob.answers_questions = False
        bob.sync()
        started = time.monotonic()
        bob.send(FRAMES[name])
        assert bob.close_code() == CloseCode.PROTOCOL_VIOLATION
        alice.sync_again()
        assert time.monotonic() - started < 20
        alice.type("!")
        alice.wait_saved(2)
        assert alice.text == "untouched!"
    assert log_of(cast.document.pk).head == 2
    with cast.connect(web, cast.vera) as late:
        assert late.sync().text == "untouched!"


@pytest.mark.parametrize(
    ("name", "size", "kind"),
    [
        ("an update of 5 MB", 5 << 20, Kind.UPDATE),
        ("an update just over the limit", (1 << 20) + 1, Kind.UPDATE),
        ("awareness over the limit", (8 << 10) + 1, Kind.AWARENESS),
        ("a state vector over the limit", (256 << 10) + 1, Kind.STEP_1),
    ],
)
def test_it_refuses_too_large(web: WebProcess, cast: Cast, name: str, size: int, kind: Kind) -> None:
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        bob.send(frame(kind, bytes(size)))
        assert bob.close_code() == CloseCode.TOO_LARGE
        alice.sync_again()


def test_an_update_of_nearly_the_limit_passes_and_stalls_nobody(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.bob, ack=True) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        for n in range(20_000):
            bob.own_edit(lambda text, n=n: text.insert(n % (len(text) + 1), "ab"))
        big = bob.doc.get_update()
        assert len(big) > 200_000
        bob.send_update(big)
        slowest = 0.0
        for _ in range(20):
            started = time.monotonic()
            alice.sync_again()
            slowest = max(slowest, time.monotonic() - started)
        bob.wait_saved(1)
        alice.listen_until(lambda: alice.text == bob.text)
        assert slowest < 5


def test_updates_with_gaps_leave_nothing_behind(web: WebProcess, cast: Cast) -> None:
    """Applied, they would be kept as pending, in every state that is sent, with a cost that grows with the square."""
    with cast.connect(web, cast.bob) as bob:
        bob.answers_questions = False
        bob.sync()
        for _ in range(50):
            bob.own_edit(lambda text: text.insert(0, "gap"))
            bob.send_update(bob.own_edit(lambda text: text.insert(0, "after")))
        bob.sync_again()
        assert bob.questions >= 50
    with cast.connect(web, cast.alice) as alice:
        alice.sync()
        assert alice.first_answer == b"\x00\x00"


def test_types_nested_gently_over_time_stop_at_the_limit(web: WebProcess, cast: Cast) -> None:
    """Each update nests one type deeper in what the one before made: no single one looks deep."""
    with cast.connect(web, cast.bob) as bob:
        bob.answers_questions = False
        bob.sync()
        type_map = b"\x01"
        bob.send_update(b"\x01\x01\x07\x00\x07\x01" + varbytes(b"deep") + type_map + b"\x00")
        for clock in range(1, 400):
            parent = varuint(7) + varuint(clock - 1)
            bob.send_update(b"\x01\x01\x07" + varuint(clock) + b"\x07\x00" + parent + type_map + b"\x00")
        assert bob.close_code() == CloseCode.PROTOCOL_VIOLATION
    wait_until(lambda: log_of(cast.document.pk).nesting == 256, what="the log's measure of the nesting")


def presence(client: int, clock: int, state: object) -> bytes:
    body = varuint(1) + varuint(client) + varuint(clock) + varbytes(json.dumps(state).encode())
    return frame(Kind.AWARENESS, body)


def seen(person: SyncClient, client: int) -> list[tuple[int, Any]]:
    return [
        (clock, json.loads(state))
        for body in person.awareness
        for known, clock, state in read_awareness(body)
        if known == client
    ]


def test_presence_is_echoed_to_its_sender_under_the_accounts_name(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        bob.send(presence(77, 1, {"user": {"name": "Alice", "color": "url(javascript:)"}, "cursor": {"at": 3}}))
        for person in (bob, alice):
            person.listen_until(lambda person=person: seen(person, 77))
            ((clock, state),) = seen(person, 77)
            assert clock == 1
            assert state["user"] == {
                "id": str(cast.bob.user.pk),
                "name": "bob",
                "color": cast.bob.user.caret_color,
            }
            assert state["cursor"] == {"at": 3}


def test_nobody_speaks_for_somebody_elses_cursor(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        alice.send(presence(11, 1, {"cursor": 1}))
        bob.listen_until(lambda: seen(bob, 11))
        bob.send(presence(11, 1_000_000, {"cursor": "stolen"}))
        bob.send(presence(12, 1, {"cursor": 2}))
        alice.listen_until(lambda: seen(alice, 12))
        alice.send(presence(11, 2, {"cursor": 3}))
        bob.listen_until(lambda: len(seen(bob, 11)) == 2)
        assert [clock for clock, _ in seen(bob, 11)] == [1, 2]
        assert "stolen" not in str(seen(alice, 11))


def test_a_cursor_disappears_with_its_connection(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice) as alice:
        alice.sync()
        with cast.connect(web, cast.bob) as bob:
            bob.sync()
            bob.send(presence(21, 5, {"cursor": 1}))
            alice.listen_until(lambda: seen(alice, 21))
        alice.listen_until(lambda: seen(alice, 21)[-1] == (5, None))


def test_a_cursor_is_seen_from_another_process(web: WebProcess, second_web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice) as alice, cast.connect(second_web, cast.bob) as bob:
        bob.sync()
        bob.send(presence(31, 1, {"cursor": 1}))
        alice.sync()
        alice.listen_until(lambda: seen(alice, 31), what="the cursor of somebody who was there before")
        bob.send(presence(31, 2, {"cursor": 2}))
        alice.listen_until(lambda: seen(alice, 31)[-1][0] == 2)


@pytest.mark.parametrize("state", [b"NaN", b'{"a":NaN}', b'{"a":1e999}', b"[" * 4000, b"7", b"\xff", b'"text"'])
def test_a_state_that_would_break_other_clients_is_dropped(web: WebProcess, cast: Cast, state: bytes) -> None:
    with cast.connect(web, cast.bob) as bob:
        bob.sync()
        bob.send(frame(Kind.AWARENESS, varuint(1) + varuint(41) + varuint(1) + varbytes(state)))
        bob.send(presence(41, 2, {"cursor": 1}))
        bob.listen_until(lambda: seen(bob, 41))
        assert [clock for clock, _ in seen(bob, 41)] == [2]
