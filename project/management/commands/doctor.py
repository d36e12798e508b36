"""`manage.py doctor`: what is wrong with this installation, and what to do about it."""

import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand

from project.doctor.entrance import check_entrance
from project.doctor.findings import Finding, Verdict, failed
from project.doctor.processes import check_processes
from project.doctor.servers import check_mail, check_postgres, check_redis

Check = Callable[[], Iterator[Finding]]


class Command(BaseCommand):
    help = (
        "Look at everything this installation needs: PostgreSQL, Redis, our processes, the models (each is asked for "
        "one short answer), mail and, with --url, the way in through the proxy. Ends with status 1 where something "
        "failed. Shows no key, password or text."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", help="the address people use, e.g. https://write.example.org")
        parser.add_argument("--without-models", action="store_true", help="ask no model: answers cost money")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.WARNING)  # the findings say it
        try:
            verdicts = [self._show(finding) for finding in self._look(options["url"], not options["without_models"])]
        finally:
            logging.disable(logging.NOTSET)
        if Verdict.FAILED in verdicts:
            sys.exit(1)

    def _look(self, url: str | None, with_models: bool) -> Iterator[Finding]:
        yield from _isolated("PostgreSQL", check_postgres)
        yield from _isolated("Redis", check_redis)
        yield from _isolated("processes", check_processes)
        if url:
            yield from _isolated("entrance", lambda: check_entrance(url))
        if with_models:
            yield from _isolated("models", _check_models)
        yield from _isolated("mail", check_mail)

    def _show(self, finding: Finding) -> Verdict:
        style = {Verdict.OK: self.style.SUCCESS, Verdict.WARNING: self.style.WARNING, Verdict.FAILED: self.style.ERROR}
        self.stdout.write(f"{style[finding.verdict](f'{finding.verdict:<8}')} {finding.subject}: {finding.detail}")
        if finding.advice:
            self.stdout.write(f"{'':<9}→ {finding.advice}")
        self.stdout.flush()
        return finding.verdict


def _check_models() -> Iterator[Finding]:
    from project.doctor.model import check_models  # noqa: PLC0415  (litellm takes seconds)

    yield from check_models()


def _isolated(subject: str, check: Check) -> Iterator[Finding]:
    """Yield what `check` finds; one that fails itself does not end the others."""
    try:
        yield from check()
    except Exception as error:
        yield failed(subject, f"could not be looked at ({type(error).__name__})", "See to what failed above first.")
