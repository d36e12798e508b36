"""Events and generations become figures: once, however often and in whatever order they are rolled up."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from apps.analytics.events import Kind, Noted, Recorder, write
from apps.analytics.histogram import PER_DOUBLING, merge, quantile
from apps.analytics.live import note_live
from apps.analytics.models import Event, EventFigures, GenerationFigures, RolledHour
from apps.analytics.rollups import due_hours, roll_up
from apps.assistant.models import State
from apps.documents.models import Document
from tests.analytics.rows import decided, ended, someone

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def hours_ago(hours: int) -> datetime:
    """Return half past that hour, so that a test that runs over the hour's end sees what it made."""
    now = timezone.now().astimezone(UTC)
    return now.replace(minute=30, second=0, microsecond=0) - hours * HOUR


def figures() -> list[dict[str, object]]:
    left_out = ("id",)
    rows = GenerationFigures.objects.order_by("span", "starts_at", "action", "model", "tier", "arm").values()
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


def test_an_hour_counts_what_ended_and_what_was_decided_in_it(settings: Settings) -> None:
    settings.AI_MODEL_PRICES = {"openai/test": [10.0, 20.0]}
    user, document = someone(), Document.objects.create()
    at = hours_ago(5)
    taken = ended(user, document, at)
    ended(user, document, at)
    ended(user, document, at, state=State.FAILED, error_code="stalled", first_token_at=None)
    attempts = [
        {"model": "openai/test", "outcome": "stalled", "prompt_tokens": 100, "completion_tokens": 0},
        {"model": "openai/other", "outcome": "done", "prompt_tokens": 100, "completion_tokens": 35},
    ]
    ended(user, document, at, model="openai/other", attempts=attempts, action="chat", prompt_version="chat-1")
    decided(taken, "rejected", at)
    decided(taken, "accepted", at)  # they changed their mind
    roll_up()

    hour = GenerationFigures.objects.get(span="hour", model="openai/test")
    assert (hour.done, hour.failed, hour.proposed, hour.undecided) == (2, 1, 2, 1)
    assert (hour.accepted, hour.rejected, hour.tier) == (1, 0, "free")
    assert hour.cost == pytest.approx(3 * (100 * 10 + 35 * 20) / 1e6)
    first, whole, speed = (merge([one]) for one in (hour.first_token, hour.whole, hour.speed))
    assert quantile(first, 0.5) == pytest.approx(250, rel=0.045)
    assert quantile(whole, 0.95) == pytest.approx(2_000, rel=0.045)
    assert quantile(speed, 0.5) == pytest.approx(20 * 10, rel=0.045)
    chat = GenerationFigures.objects.get(span="hour", action="chat")
    assert (chat.done, chat.fallbacks, chat.proposed) == (1, 1, 0)
    assert EventFigures.objects.get(span="hour", kind="error").code == "stalled"
    assert EventFigures.objects.get(span="hour", kind="document").amount == 1


def test_rolling_up_again_changes_nothing_and_days_are_the_sums_of_their_hours() -> None:
    user, document = someone(), Document.objects.create()
    for hours in range(30):
        generation = ended(user, document, hours_ago(hours + 1))
        decided(generation, "accepted" if hours % 2 else "edited", hours_ago(hours + 1))
    roll_up()
    first = figures()
    RolledHour.objects.update(is_stale=True)
    roll_up()
    assert figures() == first
    by_span = {
        span: GenerationFigures.objects.filter(span=span).aggregate(Sum("done"), Sum("accepted"), Sum("edited"))
        for span in ("hour", "day")
    }
    assert by_span["hour"] == by_span["day"] == {"done__sum": 30, "accepted__sum": 15, "edited__sum": 15}
    days = GenerationFigures.objects.filter(span="day").values_list("first_token", flat=True)
    assert sum(merge(days).values()) == 30


