"""The shipped tiers, and an installation with Alice, Bob and the test provider."""

from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from django.apps import apps
from django.db import close_old_connections, connections

from apps.accounts.models import User
from apps.assistant.models import Generation
from apps.llm.models import Route
from apps.llm.routing import tell_changed
from apps.quotas.checks import find_differences
from apps.quotas.models import Assignment, Entry, Pays, Reservation, TeamPool, Tier
from apps.teams.models import Team
from tests.assistant.conftest import House
from tests.assistant.conftest import house as house
from tests.assistant.conftest import own_house as own_house
from tests.assistant.conftest import shared as shared
from tests.cast import alice as alice
from tests.cast import bob as bob


@pytest.fixture
def tiers(transactional_db: None) -> dict[str, Tier]:
    """The tiers as a fresh installation has them: other tests empty the tables."""
    import_module("apps.quotas.migrations.0002_first_tiers").make_tiers(apps, None)
    return {tier.name: tier for tier in Tier.objects.all()}


@pytest.fixture
def route_to(house: House) -> Iterator[Callable[..., None]]:
    """Have a model answer what a route with these fields is for, until the test's end."""

    def route(model: str, **fields: object) -> None:
        Route.objects.create(**fields).models.create(model=model)
        tell_changed()

    yield route
    Route.objects.all().delete()
    tell_changed()


def give(user: User, **limits: object) -> Tier:
    """Give `user` a tier of their own with these limits."""
    tier = Tier.objects.create(name=f"own-{Tier.objects.count()}", label="Own", **limits)
    Assignment.objects.update_or_create(user=user, defaults={"tier": tier})
    return tier


def give_pool(team: Team, pays: Pays, **limits: object) -> TeamPool:
    """Give `team` a pool with these limits."""
    tier = Tier.objects.create(name=f"pool-{Tier.objects.count()}", label="Pool", **limits)
    return TeamPool.objects.update_or_create(team=team, defaults={"tier": tier, "pays": pays})[0]


def assert_settled() -> None:
    """Every generation that has ended was charged what all its attempts used, and has nothing set aside any more."""
    ended = Generation.objects.exclude(ending=None)
    for generation in ended:
        entry = Entry.objects.get(generation_id=generation.pk)
        used = sum(attempt["prompt_tokens"] + attempt["completion_tokens"] for attempt in generation.attempts)
        assert (entry.outcome, entry.tokens + entry.uncharged) == (generation.state, used)
    assert not Reservation.objects.filter(generation_id__in=ended.values("pk")).exists()
    assert find_differences() == []


def close_connections() -> None:
    close_old_connections()
    connections.close_all()
