"""The circuit breaker, with the Redis all generators share."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from apps.core.redis import async_redis
from apps.llm import breaker as circuits
from apps.llm.breaker import Breaker, _circuit_key

MODEL = "openai/test"
REST_SECONDS = 60  # longer than any test takes: a rest ends by `rested` only


@pytest.fixture
def short(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AI_BREAKER_FAILURES = 3
    settings.AI_BREAKER_SECONDS = REST_SECONDS
    settings.AI_BREAKER_MAX_SECONDS = 1500
    monkeypatch.setattr(circuits, "COPY_SECONDS", 0.02)


async def seen(breaker: Breaker) -> float:
    """Return what a breaker of another process says, once its copy is renewed."""
    await looked(breaker)
    breaker._looked_at = 0.0
    await breaker.admit(MODEL)
    await looked(breaker)
    return await breaker.admit(MODEL)


async def looked(breaker: Breaker) -> None:
    """Wait until a copy that is being renewed is."""
    if breaker._looking is not None:
        await breaker._looking


async def rested(*breakers: Breaker) -> None:
    """Let a rest go by, for these processes and Redis: its end is moved to where a later clock would find it."""
    for breaker in breakers:
        await looked(breaker)
    await async_redis().hincrby(_circuit_key(MODEL), "until", -1000 * REST_SECONDS)
    rested_alone(*breakers)


def rested_alone(*breakers: Breaker) -> None:
    """Let a rest go by for processes that know of no Redis."""
    for breaker in breakers:
        known = breaker._circuits[MODEL]
        breaker._circuits[MODEL] = replace(known, until=known.until - REST_SECONDS)


async def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        await breaker.failed(MODEL)


@pytest.mark.usefixtures("short")
async def test_a_model_that_fails_in_a_row_rests_in_every_process() -> None:
    mine, others = Breaker(), Breaker()
    await fail(mine, 2)
    assert await seen(mine) == await seen(others) == 0
    await fail(others, 1)
    assert 0 < await seen(mine) <= REST_SECONDS
    assert 0 < await others.admit(MODEL) <= REST_SECONDS


@pytest.mark.usefixtures("short")
async def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(4):
        await fail(breaker, 2)
        await breaker.succeeded(MODEL)
    assert await breaker.admit(MODEL) == 0


@pytest.mark.usefixtures("short")
async def test_after_its_rest_one_of_all_tries_it_and_a_success_closes_the_circuit() -> None:
    mine, others = Breaker(), Breaker()
    await fail(mine, 3)
    assert await seen(others) > 0
    await rested(mine, others)
    admitted = [await breaker.admit(MODEL) == 0 for breaker in (mine, others, mine, others)]
    assert admitted.count(True) == 1
    trying, waiting = (mine, others) if admitted[0] else (others, mine)
    await trying.succeeded(MODEL)
    assert await trying.admit(MODEL) == 0
    assert await seen(waiting) == 0


@pytest.mark.usefixtures("short")
async def test_a_failed_trial_makes_the_rest_longer() -> None:
    breaker = Breaker()
    await fail(breaker, 3)
    await rested(breaker)
    assert await breaker.admit(MODEL) == 0
    await fail(breaker, 1)
    assert REST_SECONDS < await breaker.admit(MODEL) <= 2 * REST_SECONDS


@pytest.mark.usefixtures("short")
async def test_failures_of_requests_already_under_way_do_not() -> None:
    breaker = Breaker()
    await fail(breaker, 20)
    assert await breaker.admit(MODEL) <= REST_SECONDS


@pytest.mark.usefixtures("short")
async def test_a_trial_that_was_stopped_leaves_the_next_one_free() -> None:
    breaker = Breaker()
    await fail(breaker, 3)
    await rested(breaker)
    assert await breaker.admit(MODEL) == 0
    assert await breaker.admit(MODEL) > 0
    await breaker.given_up(MODEL)
    assert await breaker.admit(MODEL) == 0


@pytest.mark.usefixtures("short")
async def test_a_provider_says_how_long_to_leave_it_alone() -> None:
    mine, others = Breaker(), Breaker()
    await mine.failed(MODEL, rest=7)
    assert 6 < await mine.admit(MODEL) <= 7
    assert 6 < await seen(others) <= 7


@pytest.mark.usefixtures("short")
async def test_without_redis_every_process_counts_for_itself(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    mine, others = Breaker(), Breaker()
    await fail(mine, 3)
    assert 0 < await mine.admit(MODEL) <= REST_SECONDS
    assert await seen(others) == 0
    await looked(mine)
    rested_alone(mine)
    assert await mine.admit(MODEL) == 0
    await mine.succeeded(MODEL)
    assert await mine.admit(MODEL) == 0
    await async_redis().aclose()
