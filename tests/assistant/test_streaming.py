"""A continuation, from one person's request to everybody's screen."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.assistant.messages.events import Cancelled
from apps.assistant.models import Generation
from apps.assistant.transcripts import store_end
from tests.assistant.clients import assert_whole
from tests.assistant.conftest import House
from tests.processes import wait_until


def test_two_people_receive_the_same_continuation(house: House) -> None:
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate("The river was quiet. ", anchor="b64:anchor")
    ends = [client.hear_end(generation) for client in (alice, bob)]
    assert [end["type"] for end in ends] == ["done", "done"]
    for client in (alice, bob):
        assert_whole(client.events(generation))
        started = client.events(generation)[0]
        assert (started["type"], started["seq"], started["anchor"]) == ("started", 1, "b64:anchor")
        assert started["user"]["name"] == "Alice"
        assert (started["model"], started["demo"]) == ("openai/test", False)
    assert alice.text(generation) == bob.text(generation) == "".join(house.provider.server.defaults.answer())
    assert ends[0]["usage"]["completion_tokens"] == 24


def test_hello_says_what_a_client_has_to_know(house: House) -> None:
    vera = house.join(house.vera)
    hello = vera.frames[0]
    assert hello["protocol"] == 1
    assert hello["user"]["id"] == str(house.vera.pk)
    assert hello["role"] == "viewer"
    assert hello["models"] == [{"name": "openai/test", "demo": False}]
    assert set(hello["quota"]) >= {"tier", "remaining_tokens", "resets_at"}
    assert hello["limits"]["anchor_bytes"] == 1024
    assert hello["open"] == []


def test_the_transcript_is_what_was_streamed_and_is_encrypted_at_rest(house: House) -> None:
    alice = house.join(house.alice)
    generation = alice.generate("The heron slept. ")
    end = alice.hear_end(generation)
    stored = Generation.objects.get(pk=generation)
    assert (stored.state, stored.text, stored.last_seq) == ("done", alice.text(generation), end["seq"])
    assert stored.input == {"text_before": "The heron slept. "}
    assert stored.completion_tokens == 24
    raw = Generation.objects.raw("SELECT id, encode(text, 'escape') AS raw_text FROM assistant_generation")[0]
    assert "heron" not in raw.raw_text  # type: ignore[attr-defined]


def test_a_start_finds_a_new_connection_where_postgresql_closed_the_last(house: House) -> None:
    alice = house.join(house.alice)
    alice.hear_end(alice.generate())
    with connection.cursor() as cursor:

        def close_idle() -> list[Any]:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND state = 'idle' AND query = 'COMMIT'"
            )
            return list(cursor.fetchall())

        wait_until(close_idle, what="an idle connection")
    assert alice.hear_end(alice.generate())["type"] == "done"


def test_the_same_id_twice_starts_one_generation_and_replays_it(house: House) -> None:
    house.provider.behave(rate=60, tokens=30)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.generate(id=generation)  # while it runs: what was sent already may come again, nothing else
    alice.hear_end(generation)
    once = {event["seq"]: event for event in alice.events(generation)}
    assert_whole(list(once.values()))
    first, alice.frames = "".join(event.get("text", "") for event in once.values()), []
    alice.generate(id=generation)  # afterwards: from the transcript
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    assert alice.text(generation) == first
    assert len(house.provider.requests) == 1


def test_private_generations_are_not_seen_by_others(house: House) -> None:
    house.provider.behave(rate=60, tokens=30)
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate(visibility="private")
    alice.hear_type("started")
    late_bob = house.join(house.bob)
    assert late_bob.frames[0]["open"] == []
    bob.send({"type": "resume", "after": {generation: 0}})
    assert bob.hear_type("error")["code"] == "not_found"
    alice.hear_end(generation)
    bob.settled()
    late_bob.settled()
    assert bob.events(generation) == late_bob.events(generation) == []


def test_somebody_who_joins_late_sees_what_is_running_and_can_read_it_from_the_start(house: House) -> None:
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate(anchor={"from": 1}, options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 4)
    bob = house.join(house.bob)
    (running,) = bob.frames[0]["open"]
    assert (running["id"], running["user"]["name"], running["anchor"]) == (generation, "Alice", {"from": 1})
    assert running["seq"] >= 4
    bob.send({"type": "resume", "after": {generation: 0}})
    bob.hear_until(lambda frame: frame.get("type") == "started")
    replayed_from = len(bob.frames) - 1
    bob.hear_until(lambda frame: frame.get("seq", 0) > running["seq"])  # and what came since
    alice.send({"type": "cancel", "id": generation})
    assert bob.hear_end(generation)["type"] == "cancelled"
    assert_whole([frame for frame in bob.frames[replayed_from:] if frame.get("id") == generation])


def test_somebody_who_joins_later_can_read_what_nobody_has_decided_about(house: House) -> None:
    alice = house.join(house.alice)
    generation = alice.generate(anchor={"from": 1})
    end = alice.hear_end(generation)
    alice.hear_end(alice.generate(visibility="private"))
    bob = house.join(house.bob)
    (waiting,) = bob.frames[0]["undecided"]
    assert (waiting["id"], waiting["user"]["name"], waiting["seq"]) == (generation, "Alice", end["seq"])
    bob.send({"type": "resume", "after": {generation: 0}})
    bob.hear_end(generation)
    assert_whole(bob.events(generation))
    alice.send({"type": "decide", "id": generation, "decision": "rejected"})
    bob.hear_type("decided")
    assert house.join(house.bob).frames[0]["undecided"] == []


def test_what_was_left_undecided_long_ago_is_not_shown_again(house: House) -> None:
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_end(generation)
    long_ago = timezone.now() - timedelta(seconds=settings.ASSISTANT_UNDECIDED_SECONDS + 1)
    Generation.objects.filter(pk=generation).update(created_at=long_ago)
    assert house.join(house.bob).frames[0]["undecided"] == []


def test_a_cut_socket_resumes_from_the_transcript_where_it_stopped(house: House) -> None:
    house.provider.behave(rate=100)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_end(generation)
    _, first, *_ = alice.events(generation)  # what comes fast may come in one frame
    again = house.join(house.alice)
    again.send({"type": "resume", "after": {generation: first["seq"]}})
    again.hear_end(generation)
    assert_whole(again.events(generation), after=first["seq"])
    assert first["text"] + again.text(generation) == alice.text(generation)


def test_cancelling_reaches_the_provider_and_keeps_what_was_written(house: House) -> None:
    house.provider.behave(rate=20, tokens=3_000)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame["type"] == "chunk")
    alice.send({"type": "cancel", "id": generation})
    end = alice.hear_end(generation)
    assert end["type"] == "cancelled"
    assert end["characters"] == len(alice.text(generation)) > 0
    (request,) = house.provider.requests
    wait_until(lambda: request.end, what="the provider's notice")
    assert request.end == "client_gone"
    assert Generation.objects.get(pk=generation).state == "cancelled"


@pytest.mark.parametrize("heard", [1, 2, 3, 4])
def test_a_cancel_that_was_taken_always_wins(house: House, heard: int) -> None:
    """Before the answer's end or at the same moment; how soon it reaches the provider, `bench_recovery` measures."""
    house.provider.behave(rate=200, tokens=12)
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate()
    alice.hear_until(lambda frame: frame.get("seq", 0) >= heard or frame["type"] == "done")
    alice.send({"type": "cancel", "id": generation})
    for client in (alice, bob):
        if not any(event["type"] == "done" for event in client.events(generation)):
            client.hear_end(generation)
    alice.settled()
    stored = Generation.objects.get(pk=generation)
    assert stored.state == ("done" if stored.cancel_requested_at is None else "cancelled")
    for client in (alice, bob):
        client.settled()
        assert_whole(client.events(generation))
        assert client.events(generation)[-1]["type"] == stored.state


