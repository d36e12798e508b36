"""Reports of errors to Sentry, where SENTRY_DSN is set; else nothing of it is imported.

A report has the kind of the error, where in the code it happened, and the log record's ids. No values of variables, no
bodies, cookies, addresses or breadcrumbs, and no message of an exception: all of those can be somebody's text.
https://docs.sentry.io/platforms/python/configuration/options/
"""

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

SHUTDOWN_SECONDS = 1.0  # for reports that still wait when the process ends


def start_error_reports(process: str) -> None:
    """Report from now on what this process logs as an error or raises unhandled. `process`: web, generator, …"""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk  # noqa: PLC0415  (90 ms, for who wants it)

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        shutdown_timeout=SHUTDOWN_SECONDS,
        before_send=_without_text,
    )
    sentry_sdk.set_tag("process", process)


def _without_text(event: "Event", _hint: "Hint") -> "Event":
    """Return the event with types and places only. Our own log messages are names of what happened."""
    for raised in event.get("exception", {}).get("values", []):
        raised["value"] = ""
    for name in ("request", "user", "breadcrumbs"):
        event.pop(name, None)  # type: ignore[misc]  # names of its keys
    logged = event.get("logentry")
    if logged:
        event["logentry"] = {"message": logged.get("message", "")}
    return event
