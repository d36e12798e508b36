"""What Prometheus reads of a generation: counted by the generator, read from a web process."""

from tests.assistant.conftest import House
from tests.metrics import Scrape
from tests.processes import wait_until

DONE = {"action": "continue", "model": "openai/test", "outcome": "done"}
OF_ACTION = {"action": "continue", "model": "openai/test"}


def test_a_generation_is_counted_in_the_process_that_ran_it_and_read_from_another(house: House) -> None:
    before = Scrape.of_now(house.web.url, process="generator")
    alice = house.join(house.alice)
    generation = alice.generate("The river was quiet. ")
    assert alice.hear_end(generation)["type"] == "done"

    after = Scrape.of_now(house.web.url, process="generator")

    def added(name: str, **labels: str) -> float:
        return after.total(name, **labels) - before.total(name, **labels)

    assert added("interline_generations_total", **DONE) == 1
    assert added("interline_generation_first_token_seconds_count", **OF_ACTION) == 1
    assert added("interline_generation_seconds_count", **OF_ACTION) == 1
    assert added("interline_generation_queue_seconds_count") == 1
    assert added("interline_tokens_total", model="openai/test", kind="completion") == 24
    assert added("interline_model_requests_total", model="openai/test", outcome="done") == 1
    assert added("interline_model_first_token_seconds_count", model="openai/test") == 1
    assert after.total("interline_sockets_open", socket="assistant", process="web") >= 1
    assert after.total("interline_model_up", model="openai/test") == 1
    assert after.total("interline_generation_queue_length") == 0


def test_failures_refusals_and_lost_sockets_are_counted_by_their_codes(house: House) -> None:
    before = Scrape.of_now(house.web.url, process="generator")
    alice = house.join(house.alice)
    house.provider.behave(fault="500")
    assert alice.hear_end(alice.generate("It failed. "))["type"] == "failed"
    assert alice.hear_end(alice.generate("Unknown. ", options={"model": "openai/unknown"}))["type"] == "error"
    alice.socket.close(code=1000)
    failed = {"action": "continue", "code": "provider_unavailable"}

    after = Scrape.of_now(house.web.url, process="generator")

    def added(name: str, **labels: str) -> float:
        return after.total(name, **labels) - before.total(name, **labels)

    assert added("interline_generation_errors_total", **failed) == 1
    assert added("interline_generation_refusals_total", code="invalid") == 1
    assert added("interline_model_requests_total", outcome="provider_unavailable") >= 1
    closed = {"socket": "assistant", "code": "normal"}
    wait_until(
        lambda: (
            Scrape(house.web.url).total("interline_sockets_closed_total", **closed)
            > before.total("interline_sockets_closed_total", **closed)
        ),
        seconds=30,
        what="the closed socket",
    )


def test_no_label_has_text_ids_or_addresses(house: House) -> None:
    alice = house.join(house.alice)
    assert alice.hear_end(alice.generate("Zanzibar marmalade. "))["type"] == "done"
    names = {
        "process",
        "process_name",
        "action",
        "model",
        "outcome",
        "code",
        "kind",
        "socket",
        "le",
        "holder",
        "verdict",
    }
    names |= {"method", "route", "status", "task", "decision"}
    samples = Scrape.of_now(house.web.url, process="generator").samples
    assert any(sample.name == "interline_generations_total" for sample in samples)
    assert {label for sample in samples for label in sample.labels} <= names
    values = {value for sample in samples for value in sample.labels.values()}
    for secret in ("Zanzibar", str(house.document.pk), str(house.alice.pk), house.alice.email):
        assert not any(secret in value for value in values)
