"""Quotas as people meet them: over real sockets, with real generators, and a provider that counts."""

import json
import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import httpx

from apps.accounts.api_keys import create_key
from apps.assistant.models import Generation
from apps.assistant.tasks import settle_stranded
from apps.quotas.checks import find_differences
from apps.quotas.models import Entry, Override, Reservation, Tier
from apps.quotas.people import set_tier
from tests.assistant.clients import AssistantClient, Frame, cookie_of
from tests.assistant.conftest import House
from tests.collaboration.clients import SyncClient
from tests.processes import wait_until
from tests.quotas.conftest import give


def test_hello_done_and_quota_say_what_is_left(house: House, tiers: dict[str, Tier]) -> None:
    alice = house.join(house.alice)
    hello = alice.frames[0]["quota"]
    assert (hello["tier"], hello["remaining_tokens"]) == ("free", 1_000_000)
    assert (hello["limit_tokens"], hello["window"]) == (1_000_000, "day")
    done = alice.hear_end(alice.generate("It was late. "))
    used = done["usage"]["prompt_tokens"] + done["usage"]["completion_tokens"]
    assert used > 24
    assert done["quota"]["remaining_tokens"] == 1_000_000 - used
    alice.heard(lambda frame: frame["type"] == "quota" and frame["remaining_tokens"] == 1_000_000 - used)
    entry = Entry.objects.get()
    assert (entry.tokens, entry.outcome, entry.user) == (used, "done", house.alice)
    assert not Reservation.objects.exists()
    assert find_differences() == []


def test_what_is_left_to_who_asked_is_told_to_nobody_else(house: House, tiers: dict[str, Tier]) -> None:
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate("It was late. ")
    hers, his = alice.hear_end(generation), bob.hear_end(generation)
    assert hers["quota"]["remaining_tokens"] < 1_000_000
    assert his == {name: value for name, value in hers.items() if name != "quota"}
    later = house.join(house.bob)
    later.send({"type": "resume", "after": {generation: 0}})
    assert later.hear_end(generation) == his
    for person, end in ((house.alice, hers), (house.bob, his)):
        events = httpx.get(
            f"{house.web.url}/api/v1/generations/{generation}/events", headers={"Cookie": cookie_of(person)}, timeout=60
        )
        assert json.loads(events.text.rpartition("data: ")[2]) == end


def test_at_the_limit_it_says_until_when_and_asks_no_provider(house: House, tiers: dict[str, Tier]) -> None:
    give(house.alice, tokens_per_day=100)
    alice = house.join(house.alice)
    generation = alice.generate("Late. ")
    refusal = alice.hear_type("error")
    assert (refusal["id"], refusal["code"], refusal["retryable"]) == (generation, "quota_exceeded", True)
    assert 0 < refusal["retry_after"] <= 24 * 3600
    assert "100 are left today" in refusal["message"]
    assert house.provider.requests == []
    assert not Reservation.objects.exists()


def offered(client: AssistantClient) -> Frame:
    """Ask until the web process has heard of the route; return the refusal that has an offer."""

    def refused() -> Frame | None:
        refusal = client.hear_end(client.generate("Late. "))
        assert refusal["code"] == "quota_exceeded"
        return refusal if "offer" in refusal else None

    refusal: Frame = wait_until(refused, what="the offer")
    return refusal