def test_a_cancel_does_not_overtake_its_generate(house: House) -> None:
    house.provider.behave(rate=20, tokens=200)
    alice = house.join(house.alice)
    for _ in range(5):
        generation = alice.generate()
        alice.send({"type": "cancel", "id": generation})
        assert alice.hear_end(generation)["type"] == "cancelled"


def test_another_editor_may_not_cancel_but_the_owner_may(house: House) -> None:
    house.provider.behave(rate=20, tokens=200)
    alice, bob = house.join(house.alice), house.join(house.bob)
    alices, bobs = alice.generate(), bob.generate()
    for _ in range(2):
        bob.hear_type("started")
    bob.send({"type": "cancel", "id": alices})
    assert bob.hear_type("error")["code"] == "forbidden"
    alice.send({"type": "cancel", "id": bobs})
    assert bob.hear_end(bobs)["type"] == "cancelled"
    alice.send({"type": "cancel", "id": alices})
    assert alice.hear_end(alices)["type"] == "cancelled"


def test_what_began_and_ended_unheard_is_told_all_the_same(house: House) -> None:
    """Its notices were lost, so no log of it is followed, and who asked waits for its first event."""
    web = house.start_web(ASSISTANT_RECHECK_SECONDS="0.5")
    alice = house.join(house.alice, web)
    generation = Generation(id=uuid4(), document=house.document, user=house.alice, action="continue", input={})
    ending = Cancelled(id=generation.pk, seq=2, characters=0)
    with transaction.atomic():
        generation.save(force_insert=True)
        store_end(generation.pk, epoch=0, ending=ending, text="", lengths=[], model="openai/test")
    alice.hear_end(str(generation.pk), seconds=30)
    assert_whole(alice.events(str(generation.pk)))