def test_a_run_that_stops_early_is_gone_on_with(settings: Settings) -> None:
    user, document = someone(), Document.objects.create()
    for hours in range(6):
        ended(user, document, hours_ago(hours + 1))
    settings.ANALYTICS_HOURS_PER_RUN = 4
    assert roll_up() == 4
    while roll_up() > 1:  # the hour that lasts is always due
        pass
    assert GenerationFigures.objects.filter(span="hour").aggregate(Sum("done")) == {"done__sum": 6}


def test_late_events_and_late_decisions_are_counted() -> None:
    user, document, now = someone(), Document.objects.create(), timezone.now()
    generation = ended(user, document, hours_ago(40))
    roll_up()
    assert GenerationFigures.objects.get(span="hour").undecided == 1
    write([Noted(hours_ago(40).timestamp(), Kind.SOCKET_CLOSED.value, "sync", "lost", 1, 12.5)])
    decided(generation, "accepted", hours_ago(39))
    assert hours_ago(40).replace(minute=0) in due_hours(now)
    roll_up()
    closed = EventFigures.objects.get(span="hour", kind="socket_closed")
    assert (closed.code, closed.events, closed.seconds) == ("lost", 1, 12.5)
    assert GenerationFigures.objects.get(span="hour", done=1).undecided == 0


def test_an_hour_is_due_while_it_lasts_when_it_ends_and_when_its_decisions_are_in() -> None:
    ended(someone(), Document.objects.create(), hours_ago(50))
    hour = hours_ago(50).replace(minute=0)

    def is_due(*, rolled: timedelta, now: timedelta) -> bool:
        RolledHour.objects.update_or_create(hour=hour, defaults={"rolled_at": hour + rolled})
        return hour in due_hours(hour + now)

    minutes = timedelta(minutes=1)
    assert is_due(rolled=10 * minutes, now=15 * minutes)
    assert is_due(rolled=59 * minutes, now=61 * minutes)
    assert not is_due(rolled=61 * minutes, now=90 * minutes)
    assert is_due(rolled=61 * minutes, now=121 * minutes)
    assert not is_due(rolled=121 * minutes, now=24 * HOUR)
    assert is_due(rolled=121 * minutes, now=25 * HOUR)
    assert not is_due(rolled=25 * HOUR, now=49 * HOUR)


def test_quantiles_of_merged_histograms_are_within_the_error_that_is_said() -> None:
    chance = random.Random(7)
    values = sorted(chance.lognormvariate(6, 1) + 1 for _ in range(20_000))
    halves = [values[::2], values[1::2]]

    def counted(half: list[float]) -> Counter[str]:
        return Counter(str(next(b for b in range(400) if value < 2 ** ((b + 1) / PER_DOUBLING))) for value in half)

    merged = merge([counted(half) for half in halves])
    for share in (0.5, 0.95, 0.99):
        assert quantile(merged, share) == pytest.approx(values[int(share * len(values)) - 1], rel=0.045)
    assert quantile({}, 0.5) is None


def test_what_does_not_fit_is_dropped_and_counted(settings: Settings) -> None:
    settings.ANALYTICS_EVENTS_MAX, settings.ANALYTICS_FLUSH_SECONDS = 3, 3_600
    recorder = Recorder()
    for _ in range(5):
        recorder.note(Noted(timezone.now().timestamp(), Kind.SOCKET_OPENED.value, "sync"))
    assert recorder.flush() == 4
    assert Event.objects.filter(kind="socket_opened").count() == 3
    assert Event.objects.get(kind="dropped").amount == 2
    assert recorder.flush() == 0


def test_what_is_live_is_counted_with_its_peak() -> None:
    ended(someone(), Document.objects.create(), timezone.now(), state=State.RUNNING, ended_at=None)
    note_live({"sync": 12, "assistant": 7, "other": 1})
    note_live({"sync": 30, "assistant": 7, "other": 1})
    roll_up()
    live = {row.subject: (row.peak, row.events) for row in EventFigures.objects.filter(span="hour", kind="live")}
    assert live == {"sync": (30, 2), "assistant": (7, 2), "streams": (1, 2)}
