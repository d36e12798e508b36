"""What a tier and an exception allow, read anew for every request."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.quotas.allowances import allowance_of
from apps.quotas.models import DailyUse, Override, Tier
from apps.quotas.people import set_tier
from tests.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_fresh_installation_has_four_tiers_and_free_is_everybodys(tiers: dict[str, Tier]) -> None:
    assert list(tiers) == ["free", "pro", "team", "unlimited"]
    allowance = allowance_of(make_user("Alice").pk)
    assert (allowance.tier, allowance.left) == ("free", 1_000_000)


def test_a_tier_that_was_given_holds_at_once(tiers: dict[str, Tier]) -> None:
    alice = make_user("Alice")
    set_tier([alice], tiers["unlimited"])
    assert (allowance_of(alice.pk).tier, allowance_of(alice.pk).left) == ("unlimited", None)
    set_tier([alice], tiers["pro"])
    assert allowance_of(alice.pk).left == 5_000_000


def test_an_exception_changes_what_it_names_while_it_is_in_force(tiers: dict[str, Tier]) -> None:
    alice, now = make_user("Alice"), timezone.now()
    hour = timedelta(hours=1)
    Override.objects.create(user=alice, reason="talk", starts_at=now, ends_at=now + hour, tokens_per_day=7)
    assert allowance_of(alice.pk, now).left == 7
    assert allowance_of(alice.pk, now).shares[1].limit == 4_000_000  # the tier's
    assert allowance_of(alice.pk, now - hour).left == 1_000_000
    assert allowance_of(alice.pk, now + hour).left == 1_000_000
    Override.objects.create(user=alice, reason="newer", starts_at=now, tier=tiers["unlimited"])
    assert allowance_of(alice.pk, now).left is None


@pytest.mark.parametrize(
    ("now", "window", "left", "resets_at"),
    [
        (datetime(2026, 3, 4, 12, tzinfo=UTC), "day", 50, datetime(2026, 3, 5, tzinfo=UTC)),  # a Wednesday
        (datetime(2026, 3, 5, 0, 0, 1, tzinfo=UTC), "week", 60, datetime(2026, 3, 9, tzinfo=UTC)),
        (datetime(2026, 3, 9, 0, 0, 1, tzinfo=UTC), "day", 100, datetime(2026, 3, 10, tzinfo=UTC)),
        (datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC), "day", 100, datetime(2026, 4, 2, tzinfo=UTC)),
    ],
)
def test_the_scarcest_of_day_week_and_month_counts(now: datetime, window: str, left: int, resets_at: datetime) -> None:
    alice = make_user("Alice")
    Tier.objects.create(
        name="t", label="T", is_default=True, tokens_per_day=100, tokens_per_week=120, tokens_per_month=1_000
    )
    DailyUse.objects.create(user_id=alice.pk, day=datetime(2026, 3, 3, tzinfo=UTC).date(), used=10)
    DailyUse.objects.create(user_id=alice.pk, day=datetime(2026, 3, 4, tzinfo=UTC).date(), used=30, reserved=20)
    scarcest = allowance_of(alice.pk, now).scarcest
    assert scarcest is not None
    assert (scarcest.window, scarcest.left, scarcest.resets_at) == (window, left, resets_at)
