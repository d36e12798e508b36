"""Hears of sensitive actions and writes them down, in the transaction they are done in."""

from typing import Any

from django.dispatch import receiver

from apps.core.deeds import Deed, done
from apps.moderation.audit import record


@receiver(done)
def _on_deed(deed: Deed, **_: Any) -> None:
    record(deed)
