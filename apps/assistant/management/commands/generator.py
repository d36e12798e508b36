"""Runs a generator: an asyncio process that takes generations from the queue and streams them from their models."""

import asyncio
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = __doc__

    def handle(self, *arguments: Any, **options: Any) -> None:
        uvloop.run(_run())


async def _run() -> None:
    from apps.assistant.generator import Generator  # noqa: PLC0415  (imports litellm: seconds, 170 MB)

    generator = Generator()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, generator.stop)
    await generator.run()
