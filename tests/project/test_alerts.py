"""Alerts from real metrics in Redis: told once by mail and webhook, over once all has been well for a while."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import User
from apps.assistant import jobs
from apps.assistant.metrics import ENDED, FIRST_TOKEN, REFUSED
from apps.collaboration.metrics import OLDEST
from apps.core.metrics_report import keep
from apps.core.redis import key, sync_redis
from apps.documents.metrics import RESUMED
from apps.llm.health import Health
from apps.moderation.models import Case
from apps.quotas.metrics import EXHAUSTED
from project.alerts.evaluation import evaluate
from project.alerts.rules import KINDS, RULES
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


class Watch:
    """The evaluator at a clock of its own. Everything runs, and nothing else is counted."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.now = 1_800_000_000.0
        self.look(0)

    def look(self, seconds: float = 30) -> None:
        """Let `seconds` pass, have this process report, and look at the metrics."""
        self.now += seconds
        for kind in KINDS:
            sync_redis().set(key("heartbeat", kind, "one"), 1)
        keep("web", "one")
        evaluate(self.now)

    def hooks(self) -> list[tuple[str, str]]:
        """Return what the webhook heard: status and alert."""
        sent = [json.loads(one.body)["alerts"][0] for one in self.receiver.received]
        return [(alert["status"], alert["labels"]["alertname"]) for alert in sent]

    def mails(self) -> list[str]:
        return [str(message.subject) for message in mail.outbox]


@pytest.fixture
def watch(settings: Settings) -> Iterator[Watch]:
    settings.EMAIL_URL = "smtp://mail.example.org"
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    settings.ALERT_WEBHOOK_TOKEN = "let me in"
    User.objects.create(email="root@example.org", name="Root", is_superuser=True)
    User.objects.create(email="left@example.org", name="Left", is_superuser=True, is_active=False)
    with receiving() as receiver:
        settings.ALERT_WEBHOOK_URL = receiver.url + "/alerts"
        yield Watch(receiver)


def storm() -> None:
    RESUMED.labels("sync").inc(100)


def test_a_storm_is_told_once_and_so_is_its_end(watch: Watch, settings: Settings) -> None:
    for _ in range(10):
        storm()
        watch.look()
    assert watch.hooks() == [("firing", "ReconnectStorm")]
    assert watch.mails() == ["[Interline] Critical: ReconnectStorm"]
    assert mail.outbox[0].to == ["root@example.org"]
    (sent,) = watch.receiver.received
    assert (sent.path, sent.headers["Authorization"]) == ("/alerts", "Bearer let me in")
    told = json.loads(sent.body)
    assert (told["version"], told["status"], told["alerts"][0]["endsAt"]) == ("4", "firing", "0001-01-01T00:00:00Z")
    assert "sockets a minute" in told["alerts"][0]["annotations"]["description"]

    for _ in range(40):
        watch.look()
    assert watch.hooks() == [("firing", "ReconnectStorm"), ("resolved", "ReconnectStorm")]
    assert watch.mails() == ["[Interline] Critical: ReconnectStorm", "[Interline] Over: ReconnectStorm"]
    assert settings.ALERT_CLEAR_SECONDS >= 60


def test_what_hovers_around_the_threshold_does_not_end_and_begin_again(watch: Watch, settings: Settings) -> None:
    settings.ALERT_RECONNECTS_PER_MINUTE = 100
    for _ in range(12):
        RESUMED.labels("sync").inc(60)  # 120 a minute
        watch.look()
    assert watch.hooks() == [("firing", "ReconnectStorm")]
    for _ in range(30):
        RESUMED.labels("sync").inc(45)  # 90 a minute: below, but not clearly
        watch.look()
    assert watch.hooks() == [("firing", "ReconnectStorm")]


def test_a_short_disturbance_is_told_to_nobody(watch: Watch) -> None:
    sync_redis().delete(key("heartbeat", "generator", "one"))
    keep("web", "one")
    evaluate(watch.now + 30)
    watch.look(60)
    watch.look()
    assert watch.hooks() == []


def test_one_that_goes_on_is_told_again_after_hours(watch: Watch, settings: Settings) -> None:
    settings.ALERT_REPEAT_SECONDS = 3_600
    OLDEST.set(60)
    for _ in range(5):
        watch.look(1_000)
    OLDEST.set(0)
    assert watch.hooks() == [("firing", "JournalStands")] * 2


def test_a_webhook_that_is_away_is_told_later_and_mail_is_not_sent_twice(watch: Watch) -> None:
    watch.receiver.statuses = [503, 500]
    OLDEST.set(60)
    for _ in range(4):
        watch.look()
    OLDEST.set(0)
    assert len(watch.receiver.received) == 3
    assert watch.mails() == ["[Interline] Critical: JournalStands"]


def _answers_are_slow() -> None:
    for _ in range(30):
        FIRST_TOKEN.labels("continue", "openai/test").observe(8)


def _generations_fail() -> None:
    ENDED.labels("continue", "openai/test", "failed").inc(5)
    ENDED.labels("continue", "openai/test", "done").inc(20)


def _tokens_are_used_up() -> None:
    EXHAUSTED.labels("person").inc(10)
    REFUSED.labels("quota_exceeded").inc(10)
    ENDED.labels("continue", "openai/test", "done").inc(20)


def _model_fails() -> None:
    health = Health("openai/test", "provider_unavailable", at=0, seconds=1)
    sync_redis().set(key("llm", "{openai/test}", "health"), json.dumps(asdict(health)))


def _nobody_generates() -> None:
    sync_redis().xadd(jobs.queue_key(), {"generation": "one"}, id="1-0", nomkstream=False)


def _tasks_wait() -> None:
    sync_redis().lpush(key("celery", "celery"), json.dumps({"headers": {"sent_at": 1.0}}))


def _a_case_is_late() -> None:
    Case.objects.get_or_create(
        target_kind="document", target_id="one", defaults={"due_at": timezone.now() - timedelta(hours=3)}
    )


@pytest.mark.parametrize(
    ("happens", "alert"),
    [
        (_answers_are_slow, "FirstTokenSlow"),
        (_generations_fail, "GenerationsFail"),
        (_tokens_are_used_up, "QuotaExhausted"),
        (_model_fails, "ModelOutage"),
        (_nobody_generates, "GenerationQueueOld"),
        (_tasks_wait, "TaskQueueOld"),
        (_a_case_is_late, "ReviewsOverdue"),
    ],
)
def test_each_fires_for_its_own_reason(
    happens: Callable[[], None], alert: str, watch: Watch, settings: Settings
) -> None:
    settings.AI_MODEL = "openai/test"
    if happens is not _nobody_generates:
        happens()
    else:
        sync_redis().delete(jobs.queue_key())
        happens()
    for _ in range(12):
        watch.look()
        if happens in (_answers_are_slow, _generations_fail, _tokens_are_used_up):
            happens()
    assert set(watch.hooks()) == {("firing", alert)}


def test_a_missing_kind_of_process_is_named(watch: Watch) -> None:
    for number in range(1, 5):
        sync_redis().delete(key("heartbeat", "generator", "one"))
        keep("web", "one")
        evaluate(watch.now + 30 * number)
    told: Any = [json.loads(one.body)["commonLabels"] for one in watch.receiver.received]
    assert [(labels["alertname"], labels["subject"]) for labels in told] == [("ProcessMissing", "generator")]


def test_two_workers_do_not_tell_twice(watch: Watch) -> None:
    sync_redis().set(key("alerts", "evaluating"), 1)
    OLDEST.set(60)
    watch.look()
    OLDEST.set(0)
    assert watch.hooks() == []


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
