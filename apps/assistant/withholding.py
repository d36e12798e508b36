"""What passes of an answer between the model and its readers: what may not be shown never reaches the log."""

import time
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from apps.assistant.given import Given, stands_in
from apps.assistant.messages.events import Status
from apps.assistant.models import Generation
from apps.assistant.writer import LogWriter
from apps.moderation.errors import BlockedOutput
from apps.moderation.folding import fold_text
from apps.moderation.links import LinkFilter
from apps.moderation.redaction import LINK, PERSONAL, STOP, Finding, Lookout, Redactor, finding_of

HELD = "Part of the answer is held back until it is clear what it is."
BLOCKED = "The answer was stopped: it had something in it that must not be shown here. What came before it is kept."


@dataclass
class Withheld:
    """The withheld parts of one generation: what to look for, and what was found.

    `given`: what its readers can read anyway.
    """

    generation: Generation
    lookout: Lookout
    given: Given
    findings: list[Finding]

    def redactor(self, before: str = "") -> Redactor:
        return Redactor(self.lookout, before=before, is_given=self.given, source=self.given)

    def writer(self, writer: LogWriter, *, before: str) -> "ScreenedWriter":
        """Return what text goes through. `before`: what the answer follows."""
        return ScreenedWriter(self, writer, before)

    def shown(self, text: str) -> str:
        """Return a whole text as it may be shown. Raises BlockedOutput."""
        redactor = self.redactor()
        shown = redactor.feed(text) + redactor.close()
        self.note(redactor)
        return shown

    def without(self, text: str) -> str:
        """Return `text` without what may not be shown, for another model that is to go on after it."""
        redactor = self.redactor()
        return redactor.feed(text) + redactor.close()

    def is_shown(self, text: str, *, beside: str) -> bool:
        """Say whether a whole text may be shown as it is, to whom `beside` is known. Raises BlockedOutput."""
        known = fold_text(beside).lower()
        for start, end, match in self.lookout.matches(text):
            action = self.lookout.action(match)
            if match.rule is None and stands_in(text[start:end], known):
                continue
            if match.kind in PERSONAL and self.given(text[start:end]):
                continue
            self.findings.append(finding_of(match, action, text[start:end]))
            if action in STOP:
                raise BlockedOutput(BLOCKED)
            if action == "redact":
                return False
        return not self._is_carried_away(text)

    def _is_carried_away(self, text: str) -> bool:
        """Say whether an address in a whole text carries away what the model has read."""
        links = LinkFilter(self.given)
        links.feed(text)
        if not self.lookout.links or not links.cut:
            return False
        self.findings.append(Finding(LINK, "redact"))
        return True

    def note(self, redactor: Redactor) -> None:
        """Take over what `redactor` found. Raises BlockedOutput."""
        self.findings += redactor.findings
        redactor.findings = []
        if redactor.stopped is not None:
            raise BlockedOutput(BLOCKED)


class ScreenedWriter:
    """Writes what may be shown of the text it takes."""

    def __init__(self, withheld: Withheld, writer: LogWriter, before: str) -> None:
        self._withheld = withheld
        self._writer = writer
        self._redactor = withheld.redactor(before)
        self._held_since: float | None = None
        self._announced = False

    def write(self, text: str) -> None:
        """Raises BlockedOutput."""
        self._pass(self._redactor.feed(text))
        self._show_hold()

    def close(self, *, cut: bool) -> None:
        """Write what is left of the whole answer. `cut`: it ends where it was cut off. Raises BlockedOutput."""
        self._pass(self._redactor.close(cut=cut))

    def _pass(self, text: str) -> None:
        if text:
            self._writer.write(text)
        self._withheld.note(self._redactor)

    def _show_hold(self) -> None:
        """Say so when readers would begin to wonder why nothing comes."""
        if not self._redactor.holds:
            self._held_since, self._announced = None, False
            return
        now = time.monotonic()
        self._held_since = self._held_since or now
        if not self._announced and now - self._held_since >= settings.MODERATION_HELD_SHOWS_SECONDS:
            self._announced = True
            self._writer.write_event(partial(self._status, self._withheld.generation))

    @staticmethod
    def _status(generation: Generation, seq: int) -> Status:
        return Status(type="status", id=generation.pk, seq=seq, state="held", model=generation.model, detail=HELD)
