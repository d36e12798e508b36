"""From what is wrong to who is told: once when it begins, once when it is over, and now and then in between."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace

from django.conf import settings

from apps.core.redis import key, sync_redis
from project.alerts.rules import RULES, Found, Rule
from project.alerts.telling import CHANNELS, Alert, Undelivered
from project.alerts.window import Window, look

logger = logging.getLogger(__name__)

LOCK_SECONDS = 60
FORGET_SECONDS = 86_400  # a state nobody has looked at for a day


@dataclass(frozen=True)
class State:
    """How one alert stands. Times in seconds since the epoch; 0: never. `told`: when each channel was, and of what."""

    wrong_since: float = 0.0
    wrong_last: float = 0.0
    firing_since: float = 0.0
    ended_at: float = 0.0
    words: str = ""
    told: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return "firing" if self.firing_since and not self.ended_at else "resolved"


def evaluate(now: float | None = None) -> None:
    """Look at the metrics and tell what has changed. Raises redis.RedisError."""
    now = time.time() if now is None else now
    lock = key("alerts", "evaluating")
    if not sync_redis().set(lock, "1", nx=True, ex=LOCK_SECONDS):
        return  # another worker is at it
    try:
        window = look(now)
        states = _read_states()
        seen = {name: (rule, found) for rule in RULES for name, found in _looked(rule, window)}
        for name, (rule, found) in seen.items():
            states[name] = _tell(rule, found.subject, _next(rule, found, states.get(name, State()), now), now)
        for name in states.keys() - seen.keys():  # a model that is no longer in the settings, for example
            rule_name, _, subject = name.partition(" ")
            known = next((one for one in RULES if one.name == rule_name), None)
            if known is None:
                del states[name]
                continue
            gone = Found(subject, is_wrong=False, is_over=True, words=states[name].words)
            states[name] = _tell(known, subject, _next(known, gone, states[name], now), now)
        _keep(states, now)
    finally:
        sync_redis().delete(lock)


def _looked(rule: Rule, window: Window) -> Iterator[tuple[str, Found]]:
    for found in rule.look(window):
        yield f"{rule.name} {found.subject}".strip(), found


def _next(rule: Rule, found: Found, state: State, now: float) -> State:
    """Return how an alert stands after this look."""
    if found.is_wrong:
        state = replace(state, wrong_since=state.wrong_since or now, wrong_last=now, words=found.words)
        if state.status != "firing" and now - state.wrong_since >= rule.for_seconds:
            logger.warning("alert.firing", extra={"alert": rule.name, "subject": found.subject, "words": found.words})
            state = replace(state, firing_since=now, ended_at=0.0, told={})
        return state
    if state.status != "firing":
        return replace(state, wrong_since=0.0)
    if not found.is_over:  # around the threshold: neither wrong nor well
        return replace(state, wrong_last=now)
    if now - state.wrong_last < settings.ALERT_CLEAR_SECONDS:
        return state
    logger.warning("alert.resolved", extra={"alert": rule.name, "subject": found.subject})
    return replace(state, wrong_since=0.0, ended_at=now)


def _tell(rule: Rule, subject: str, state: State, now: float) -> State:
    """Tell each channel what it does not know yet. One that fails is tried again at the next look."""
    if not state.firing_since:
        return state
    alert = Alert(rule.name, rule.severity, subject, state.status, state.words, state.firing_since, state.ended_at)
    told = dict(state.told)
    for name, channel in CHANNELS.items():
        if not _is_due(told.get(name), state.status, now):
            continue
        try:
            channel(alert)
        except Undelivered as failure:
            logger.warning("alert.not_told", extra={"alert": rule.name, "channel": name, "why": str(failure)})
        else:
            told[name] = (state.status, now)
    return replace(state, told=told)


def _is_due(told: tuple[str, float] | None, status: str, now: float) -> bool:
    if told is None:
        return status == "firing"  # who never heard of it need not hear that it is over
    status_told, at = told
    if status_told != status:
        return True
    return status == "firing" and now - at >= settings.ALERT_REPEAT_SECONDS


def _read_states() -> dict[str, State]:
    stored = sync_redis().get(key("alerts", "states"))
    known = json.loads(stored) if stored else {}
    return {
        name: State(**{**state, "told": {channel: tuple(what) for channel, what in state["told"].items()}})
        for name, state in known.items()
    }


def _keep(states: dict[str, State], now: float) -> None:
    """Keep what still says something; an alert that is over is forgotten when everybody was told."""
    kept = {name: asdict(state) for name, state in states.items() if _matters(state, now)}
    sync_redis().set(key("alerts", "states"), json.dumps(kept), ex=FORGET_SECONDS)


def _matters(state: State, now: float) -> bool:
    if not state.firing_since:
        return bool(state.wrong_since)
    if state.status == "firing":
        return True
    is_untold = any(what == "firing" for what, _ in state.told.values())
    return bool(state.wrong_since) or (is_untold and now - state.ended_at < settings.ALERT_REPEAT_SECONDS)