def test_leaving_does_not_cancel(house: House) -> None:
    house.provider.behave(rate=100, tokens=30)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_type("started")
    alice.socket.close()
    wait_until(lambda: Generation.objects.get(pk=generation).state == "done", what="the end")


def test_a_decision_is_told_to_everybody_and_kept(house: House) -> None:
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate()
    end = alice.hear_end(generation)
    bob.hear_end(generation)
    bob.send({"type": "decide", "id": generation, "decision": "accepted", "final_text": "as it was"})
    for client in (alice, bob):
        decided = client.hear_type("decided")
        assert (decided["seq"], decided["decision"], decided["user"]["name"]) == (end["seq"] + 1, "accepted", "Bob")
    (decision,) = Generation.objects.get(pk=generation).decisions.all()
    assert (decision.final_text, decision.user) == ("as it was", house.bob)


def test_a_decision_while_it_streams_is_told_at_once_and_replayed_where_it_was(house: House) -> None:
    house.provider.behave(rate=20, tokens=3_000)
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate(options={"max_tokens": 4_000})
    alice.hear_until(lambda frame: frame["type"] == "chunk")
    bob.send({"type": "decide", "id": generation, "edit_id": "1", "decision": "accepted"})
    for client in (alice, bob):
        decided = client.hear_type("decided")
        assert (decided["edit_id"], decided["decision"], decided["user"]["name"]) == ("1", "accepted", "Bob")
    alice.hear_until(lambda frame: frame["type"] == "chunk")  # it goes on
    alice.send({"type": "cancel", "id": generation})
    for client in (alice, bob):
        assert client.hear_end(generation)["type"] == "cancelled"
    alice.send({"type": "decide", "id": generation, "edit_id": "2", "decision": "rejected"})
    alice.hear_type("decided")
    assert_whole(alice.events(generation))
    late = house.join(house.bob)
    late.send({"type": "resume", "after": {generation: 0}})
    late.hear_until(lambda frame: frame["type"] == "decided" and frame["edit_id"] == "2")
    assert late.events(generation) == alice.events(generation)


def test_a_person_has_only_so_many_generations_at_once(house: House) -> None:
    house.provider.behave(rate=5, tokens=1_000)
    alice = house.join(house.alice)
    limit = alice.frames[0]["limits"]["concurrent_generations"]
    for _ in range(limit + 1):
        alice.generate()
    refusal = alice.hear_type("error")
    assert (refusal["code"], refusal["retryable"], refusal["retry_after"] > 0) == ("concurrency_limited", True, True)
    wait_until(lambda: Generation.objects.count() == limit, what="those that are admitted")  # side by side
    for generation in Generation.objects.all():  # the slots are everybody's
        alice.send({"type": "cancel", "id": str(generation.pk)})
    wait_until(lambda: not Generation.objects.filter(state__in=("queued", "running")).exists(), what="their end")


def test_a_reader_who_acknowledges_nothing_gets_coalesced_frames(house: House) -> None:
    house.provider.behave(rate=1_000, tokens=600, first=0.1)
    alice = house.join(house.alice)
    ids = [alice.generate(options={"max_tokens": 600}) for _ in range(3)]
    for generation in ids:
        if not any(event["type"] == "done" for event in alice.events(generation)):
            alice.hear_end(generation)
    for generation in ids:
        assert_whole(alice.events(generation))


@pytest.mark.parametrize("wanted", [5, 600])
def test_the_answers_length_follows_the_request(house: House, wanted: int) -> None:
    house.provider.behave(tokens=300)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": wanted})
    end: dict[str, Any] = alice.hear_end(generation)
    assert end["finish_reason"] == ("length" if wanted == 5 else "stop")
    assert end["usage"]["completion_tokens"] == min(wanted, 300)


def test_the_complete_action_may_go_on_inside_a_word(house: House) -> None:
    house.provider.behave(text="on_waited.")
    alice = house.join(house.alice)
    generation = alice.generate("The her", action="complete")
    alice.hear_end(generation)
    assert alice.text(generation) == "on waited."


def test_a_continuation_begins_with_the_space_it_needs(house: House) -> None:
    house.provider.behave(text="And_flew.")
    alice = house.join(house.alice)
    generation = alice.generate("The heron waited.")
    alice.hear_end(generation)
    assert alice.text(generation) == " And flew."
