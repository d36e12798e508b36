"""Structured logs: one event per line, JSON for machines or plain for people. Ids and sizes, never text or tokens."""

import logging
import re
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import ImproperlyConfigured

from apps.core.ids import request_id
from project.settings.base import DEBUG
from project.settings.environment import env

LOG_FORMAT = env.str("LOG_FORMAT", "text" if DEBUG else "json")  # json or text
if LOG_FORMAT not in ("json", "text"):
    raise ImproperlyConfigured(f"LOG_FORMAT must be json or text, not {LOG_FORMAT!r}.")
LOG_LEVEL = env.str("LOG_LEVEL", "INFO").upper()  # DEBUG, INFO, WARNING or ERROR
if LOG_LEVEL not in logging.getLevelNamesMapping():
    raise ImproperlyConfigured(f"LOG_LEVEL must be a level such as INFO or DEBUG, not {LOG_LEVEL!r}.")

SECRET_SEGMENT_CHARACTERS = 20  # a part of a path this long that is no id is a token: share links, password resets

_SEGMENT = re.compile(rf"(?<=/)[^/\s?]{{{SECRET_SEGMENT_CHARACTERS},}}")
_QUERY = re.compile(r"(?<=\S)\?\S+")


def without_secrets(path: str) -> str:
    """Return `path` without its query and with long segments that are no UUIDs replaced."""

    def shown(match: re.Match[str]) -> str:
        try:
            UUID(match[0])
        except ValueError:
            return "[hidden]"
        return match[0]

    return _SEGMENT.sub(shown, _QUERY.sub("", path))


def _add_request_id(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    if request_id.get() != "-":
        event.setdefault("request_id", request_id.get())
    return event


def _drop_objects(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Django puts the request object into some records, and paths with tokens into their text."""
    event.pop("request", None)
    if str(event.get("logger", "")).startswith("django."):
        event["event"] = without_secrets(str(event["event"]))
    return event


_shared: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(),
    _add_request_id,
    _drop_objects,
]
_rendering: list[Any] = (
    [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str, ensure_ascii=False)]
    if LOG_FORMAT == "json"
    else [
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=28, exception_formatter=structlog.dev.plain_traceback)
    ]
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},  # the access log has the 4xx
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody can send any; the access log has the 400
        "django.channels.server": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
        "celery": {"level": "WARNING"},  # a line per task would drown the rest; failures stay
        "celery.worker": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "LiteLLM": {"level": "WARNING"},
        "LiteLLM Router": {"level": "WARNING"},
    },
}
