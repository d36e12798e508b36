"""What is wrong when: each rule looks at the window and says what it found, in words for an operator.

The same rules, by the same names, stand in observability/prometheus/rules.yml.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from project.alerts.window import Window

Severity = Literal["warning", "critical"]

KINDS = ("web", "generator", "worker")  # of which there has to be one


@dataclass(frozen=True)
class Found:
    """`subject`: tells it from others of its rule (a model, a kind of process). `is_over`: clearly well again."""

    subject: str
    is_wrong: bool
    is_over: bool
    words: str


@dataclass(frozen=True)
class Rule:
    """`for_seconds`: how long something has to be wrong before anybody is told."""

    name: str
    severity: Severity
    for_seconds: float
    look: Callable[[Window], Iterator[Found]]


CLEARLY = 0.8  # of a threshold: what hovers around it neither ends nor begins again and again


def above(value: float, threshold: float, words: str, subject: str = "") -> Found:
    return Found(subject, value > threshold, value <= threshold * CLEARLY, words)


def reconnect_storm(window: Window) -> Iterator[Found]:
    per_minute = window.increase("interline_sockets_resumed_total", 300) / 5
    words = (
        f"{per_minute:.0f} sockets a minute come back after they were cut off. A proxy, a network or a process fails."
    )
    yield above(per_minute, settings.ALERT_RECONNECTS_PER_MINUTE, words)


def model_outage(window: Window) -> Iterator[Found]:
    for labels, up in window.values("interline_model_up"):
        model = labels["model"]
        words = f"{model} did not answer when it was last asked. Look at its provider, the key and the quota there."
        yield Found(model, up == 0, up == 1, words)


def first_token_slow(window: Window) -> Iterator[Found]:
    name = "interline_generation_first_token_seconds"
    seen = window.increase(f"{name}_bucket", 600, "+Inf")
    slow = window.quantile(name, 0.95, 600) if seen >= settings.ALERT_EVENTS_MIN else None
    words = f"One answer in twenty takes more than {settings.ALERT_FIRST_TOKEN_SECONDS:g} s to begin."
    yield above(slow or 0.0, settings.ALERT_FIRST_TOKEN_SECONDS, words)


def generations_fail(window: Window) -> Iterator[Found]:
    ended = window.increase("interline_generations_total", 600)
    failed = window.increase("interline_generations_total", 600, "failed")
    share = failed / ended if ended >= settings.ALERT_EVENTS_MIN else 0.0
    words = f"{failed:.0f} of {ended:.0f} generations failed within 10 minutes."
    yield above(share, settings.ALERT_ERROR_SHARE, words)


def generation_queue_old(window: Window) -> Iterator[Found]:
    yield _oldest(
        window, "interline_generation_queue_age_seconds", settings.ALERT_QUEUE_SECONDS, "generation", "generators"
    )


def task_queue_old(window: Window) -> Iterator[Found]:
    yield _oldest(
        window, "interline_task_queue_age_seconds", settings.ALERT_TASK_QUEUE_SECONDS, "background task", "workers"
    )


def _oldest(window: Window, name: str, threshold: float, what: str, who: str) -> Found:
    age = max((value for _, value in window.values(name)), default=0.0)
    return above(
        age, threshold, f"The oldest {what} has waited for {age:.0f} s. There are too few {who}, or they stand."
    )


def journal_stands(window: Window) -> Iterator[Found]:
    age = max((value for _, value in window.values("interline_journal_oldest_seconds")), default=0.0)
    words = (
        f"Edits have waited for {age:.0f} s to be committed. They are safe while the web processes and browsers live."
    )
    yield above(age, settings.ALERT_JOURNAL_SECONDS, words)


def quota_exhausted(window: Window) -> Iterator[Found]:
    refused = window.increase("interline_quota_exhausted_total", 900)
    asked = window.increase("interline_generations_total", 900) + window.increase(
        "interline_generation_refusals_total", 900
    )
    share = refused / asked if asked >= settings.ALERT_EVENTS_MIN else 0.0
    words = f"{refused:.0f} of {asked:.0f} requests were refused within 15 minutes because the tokens are used up."
    yield above(share, settings.ALERT_QUOTA_SHARE, words)


def reviews_overdue(window: Window) -> Iterator[Found]:
    late = max((value for _, value in window.values("interline_review_overdue_seconds")), default=0.0)
    words = (
        f"A case should have been decided {late / 3600:.1f} h ago. Reviewers are missing, or it waits for one of them."
    )
    yield above(late, settings.ALERT_REVIEW_OVERDUE_SECONDS, words)


def process_missing(window: Window) -> Iterator[Found]:
    for labels, running in window.values("interline_processes"):
        if (kind := labels["kind"]) in KINDS:
            yield Found(kind, running == 0, running > 0, f"No {kind} process is running.")


RULES = (
    Rule("ReconnectStorm", "critical", 60, reconnect_storm),
    Rule("ModelOutage", "critical", 60, model_outage),
    Rule("FirstTokenSlow", "warning", 120, first_token_slow),
    Rule("GenerationsFail", "critical", 60, generations_fail),
    Rule("GenerationQueueOld", "critical", 30, generation_queue_old),
    Rule("TaskQueueOld", "warning", 60, task_queue_old),
    Rule("JournalStands", "critical", 0, journal_stands),
    Rule("QuotaExhausted", "warning", 60, quota_exhausted),
    Rule("ReviewsOverdue", "warning", 300, reviews_overdue),
    Rule("ProcessMissing", "critical", 60, process_missing),
)
