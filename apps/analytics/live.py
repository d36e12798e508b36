"""What is live at a moment, noted as events."""

import time
from collections.abc import Mapping

from apps.analytics.events import Kind, Noted, write
from apps.assistant.models import Generation, State

STREAMS = "streams"


def note_live(sockets: Mapping[str, int]) -> None:
    """Note the open `sockets` by kind, and the generations that stream now. Raises django.db.Error."""
    now = time.time()
    streams = Generation.objects.filter(state=State.RUNNING).count()
    counts = {**{kind: count for kind, count in sockets.items() if kind != "other"}, STREAMS: streams}
    write([Noted(now, Kind.LIVE.value, name, "", count) for name, count in counts.items()])
