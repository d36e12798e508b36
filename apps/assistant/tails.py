"""The events of one generation as far as they are known, without gaps, as each of its readers may see them."""

import json
from collections.abc import Iterable
from uuid import UUID

from apps.assistant.log import Line
from apps.assistant.messages.events import Done, Started, parse_event


class Tail:
    """The events of one generation, from `seq` 1, without gaps."""

    def __init__(self, generation_id: UUID, private_to: UUID | None) -> None:
        self.generation_id = generation_id
        self.private_to = private_to
        self.lines: list[Line] = []
        self.ended = False
        self._end_for_others: str | None = None

    def extend(self, lines: Iterable[Line]) -> bool:
        """Take in what comes next of `lines`; False when there is a gap."""
        for line in lines:
            if line.kind == "end" and not self.ended and line.seq <= len(self.lines):
                # Redis and the generator were lost together: the stored end knows of fewer events than we saw.
                line = _renumbered(line, len(self.lines) + 1)
            if line.seq <= len(self.lines):
                continue
            if line.seq > len(self.lines) + 1:
                return False
            self.lines.append(line)
            self.ended = self.ended or line.kind == "end"
        return True

    def is_visible_to(self, user_id: UUID) -> bool:
        return self.private_to is None or self.private_to == user_id

    @property
    def asked_by(self) -> UUID | None:
        """Whose generation it is; None before its first event."""
        return Started.model_validate_json(self.lines[0].frame).user.id if self.lines else None

    def frame(self, line: Line, reader_id: UUID) -> str:
        """Return an event of this generation as `reader_id` receives it."""
        if line.kind != "end" or reader_id == self.asked_by:
            return line.frame
        if self._end_for_others is None:
            self._end_for_others = _without_quota(line.frame)
        return self._end_for_others


def _without_quota(frame: str) -> str:
    """Return an end without what is left to who asked."""
    event = parse_event(json.loads(frame))
    return event.model_copy(update={"quota": None}).model_dump_json() if isinstance(event, Done) else frame


def _renumbered(line: Line, seq: int) -> Line:
    frame = line.frame.replace(f'"seq":{line.seq},', f'"seq":{seq},', 1)
    return Line(line.generation_id, line.private_to, seq, line.kind, frame)
