"""Laws of the ledger under concurrency: counters equal rows, nobody passes a limit, nothing stays reserved."""

import asyncio
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings
from redis import ConnectionError as RedisConnectionError

from apps.accounts.models import User
from apps.assistant.messages.client import Generate, GenerationInput
from apps.assistant.models import Generation
from apps.assistant.services import start_generation
from apps.core.errors import InterlineError, Invalid, RateLimited
from apps.core.redis import async_redis
from apps.core.servers import InThread, OnLoop, run_now
from apps.quotas.allowances import Allowance, allowance_of
from apps.quotas.checks import find_differences
from apps.quotas.errors import LimitsUnknown, QuotaExceeded
from apps.quotas.models import DailyUse, Entry, Pays, Reservation, TeamDailyUse, TeamPool, Tier
from apps.quotas.payers import payer_for, payers
from apps.quotas.rates import EarlyCount, Window, count_generation, windows_of_asker
from apps.quotas.services import (
    Request,
    Used,
    give_back,
    lock_person,
    old_reservations,
    reserve,
    settle,
    settle_lost,
)
from apps.quotas.tasks import check_ledger
from apps.teams.models import Team, TeamMembership, TeamRole
from tests.cast import make_document, make_user
from tests.quotas.conftest import close_connections, give, give_pool

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 20_000
SMALLER_LIMIT = 8_000
THREADS = 6
STEPS = 60  # of each thread


class Died(Exception):
    """The process ended in the middle."""


class FailsLater(OnLoop):
    """Redis answers twice and is then away."""

    def __init__(self) -> None:
        super().__init__(cast(Any, None))
        self.asked = 0

    async def script(self, text: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        self.asked += 1
        if self.asked > 2:
            raise RedisConnectionError
        return await super().script(text, keys, arguments)


def request_of(user: User, prompt: int, answer: int, percent: int = 100) -> Request:
    return Request(uuid4(), user.pk, uuid4(), "continue", "openai/test", prompt, answer, percent)


def count(generation_id: UUID, user: User, allowance: Allowance) -> None:
    run_now(count_generation(InThread(), generation_id, windows_of_asker(user.pk, None, allowance)))


def start(request: Request, *, team_id: UUID | None = None, dies: bool = False, smaller: bool = False) -> None:
    with transaction.atomic():
        lock_person(request.user_id)
        who = payers(InThread(), request.user_id, team_id)
        candidates = (one.on_smaller_models() async for one in who) if smaller else who
        reserve(request, run_now(payer_for(request.tokens, candidates)))
        if dies:
            raise Died


def used(request: Request, prompt: int, completion: int, outcome: str = "done") -> Used:
    return Used(
        request.generation_id, request.user_id, request.document_id, "continue", "m", prompt, completion, outcome
    )


def in_threads(work: Callable[[int], object], count: int) -> list[object]:
    def run(number: int) -> object:
        try:
            return work(number)
        finally:
            close_connections()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(count)))


def assert_lawful(limits: dict[UUID, int]) -> None:
    """One statement each: others go on meanwhile."""
    assert find_differences() == []
    for row in DailyUse.objects.all():
        assert 0 <= row.used + row.reserved <= limits[row.user_id]
        assert 0 <= row.smaller_used + row.smaller_reserved <= SMALLER_LIMIT
    for pool in TeamDailyUse.objects.all():
        assert 0 <= pool.used + pool.reserved <= limits[pool.team_id]
        assert 0 <= pool.smaller_used + pool.smaller_reserved <= SMALLER_LIMIT


