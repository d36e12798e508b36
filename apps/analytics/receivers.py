"""Hears what happens below. Sockets are noted by what stands in front of them (`project.sockets`)."""

import asyncio
import time
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from apps.analytics import experiments, flags, trials
from apps.analytics.events import Kind, Noted, recorder
from apps.analytics.models import Arm, Experiment, FlagRule
from apps.assistant.models import Generation
from apps.assistant.signals import generation_ended, generation_refused
from apps.assistant.variants import choose_by
from apps.core.flags import answer_by
from apps.core.shutdown import on_shutdown
from apps.documents.signals import socket_resumed


@receiver(socket_resumed)
def _on_resumed(kind: str, **_: Any) -> None:
    recorder.note(Noted(time.time(), Kind.SOCKET_RESUMED.value, kind))


@receiver(generation_refused)
def _on_refused(code: str, **_: Any) -> None:
    recorder.note(Noted(time.time(), Kind.REFUSED.value, "", code))


async def _write_the_last() -> None:
    await asyncio.to_thread(recorder.flush)


on_shutdown(_write_the_last)


@receiver(generation_ended)
def _on_ended(generation: Generation, **_: Any) -> None:
    trials.note_end(generation)


@receiver(post_save, sender=Arm)
@receiver(post_delete, sender=Arm)
@receiver(post_save, sender=Experiment)
@receiver(post_delete, sender=Experiment)
def _on_experiment_changed(**_: Any) -> None:
    experiments.running.tell_changed()


@receiver(post_save, sender=FlagRule)
@receiver(post_delete, sender=FlagRule)
def _on_flag_changed(**_: Any) -> None:
    flags.rules.tell_changed()


choose_by(experiments.choose)
answer_by(flags.answer)
