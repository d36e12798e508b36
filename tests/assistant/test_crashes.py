"""Processes that die in the middle: the answer goes on or ends visibly, and no word is doubled or lost."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.assistant import jobs
from apps.assistant.advance import copy_of
from apps.assistant.claims import STARTED, Claimed, claim, pool, starting_lock
from apps.assistant.models import Generation
from apps.assistant.tasks import sweep_generations
from apps.core.postgres import Insertion, Statement
from apps.core.redis import sync_redis
from tests.assistant.clients import Frame, assert_whole
from tests.assistant.conftest import House
from tests.processes import wait_until

LEASE = {"ASSISTANT_LEASE_SECONDS": "1.5", "ASSISTANT_HEARTBEAT_SECONDS": "0.3", "ASSISTANT_DRAIN_SECONDS": "0.3"}
MakeHouse = Callable[..., House]
Copied = Callable[[Mapping[str, Any]], str | None]


def as_seen(events: list[Frame]) -> list[Frame]:
    """Return the events a client takes: the next each time. What is live before its `resume` arrives is a gap."""
    seen: list[Frame] = []
    for event in events:
        if event["seq"] - event.get("span", 1) == (seen[-1]["seq"] if seen else 0):
            seen.append(event)
    return seen


def test_another_web_process_resumes_where_the_killed_one_stopped(own_house: MakeHouse) -> None:
    house = own_house()
    house.start_generator()
    second = house.start_web()
    house.provider.behave(rate=40, tokens=120)
    alice = house.join(house.alice)
    generation = alice.generate()
    last = alice.hear_until(lambda frame: frame.get("seq", 0) >= 8)["seq"]
    house.web.kill()
    again = house.join(house.alice, second)
    again.send({"type": "resume", "after": {generation: last}})
    assert again.hear_end(generation)["type"] == "done"
    heard = as_seen(alice.events(generation) + again.events(generation))
    assert heard[-1]["type"] == "done"
    assert_whole(heard)
    assert "".join(frame["text"] for frame in heard if frame["type"] == "chunk") == "".join(
        house.provider.server.defaults.answer()
    )


def test_another_generator_goes_on_when_one_is_killed(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate("Once. ", options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 10)
    first.kill()
    house.start_generator()
    house.provider.behave(tokens=5)
    status = alice.hear_type("status")
    assert status["state"] == "resumed"
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    stored = Generation.objects.get(pk=generation)
    assert stored.epoch == 2
    assert stored.text == alice.text(generation)
    written_before = "".join(
        event["text"] for event in alice.events(generation) if event["type"] == "chunk" and event["seq"] < status["seq"]
    )
    assert "Once. " + written_before[:100] in house.provider.requests[-1].prompt


def test_a_stopping_generator_hands_over_what_it_cannot_end(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(rate=40, tokens=400)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 5)
    first.stop()
    assert first.process is not None
    assert first.process.returncode == 0
    assert Generation.objects.get(pk=generation).state == "queued"
    house.provider.behave(tokens=5)
    house.start_generator()
    assert alice.hear_end(generation)["type"] == "done"
    assert [event["type"] for event in alice.events(generation)].count("status") == 1
    assert_whole(alice.events(generation))


def test_a_killed_generator_is_replaced_by_another_that_runs(own_house: MakeHouse) -> None:
    house = own_house()
    first, second = house.start_generator(), house.start_generator()
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 10)
    house.provider.behave(tokens=5)
    runs_it = Generation.objects.get(pk=generation).worker.split("-")[-2]
    (first if runs_it == str(first.pid) else second).kill()
    assert alice.hear_type("status")["state"] == "resumed"
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    lost, done = Generation.objects.get(pk=generation).attempts
    assert (lost["outcome"], lost["epoch"], lost["counted"]) == ("lost", 1, False)
    assert lost["completion_tokens"] >= 8
    assert (done["outcome"], done["epoch"], done["counted"]) == ("done", 2, True)


def test_decisions_about_what_streams_are_told_once_whoever_writes_on(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame["type"] == "chunk")
    alice.send({"type": "decide", "id": generation, "edit_id": "1", "decision": "accepted"})
    alice.hear_type("decided")
    first.kill()
    alice.send({"type": "decide", "id": generation, "edit_id": "2", "decision": "rejected"})
    house.start_generator()
    assert alice.hear_type("decided", seconds=30)["edit_id"] == "2"
    alice.send({"type": "cancel", "id": generation})
    assert alice.hear_end(generation)["type"] == "cancelled"
    assert_whole(alice.events(generation))
    told = {event["edit_id"]: event["seq"] for event in alice.events(generation) if event["type"] == "decided"}
    kept = Generation.objects.get(pk=generation).decisions.order_by("pk")
    assert [(one.edit_id, one.seq) for one in kept] == [("1", told["1"]), ("2", told["2"])]
    late = house.join(house.alice)
    late.send({"type": "resume", "after": {generation: 0}})
    late.hear_end(generation)
    late.settled()
    assert late.events(generation) == alice.events(generation)


def test_a_generator_that_falls_silent_but_lives_writes_no_more(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 5)
    os.kill(first.pid, signal.SIGSTOP)
    house.start_generator()
    house.provider.behave(tokens=5)
    assert alice.hear_type("status", seconds=30)["state"] == "resumed"
    os.kill(first.pid, signal.SIGCONT)
    end = alice.hear_end(generation)
    assert end["type"] == "done"
    wait_until(lambda: "generation.fenced" in first.output(), what="the fence")
    alice.settled()
    assert_whole(alice.events(generation))
    assert alice.events(generation)[-1] == end
    wait_until(lambda: all(one.end for one in house.provider.requests), what="the end of both requests")
    assert [one.end for one in house.provider.requests] == ["client_gone", "complete"]


def test_what_was_handed_over_can_be_cancelled_before_anybody_takes_it(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(rate=40, tokens=400)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 500})
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 5)
    first.stop()
    alice.send({"type": "cancel", "id": generation})
    end = alice.hear_end(generation)
    assert end["type"] == "cancelled"
    assert end["characters"] == len(alice.text(generation)) > 0
    assert_whole(alice.events(generation))
    stored = Generation.objects.get(pk=generation)
    assert (stored.state, stored.text) == ("cancelled", alice.text(generation))
    (attempt,) = stored.attempts
    assert (attempt["outcome"], attempt["epoch"]) == ("stopped", 1)
    house.start_generator()
    again = house.join(house.alice)
    again.send({"type": "resume", "after": {generation: 0}})
    assert again.hear_end(generation) == end
    assert len(house.provider.requests) == 1


def test_a_cancel_whose_notice_was_lost_wins_all_the_same(own_house: MakeHouse) -> None:
    house = own_house()
    house.start_generator()
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame["type"] == "chunk")
    Generation.objects.filter(pk=generation).update(cancel_requested_at=timezone.now())
    assert alice.hear_end(generation)["type"] == "cancelled"


def test_a_generator_whose_redis_was_emptied_writes_its_log_again(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    house.start_generator()
    house.provider.behave(rate=40, tokens=60)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 5)
    prefix = house.processes.environment["REDIS_PREFIX"]
    for name in sync_redis().scan_iter(match=prefix + "*"):
        sync_redis().delete(name)
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    following = alice.generate()
    assert alice.hear_end(following)["type"] == "done"


def test_a_generation_whose_job_was_lost_is_queued_again_by_the_sweep(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    alice = house.join(house.alice)
    generation = alice.generate()
    wait_until(lambda: Generation.objects.filter(pk=generation).exists(), what="the row")
    queue = house.processes.environment["REDIS_PREFIX"] + "generator:jobs"
    wait_until(lambda: sync_redis().delete(queue), what="the job")
    Generation.objects.update(created_at=timezone.now() - timedelta(seconds=20))
    house.start_generator()
    sweep_generations()
    assert alice.hear_end(generation)["type"] == "done"


def test_a_generation_nobody_runs_fails_visibly(own_house: MakeHouse) -> None:
    house = own_house()
    alice = house.join(house.alice)
    generation = alice.generate()
    wait_until(lambda: Generation.objects.filter(pk=generation).exists(), what="the row")
    Generation.objects.update(created_at=timezone.now() - timedelta(seconds=120))
    sweep_generations()
    end = alice.hear_end(generation)
    assert (end["type"], end["code"], end["retryable"], end["partial"]) == ("failed", "internal", True, False)
    assert_whole(alice.events(generation))


def test_what_was_shown_stays_when_nobody_goes_on(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    house.provider.behave(rate=40, tokens=400)
    generator = house.start_generator()
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 5)
    generator.stop()
    assert Generation.objects.get(pk=generation).state == "queued"
    Generation.objects.update(created_at=timezone.now() - timedelta(seconds=120))
    sweep_generations()
    end = alice.hear_end(generation)
    assert (end["type"], end["partial"]) == ("failed", True)
    assert Generation.objects.get(pk=generation).text == alice.text(generation)
    again = house.join(house.alice)
    again.send({"type": "resume", "after": {generation: 0}})
    again.hear_end(generation)
    assert_whole(again.events(generation))
    assert again.text(generation) == alice.text(generation)


def test_a_queued_generation_is_cancelled_at_once_and_never_sent_to_a_model(own_house: MakeHouse) -> None:
    house = own_house()
    alice = house.join(house.alice)
    generation = alice.generate(id=str(uuid4()))
    wait_until(lambda: Generation.objects.filter(pk=generation).exists(), what="the row")
    alice.send({"type": "cancel", "id": generation})
    assert alice.hear_end(generation)["type"] == "cancelled"  # without a generator
    assert_whole(alice.events(generation))
    house.start_generator()
    following = alice.generate()
    assert alice.hear_end(following)["type"] == "done"
    assert len(house.provider.requests) == 1


def test_nobody_takes_what_a_living_generator_runs(house: House) -> None:
    house.provider.behave(rate=20, tokens=100)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_type("started")

    async def take() -> list[Claimed | None]:
        taken = [await claim(UUID(generation), "another", gone=gone) for gone in ((), ("somebody else",))]
        await (await pool()).close()
        return taken

    assert asyncio.run(take()) == [None, None]
    alice.send({"type": "cancel", "id": generation})
    assert alice.hear_end(generation)["type"] == "cancelled"


def of_another_version(row: Mapping[str, Any]) -> str | None:
    return copy_of({**row, "a column of tomorrow": 1})


@pytest.mark.parametrize("copied", [copy_of, of_another_version, lambda row: None])
def test_a_bell_rung_before_the_commit_is_answered_when_it_is_done(own_house: MakeHouse, copied: Copied) -> None:
    """And one for what was rolled back after all is dropped, without anything else waiting for it."""
    house = own_house()
    house.start_generator()
    alice = house.join(house.alice)
    earlier = alice.generate()
    assert alice.hear_end(earlier)["type"] == "done"
    stored, refused = uuid4(), uuid4()
    like = Generation.objects.get(pk=earlier)
    rows = [Insertion(another_like(like, generation)).statement() for generation in (stored, refused)]
    with being_started(rows, copied) as (cursor, commit):
        following = alice.generate()
        assert alice.hear_end(following)["type"] == "done"
        cursor.execute(rows[0].sql, rows[0].parameters)
        commit()
    assert alice.hear_end(str(stored))["type"] == "done"
    assert_whole(alice.events(str(stored)))
    wait_until(lambda: sync_redis().xlen(jobs.queue_key()) == 0, what="the dropped job")
    assert alice.events(str(refused)) == []
    assert len(house.provider.requests) == 3


def test_what_is_cancelled_before_its_claim_is_never_sent_to_a_model(own_house: MakeHouse) -> None:
    """Also where its prompt was put together already."""
    house = own_house()
    house.start_generator()
    alice = house.join(house.alice)
    earlier = alice.generate()
    assert alice.hear_end(earlier)["type"] == "done"
    asked = another_like(Generation.objects.get(pk=earlier), uuid4())
    row = Insertion(asked).statement()
    asked.cancel_requested_at = timezone.now()
    cancelled = Insertion(asked).statement()
    with being_started([row], copy_of) as (cursor, commit):
        cursor.execute(cancelled.sql, cancelled.parameters)
        commit()
    assert alice.hear_end(str(asked.pk))["type"] == "cancelled"
    assert_whole(alice.events(str(asked.pk)))
    assert len(house.provider.requests) == 1


@contextmanager
def being_started(rows: Sequence[Statement], copied: Copied) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Ring for what is being stored, and wait for the claims. Yields a cursor to store it with, and a commit."""
    starting = connection.copy()
    starting.set_autocommit(False)
    with closing(starting), starting.cursor() as cursor:
        for row in rows:
            generation, copy = row.parameters["id"], copied(row.parameters)
            cursor.execute(STARTED, starting_lock(generation))
            job: dict[Any, Any] = {"generation": str(generation)} | ({"copy": copy} if copy else {})
            sync_redis().xadd(jobs.queue_key(), job)
        wait_until(lambda: waiting_for_a_lock() == len(rows), what="the claims to wait")
        yield cursor, starting.commit


REFUSE_CLAIMS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
CREATE CONSTRAINT TRIGGER refuse_claims AFTER UPDATE ON assistant_generation DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.state = 'running') EXECUTE FUNCTION refuse();
"""
ALLOW_CLAIMS = """
DROP TRIGGER IF EXISTS refuse_claims ON assistant_generation;
DROP FUNCTION IF EXISTS refuse();
"""


def test_a_claim_that_fails_at_its_commit_tells_and_asks_nothing(own_house: MakeHouse) -> None:
    house = own_house(**LEASE)
    generator = house.start_generator()
    alice = house.join(house.alice)
    with connection.cursor() as cursor:
        cursor.execute(REFUSE_CLAIMS)
        try:
            generation = alice.generate()
            wait_until(lambda: "generation.not_claimed" in generator.output(), what="the claim to fail")
        finally:
            cursor.execute(ALLOW_CLAIMS)
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    assert len(house.provider.requests) == 1
    assert Generation.objects.get(pk=generation).epoch == 1


def another_like(run: Generation, generation_id: UUID) -> Generation:
    kept = {name: getattr(run, name) for name in ("document", "user", "action", "input", "options", "model", "tier")}
    return Generation(id=generation_id, prompt_version=run.prompt_version, **kept)


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])