class History:
    """Several processes at once that start, end, die and correct, at random."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.people = [make_user(name) for name in ("Alice", "Bob", "Carol")]
        for person in self.people:
            give(person, tokens_per_day=LIMIT, tokens_per_week=2 * LIMIT, smaller_tokens_per_day=SMALLER_LIMIT)
        self.team = Team.objects.create(name="Night desk")
        for person in self.people[:2]:
            TeamMembership.objects.create(team=self.team, user=person, role=TeamRole.MEMBER)
        limits = {"tokens_per_month": 2 * LIMIT, "smaller_tokens_per_day": SMALLER_LIMIT}
        give_pool(self.team, Pays.PERSONAL_FIRST, tokens_per_day=LIMIT, **limits)
        self.limits = {holder.pk: LIMIT for holder in (*self.people, self.team)}
        self.running: list[Request] = []
        self.done: Counter[str] = Counter()
        self._guard = threading.Lock()

    def live(self, number: int) -> None:
        """One process's life."""
        choice = random.Random(self.seed * 1_000 + number)
        acts: dict[str, Callable[[random.Random, str], None]] = {
            "start": self._start,
            "died": self._start,
            "back": self._give_back,
            "look": self._look,
            "rule": self._change_rule,
        }
        for _ in range(STEPS):
            what = choice.choice(
                ["start", "start", "start", "end", "end", "twice", "died", "lost", "back", "look", "rule"]
            )
            try:
                acts.get(what, self._end)(choice, what)
            except (QuotaExceeded, Invalid):
                what = "refused"
            except Died:
                what = "died"
            self.done[what] += 1

    def _start(self, choice: random.Random, what: str) -> None:
        percent = choice.choice([100, 100, 30, 0])
        request = request_of(choice.choice(self.people), choice.randrange(800), choice.randrange(1, 1_500), percent)
        team_id = choice.choice([None, self.team.pk])
        start(request, team_id=team_id, dies=what == "died", smaller=choice.random() < 0.3)
        with self._guard:
            self.running.append(request)

    def _give_back(self, choice: random.Random, _: str) -> None:
        holders: list[User | Team] = [*self.people, self.team]
        give_back(choice.choice(holders), choice.randrange(1, 3_000), note="sorry", by=None)

    def _change_rule(self, choice: random.Random, _: str) -> None:
        TeamPool.objects.filter(pk=self.team.pk).update(pays=choice.choice(list(Pays)))

    def _look(self, *_: object) -> None:
        assert_lawful(self.limits)

    def _end(self, choice: random.Random, what: str) -> None:
        with self._guard:
            if not self.running:
                return
            request = self.running.pop(choice.randrange(len(self.running)))
        if what == "lost":
            settle_lost([request.generation_id])
            return
        prompt = choice.choice([0, request.prompt_tokens, 3 * request.prompt_tokens + 10])
        completion = choice.choice([0, request.answer_tokens // 2, request.answer_tokens, 2 * request.answer_tokens])
        final = used(request, prompt, completion, choice.choice(["done", "failed", "cancelled"]))
        assert settle(final)
        if what == "twice":
            assert not settle(final)


def test_any_interleaving_of_starts_ends_crashes_and_corrections_is_lawful() -> None:
    seed = int(os.environ.get("QUOTA_SEED") or random.randrange(2**32))
    print("seed", seed)
    history = History(seed)
    in_threads(history.live, THREADS)
    assert_lawful(history.limits)
    for request in history.running:
        settle(used(request, request.prompt_tokens, 0, "cancelled"))
    assert_lawful(history.limits)
    assert not Reservation.objects.exists()
    for counters in (DailyUse, TeamDailyUse):
        assert not counters.objects.exclude(reserved=0, smaller_reserved=0).exists()
    assert Entry.objects.exclude(team=None).exists()
    assert Entry.objects.filter(is_smaller=True, tokens__gt=0).exists()
    assert history.done["start"] > 20, history.done
    assert history.done["refused"] > 0, history.done
    assert check_ledger() == 0


def outcomes_of(ask: Callable[[], object], count: int) -> Counter[str]:
    def outcome(_: int) -> str:
        try:
            ask()
        except InterlineError as error:
            return error.code
        return "passed"

    return Counter(str(one) for one in in_threads(outcome, count))


def test_of_a_thousand_starts_at_once_exactly_a_hundred_pass() -> None:
    alice = make_user("Alice")
    give(alice, tokens_per_day=100 * 75 + 74)
    outcomes = outcomes_of(lambda: start(request_of(alice, 25, 50)), 1_000)
    assert outcomes == {"passed": 100, "quota_exceeded": 900}
    assert Reservation.objects.count() == 100
    assert find_differences() == []


def test_generations_started_at_once_do_not_pass_a_quota_either(settings: Settings) -> None:
    settings.ASSISTANT_GENERATIONS_PER_MINUTE = settings.ASSISTANT_CONCURRENT_GENERATIONS = 1_000
    alice = make_user("Alice")
    document = make_document(alice)

    def ask() -> None:
        request = GenerationInput(text_before="Once. ")
        start_generation(alice, document.pk, Generate(id=uuid4(), action="continue", input=request))

    ask()
    give(alice, tokens_per_day=11 * Reservation.objects.get().tokens)
    assert outcomes_of(ask, 40) == {"passed": 10, "quota_exceeded": 30}
    assert Generation.objects.count() == Reservation.objects.count() == 11
    assert find_differences() == []


def test_of_a_thousand_requests_in_a_minute_exactly_a_hundred_pass(settings: Settings) -> None:
    settings.ASSISTANT_GENERATIONS_PER_MINUTE = 1_000
    alice = make_user("Alice")
    give(alice, requests_per_minute=100)
    allowance = allowance_of(alice.pk)
    waits: list[float] = []

    def ask(_: int) -> str:
        try:
            count(uuid4(), alice, allowance)
        except RateLimited as error:
            waits.append(error.retry_after or 0)
            return "refused"
        return "passed"

    assert Counter(in_threads(ask, 1_000)) == {"passed": 100, "refused": 900}
    assert all(0 < wait <= 60 for wait in waits)


def test_a_count_that_begins_early_is_as_exact() -> None:
    alice = make_user("Alice")
    servers, at_once = OnLoop(cast(Any, None)), asyncio.Semaphore(32)  # counting is Redis' alone

    async def ask(*windows: Window) -> str:
        async with at_once, EarlyCount(servers, alice.pk, uuid4(), windows[1:]) as early:
            early.begin()
            try:
                await early.count(windows)
            except RateLimited:
                return "refused"
        return "passed"

    async def all_of_them() -> None:
        person, address = Window(f"{alice.pk}:person", 100), Window(f"{alice.pk}:address", 1_000)
        outcomes = Counter(await asyncio.gather(*(ask(person, address) for _ in range(1_000))))
        assert outcomes == {"passed": 100, "refused": 900}
        # Another tier from one request to the next: what was counted by guess does not stay.
        assert await ask(Window(person.key, 101), address) == "passed"
        assert await ask(Window(person.key, 101), address) == "refused"
        assert await ask(Window(f"{alice.pk}:other", 1)) == "passed"
        assert await ask(Window(f"{alice.pk}:another", 1)) == "passed"
        assert await async_redis().zcard(f"{alice.pk}:other") == 1
        assert await async_redis().zcard(address.key) == 101

    asyncio.run(all_of_them())


def test_where_redis_fails_before_a_count_is_taken_back_the_limits_are_unknown() -> None:
    alice = make_user("Alice")
    servers = FailsLater()

    async def ask() -> None:
        for windows in ([Window(f"{alice.pk}:person", 1)], [Window(f"{alice.pk}:other", 1)]):
            async with EarlyCount(servers, alice.pk, uuid4(), ()) as early:
                early.begin()
                await early.count(windows)

    with pytest.raises(LimitsUnknown) as refused:
        asyncio.run(ask())
    assert refused.value.retry_after
    assert servers.asked == 3  # the first request's count, the second's early one, and what was to take it back


def test_the_same_request_sent_again_counts_once() -> None:
    alice = make_user("Alice")
    give(alice, requests_per_minute=1)
    generation = uuid4()
    for _ in range(3):
        count(generation, alice, allowance_of(alice.pk))
    with pytest.raises(RateLimited):
        count(uuid4(), alice, allowance_of(alice.pk))


def test_more_than_was_reserved_is_charged_while_something_is_left() -> None:
    alice = make_user("Alice")
    give(alice, tokens_per_day=1_000)
    request = request_of(alice, 300, 500)
    start(request)
    settle(used(request, 900, 400))
    entry = Entry.objects.get()
    assert (entry.tokens, entry.uncharged, entry.reserved) == (1_000, 300, 800)
    assert DailyUse.objects.get().used == 1_000


def test_smaller_models_have_tokens_of_their_own() -> None:
    alice = make_user("Alice")
    give(alice, tokens_per_day=100, smaller_tokens_per_day=1_000)
    usual, cheap = request_of(alice, 40, 60), request_of(alice, 400, 600, percent=50)
    start(usual)
    with pytest.raises(QuotaExceeded):
        start(request_of(alice, 1, 0))
    start(cheap, smaller=True)
    assert (allowance_of(alice.pk).left, allowance_of(alice.pk).smaller.left) == (0, 500)
    settle(used(cheap, 400, 2_000))  # half of it counts, as far as there is something
    settle(used(usual, 30, 20))
    entry = Entry.objects.get(is_smaller=True)
    assert (entry.tokens, entry.uncharged, entry.prompt_tokens, entry.completion_tokens) == (1_000, 200, 400, 2_000)
    assert (allowance_of(alice.pk).left, allowance_of(alice.pk).smaller.left) == (50, 0)
    with pytest.raises(QuotaExceeded, match="on smaller models for today are used up"):
        start(request_of(alice, 1, 0), smaller=True)
    assert find_differences() == []


def test_what_counts_for_nothing_is_in_the_ledger_all_the_same() -> None:
    alice = make_user("Alice")
    give(alice, tokens_per_day=10)
    request = request_of(alice, 400, 600, percent=0)
    start(request, smaller=True)
    settle(used(request, 400, 100))
    entry = Entry.objects.get()
    assert (entry.tokens, entry.uncharged, entry.prompt_tokens, entry.completion_tokens) == (0, 0, 400, 100)
    assert find_differences() == []


def test_the_ledger_cannot_be_changed() -> None:
    alice = make_user("Alice")
    settle(used(request_of(alice, 1, 1), 1, 1))
    for change in (lambda: Entry.objects.update(tokens=0), lambda: Entry.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    alice.delete()  # an account goes, what it used stays
    assert Entry.objects.get().tokens == 2


def test_the_nightly_check_finds_a_counter_that_was_tampered_with(caplog: pytest.LogCaptureFixture) -> None:
    alice = make_user("Alice")
    settle(used(request_of(alice, 1, 1), 5, 5))
    assert check_ledger() == 0
    DailyUse.objects.update(used=9)
    assert check_ledger() == 1
    assert "quota.counter_differs" in caplog.text


def test_tokens_are_given_back_latest_day_first_and_never_more_than_were_used() -> None:
    alice, root = make_user("Alice"), make_user("Root")
    settle(used(request_of(alice, 1, 1), 400, 100))
    with pytest.raises(Invalid, match="Between 1 and 500"):
        give_back(alice, 501, note="too much", by=root)
    (entry,) = give_back(alice, 200, note="a bad answer", by=root)
    assert (entry.tokens, entry.made_by, entry.note) == (-200, root, "a bad answer")
    assert DailyUse.objects.get().used == 300
    assert find_differences() == []


def test_what_is_reserved_for_a_generation_that_is_gone_is_found() -> None:
    alice = make_user("Alice")
    request = request_of(alice, 30, 70)
    start(request)
    assert old_reservations(60) == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotas_reservation SET created_at = now() - interval '2 minutes'")
    assert old_reservations(60) == [request.generation_id]
    assert settle_lost(old_reservations(60)) == 1
    assert (Entry.objects.get().tokens, Entry.objects.get().outcome) == (30, "lost")
    assert Tier.objects.count() == 0  # without tiers there are no limits, and the ledger is kept all the same
