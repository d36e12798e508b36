"""Runs a generator: an asyncio process that takes generations from the queue and streams them from their models."""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand

EXIT_SECONDS = 8.0  # after the drain, whatever hangs; what was not handed over by then is taken over


class Command(BaseCommand):
    help = __doc__

    def handle(self, *arguments: Any, **options: Any) -> None:
        uvloop.run(_run())


async def _run() -> None:
    from apps.assistant.generator import Generator  # noqa: PLC0415  (imports litellm: seconds, 170 MB)

    generator = Generator()

    def stop() -> None:
        generator.stop()
        watchdog = threading.Timer(settings.ASSISTANT_DRAIN_SECONDS + EXIT_SECONDS, os._exit, args=(1,))
        watchdog.daemon = True
        watchdog.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await generator.run()
    # Everything is written. The interpreter's own end waits for threads and takes litellm apart, for seconds.
    logging.shutdown()
    os._exit(0)