def test_at_the_limit_the_same_is_offered_on_a_smaller_model(
    house: House, tiers: dict[str, Tier], route_to: Callable[..., None]
) -> None:
    route_to("openai/small", is_smaller=True, action="continue", charged_percent=50)
    give(house.alice, tokens_per_day=100, smaller_tokens_per_day=5_000)
    alice = house.join(house.alice)
    assert alice.frames[0]["quota"]["smaller_tokens"] == 5_000
    assert offered(alice)["offer"] == {"kind": "smaller_model", "model": "openai/small", "remaining_tokens": 5_000}
    done = alice.hear_end(alice.generate("Late. ", options={"smaller": True}))
    assert done["type"] == "done"
    assert [one.body["model"] for one in house.provider.requests] == ["small"]
    entry, used = Entry.objects.get(), sum(done["usage"].values())
    assert (entry.is_smaller, entry.model, entry.tokens) == (True, "openai/small", -(-used // 2))
    assert done["quota"]["remaining_tokens"] == 100
    assert done["quota"]["smaller_tokens"] == 5_000 - entry.tokens
    Tier.objects.filter(label="Own").update(smaller_tokens_per_day=10)
    alice.generate("Late. ", options={"smaller": True})
    refusal = alice.hear_type("error")
    assert (refusal["code"], "offer" in refusal) == ("quota_exceeded", False)
    assert "on smaller models" in refusal["message"]
    alice.generate("Late. ")  # nor is offered what cannot be had
    assert "offer" not in alice.hear_type("error")
    assert find_differences() == []


def test_nothing_is_offered_that_the_tier_does_not_have(
    house: House, tiers: dict[str, Tier], route_to: Callable[..., None]
) -> None:
    route_to("openai/small", is_smaller=True, charged_percent=0)
    give(house.alice, tokens_per_day=100)
    alice = house.join(house.alice)
    assert offered(alice)["offer"]["remaining_tokens"] == 0  # it costs nothing
    Tier.objects.filter(label="Own").update(allowed_models=["openai/test"])
    alice.generate("Late. ")
    assert "offer" not in alice.hear_type("error")
    alice.generate("Late. ", options={"smaller": True})
    assert alice.hear_type("error")["code"] == "forbidden"
    Tier.objects.filter(label="Own").update(allowed_models=None)
    assert alice.hear_end(alice.generate("Late. ", options={"smaller": True}))["type"] == "done"


def test_grammar_is_offered_in_the_browser_and_the_offer_reaches_programs(house: House, tiers: dict[str, Tier]) -> None:
    give(house.alice, tokens_per_day=10)
    alice = house.join(house.alice)
    alice.send({"type": "generate", "id": str(uuid4()), "action": "grammar", "input": {"selection": "It were late."}})
    assert alice.hear_type("error")["offer"] == {"kind": "in_browser"}
    _, key = create_key(house.alice, name="Program", scopes=["assistant"])
    answer = httpx.post(
        f"{house.web.url}/api/v1/documents/{house.document.pk}/generations/",
        json={"id": str(uuid4()), "action": "grammar", "input": {"selection": "It were late."}},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert answer.json()["offer"]["kind"] == "in_browser"


def test_what_an_admin_changes_holds_for_the_next_request_and_is_told(house: House, tiers: dict[str, Tier]) -> None:
    alice = house.join(house.alice)
    tier = give(house.alice, tokens_per_day=50)
    alice.generate("Late. ")
    assert alice.hear_type("error")["code"] == "quota_exceeded"
    tier.tokens_per_day = None
    tier.save()
    assert alice.hear_end(alice.generate("Late. "))["type"] == "done"
    set_tier([house.alice], tiers["pro"])
    assert alice.hear_until(lambda frame: frame.get("tier") == "pro")["type"] == "quota"
    Override.objects.create(user=house.alice, reason="pause", starts_at="2026-01-01T00:00Z", tokens_per_day=1)
    alice.generate("Late. ")
    assert alice.hear_type("error")["code"] == "quota_exceeded"


def test_a_change_of_tier_exception_or_route_is_in_force_in_every_process(
    house: House, tiers: dict[str, Tier], route_to: Callable[..., None]
) -> None:
    clients = [house.join(house.alice, web) for web in (house.web, house.start_web())]
    small = Tier.objects.create(name="small", label="Small", tokens_per_day=1)
    set_tier([house.alice], small)
    for client in clients:
        assert client.hear_until(lambda frame: frame["type"] == "quota", seconds=30)["tier"] == "small"
        client.generate("Late. ")
        assert client.hear_type("error", seconds=30)["code"] == "quota_exceeded"
    Override.objects.create(user=house.alice, reason="talk", starts_at="2026-01-01T00:00Z", tokens_per_day=100_000)
    for client in clients:  # the very next request
        assert client.hear_end(client.generate("Late. "))["type"] == "done"

    def answered_by(client: AssistantClient) -> str:
        assert client.hear_end(client.generate("Late. "))["type"] == "done"
        return str(house.provider.requests[-1].body["model"])

    changed = time.monotonic()
    route_to("openai/other", action="continue")
    for client in clients:
        wait_until(partial(lambda one: answered_by(one) == "other", client), seconds=30, what="the new route")
    print(f"the new route answered in both after {time.monotonic() - changed:.2f} s")


def test_a_route_says_how_many_tokens_of_a_hundred_count(
    house: House, tiers: dict[str, Tier], route_to: Callable[..., None]
) -> None:
    route_to("openai/half", action="continue", charged_percent=50)
    alice = house.join(house.alice)

    def answered() -> Frame | None:
        done = alice.hear_end(alice.generate("Late. "))
        return done if Entry.objects.get(generation_id=done["id"]).model == "openai/half" else None

    done = wait_until(answered, what="an answer by the route")
    entry, used = Entry.objects.get(generation_id=done["id"]), sum(done["usage"].values())
    assert entry.tokens == -(-used // 2)
    assert (entry.prompt_tokens + entry.completion_tokens, entry.is_smaller) == (used, False)
    assert done["quota"]["remaining_tokens"] == 1_000_000 - sum(Entry.objects.values_list("tokens", flat=True))
    assert find_differences() == []


def test_a_cancelled_generation_is_charged_what_was_sent(house: House, tiers: dict[str, Tier]) -> None:
    house.provider.behave(rate=20, tokens=400)
    alice = house.join(house.alice)
    generation = alice.generate("Late. ")
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 5)
    reserved = Reservation.objects.get().tokens
    alice.send({"type": "cancel", "id": generation})
    assert alice.hear_end(generation)["type"] == "cancelled"
    entry = Entry.objects.get()
    assert (entry.outcome, entry.reserved) == ("cancelled", reserved)
    assert 0 < entry.tokens < reserved
    assert find_differences() == []


def test_a_refused_request_costs_nothing(house: House, tiers: dict[str, Tier]) -> None:
    house.provider.behave(fault="401")
    alice = house.join(house.alice)
    assert alice.hear_end(alice.generate("Late. "))["type"] == "failed"
    assert (Entry.objects.get().tokens, Entry.objects.get().outcome) == (0, "failed")
    assert not Reservation.objects.exists()


def test_a_document_that_is_deleted_while_it_is_written_strands_nothing(house: House, tiers: dict[str, Tier]) -> None:
    house.provider.behave(rate=20, tokens=400)
    alice = house.join(house.alice)
    alice.generate("Late. ")
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 3)
    Generation.objects.all().delete()
    Reservation.objects.update(created_at="2026-01-01T00:00Z")
    settle_stranded()
    assert not Reservation.objects.exists()
    assert Entry.objects.get().outcome == "lost"
    assert find_differences() == []


def test_a_tier_bounds_what_one_request_may_be(house: House, tiers: dict[str, Tier]) -> None:
    give(house.alice, max_output_tokens=7, max_input_tokens=800, allowed_actions=["continue"])
    alice = house.join(house.alice)
    assert alice.frames[0]["limits"]["max_output_tokens"] == 7
    assert alice.hear_end(alice.generate("Late. "))["type"] == "done"
    assert house.provider.requests[-1].body["max_tokens"] == 7
    alice.generate("words " * 2_000)
    assert alice.hear_type("error")["code"] == "too_large"
    alice.generate("Late. ", action="complete")
    assert alice.hear_type("error")["code"] == "forbidden"
    Tier.objects.filter(label="Own").update(allowed_models=["openai/other"])
    alice.generate("Late. ")
    assert alice.hear_type("error")["code"] == "forbidden"


def test_requests_per_minute_and_at_once_are_the_tiers(house: House, tiers: dict[str, Tier]) -> None:
    house.provider.behave(rate=5, tokens=100)
    tier = give(house.alice, concurrent_per_person=1)
    alice = house.join(house.alice)
    running = alice.generate("Late. ")
    alice.hear_type("started")
    alice.generate("Later. ")
    assert alice.hear_type("error")["code"] == "concurrency_limited"
    Tier.objects.filter(pk=tier.pk).update(concurrent_per_person=None, concurrent_per_document=1)
    alice.generate("Later. ")
    refusal = alice.hear_type("error")
    assert (refusal["code"], "document" in refusal["message"]) == ("concurrency_limited", True)
    alice.send({"type": "cancel", "id": running})
    alice.hear_end(running)
    Tier.objects.filter(pk=tier.pk).update(concurrent_per_document=None, requests_per_minute=3)
    alice.generate("Later. ")
    refusal = alice.hear_type("error")
    assert refusal["code"] == "rate_limited"
    assert 0 < refusal["retry_after"] <= 60


def test_without_redis_nothing_paid_is_started_and_people_go_on_writing(
    own_house: Callable[..., House], tiers: dict[str, Tier]
) -> None:
    house = own_house()
    lonely = house.start_web(REDIS_URL="redis://127.0.0.1:9/0")
    path = f"/ws/sync/{house.document.pk}?ack=1"
    with SyncClient(lonely.socket_url + path, cookie_of(house.alice), lonely.url) as writer:
        writer.sync()
        writer.type("Redis is away. ")
        writer.wait_saved(1)
    alice = house.join(house.alice, lonely)
    alice.generate("Late. ")
    refusal = alice.hear_type("error", seconds=30)
    assert (refusal["code"], refusal["retryable"]) == ("rate_limited", True)
    assert "Your text is not affected" in refusal["message"]
    assert not Generation.objects.exists()


def test_too_many_sockets_of_one_person_are_closed(own_house: Callable[..., House], tiers: dict[str, Tier]) -> None:
    house = own_house()
    web = house.start_web(RATE_SOCKETS_PER_PERSON="2")
    for _ in range(2):
        house.join(house.alice, web)
    assert house.connect(house.alice, web).close_code() == 4529
    house.join(house.bob, web)


def test_the_address_behind_a_proxy_of_ours_counts_and_an_invented_one_does_not() -> None:
    from apps.core.addresses import socket_address  # noqa: PLC0415

    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"6.6.6.6, 203.0.113.9")]}
    assert socket_address(scope) == "10.0.0.1"
