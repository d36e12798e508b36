"""The shipped tiers, and an installation with Alice, Bob and the test provider."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import close_old_connections, connections

from apps.accounts.models import User
from apps.quotas.models import Assignment, Pays, TeamPool, Tier
from apps.teams.models import Team
from tests.assistant.conftest import house as house
from tests.assistant.conftest import own_house as own_house
from tests.assistant.conftest import shared as shared


@pytest.fixture
def tiers(transactional_db: None) -> dict[str, Tier]:
    """The tiers as a fresh installation has them: other tests empty the tables."""
    import_module("apps.quotas.migrations.0002_first_tiers").make_tiers(apps, None)
    return {tier.name: tier for tier in Tier.objects.all()}


def give(user: User, **limits: object) -> Tier:
    """Give `user` a tier of their own with these limits."""
    tier = Tier.objects.create(name=f"own-{Tier.objects.count()}", label="Own", **limits)
    Assignment.objects.update_or_create(user=user, defaults={"tier": tier})
    return tier


def give_pool(team: Team, pays: Pays, **limits: object) -> TeamPool:
    """Give `team` a pool with these limits."""
    tier = Tier.objects.create(name=f"pool-{Tier.objects.count()}", label="Pool", **limits)
    return TeamPool.objects.update_or_create(team=team, defaults={"tier": tier, "pays": pays})[0]


def close_connections() -> None:
    close_old_connections()
    connections.close_all()
