"""What becomes of a model's answer: chunks of text, or an edit for each finding."""

import logging
import re
from dataclasses import replace
from functools import partial
from math import inf
from typing import Protocol

from django.conf import settings

from apps.assistant.actions import Action
from apps.assistant.context import Recalled
from apps.assistant.edits import EditMaker, PlacedEdit, Respected
from apps.assistant.errors import CutOff, UnusableAnswer
from apps.assistant.fences import Unfenced
from apps.assistant.findings import Finding, FindingReader
from apps.assistant.messages.client import GenerationInput
from apps.assistant.messages.events import Citation, Edit, EditCounts
from apps.assistant.models import STORY, Generation
from apps.assistant.overlap import LOOKED_BACK_CHARACTERS, Overlap
from apps.assistant.seam import mend
from apps.assistant.withholding import Withheld
from apps.assistant.writer import LogWriter
from apps.llm.requests import Finish

logger = logging.getLogger(__name__)

EMPTY = "The model answered with nothing. Your text is as it was; try again."
UNREADABLE = "The model answered with nothing that can be used. Your text is as it was; try again."
SHEET_LINE = re.compile(r"(?P<kind>[a-z]+): (?P<name>.+?)(?: – (?P<note>.*))?")
CITATIONS_MAX = 20
CUT_OFF = "The model's answer was cut off at its limit. What came until then is kept; select less text."


class TooLong(Exception):
    """The answer reached a limit. What came until then counts."""


class Output(Protocol):
    """Takes an answer as it comes."""

    @property
    def counts(self) -> EditCounts | None: ...

    def take(self, text: str) -> None:
        """Raises TooLong, UnusableAnswer."""

    def resume(self) -> None:
        """Another model goes on in the middle."""

    def close(self, finish: Finish) -> None:
        """The answer is whole. Raises UnusableAnswer, CutOff where it is of no use."""


def output_of(
    generation: Generation, action: Action, writer: LogWriter, recalled: Recalled, withheld: Withheld
) -> Output:
    request = GenerationInput.model_validate(generation.input)
    if action.output == "edits":
        return Edits(generation, action, request.selection or "", writer, recalled.respected, withheld)
    before = request.text_before or ""
    limited = (generation.options.get("max_tokens") or inf) < action.answer_tokens(request)
    if recalled.sheet and action.name == STORY:
        return Story(generation, recalled.sheet, action, writer, withheld, before=before, limited=limited)
    # A text that is itself in a fence keeps it, and so does one that somebody else began.
    fenced = action.replaces and not writer.text and not (request.selection or "").lstrip().startswith("```")
    return Text(action, writer, withheld, before=before, limited=limited, unfenced=Unfenced() if fenced else None)


class Text:
    """Passes the answer on, joined to the text it follows, without what may not be shown."""

    def __init__(
        self,
        action: Action,
        writer: LogWriter,
        withheld: Withheld,
        *,
        before: str,
        limited: bool,
        unfenced: Unfenced | None = None,
    ) -> None:
        """`limited`: a person or their tier said how long the answer may be. `unfenced`: a fence around it goes."""
        self._action = action
        self._writer = writer
        self._limited = limited
        self._unfenced = unfenced
        self._before = before + writer.text if action.continues else writer.text
        self._characters = len(writer.text)
        self._written = writer.text[-LOOKED_BACK_CHARACTERS:]
        self._overlap = Overlap(self._written, mid_word=action.mid_word)
        self._joined = False
        self._screened = withheld.writer(writer, before=self._before)

    @property
    def counts(self) -> None:
        return None

    def take(self, text: str) -> None:
        self._write(self._overlap.feed(self._unfenced.feed(text) if self._unfenced else text))

    def resume(self) -> None:
        self._write(self._overlap.flush())
        self._overlap = Overlap(self._written, mid_word=self._action.mid_word)

    def _write(self, text: str) -> None:
        if not self._joined:
            text = self._begin(text)
            self._joined = bool(text)
        room = settings.ASSISTANT_OUTPUT_MAX_CHARACTERS - self._characters
        self._characters += len(text)
        if fitting := text[:room]:
            self._written = (self._written + fitting)[-LOOKED_BACK_CHARACTERS:]
            self._screened.write(fitting)
        if len(text) > room:
            self._screened.close(cut=True)
            raise CutOff(CUT_OFF) if self._action.replaces else TooLong

    def _begin(self, text: str) -> str:
        if self._action.continues:
            return mend(self._before, text, mid_word=self._action.mid_word)
        return text if self._before else text.lstrip()

    def close(self, finish: Finish) -> None:
        if self._unfenced:
            self._write(self._overlap.feed(self._unfenced.flush()))
        self._write(self._overlap.flush())
        self._screened.close(cut=finish.reason == "length")
        if not self._characters and not self._action.continues:
            raise UnusableAnswer(EMPTY)
        if finish.reason == "length" and self._action.replaces and not self._limited:
            raise CutOff(CUT_OFF)


class Story(Text):
    """Says at the end which entries of the story's sheet the answer speaks of."""

    def __init__(
        self,
        generation: Generation,
        sheet: str,
        action: Action,
        writer: LogWriter,
        withheld: Withheld,
        *,
        before: str,
        limited: bool,
    ) -> None:
        super().__init__(action, writer, withheld, before=before, limited=limited)
        self._generation = generation
        self._sheet = sheet
        self._whole = writer.text

    def _write(self, text: str) -> None:
        super()._write(text)
        self._whole += text

    def close(self, finish: Finish) -> None:
        super().close(finish)
        entries = [SHEET_LINE.fullmatch(line) for line in self._sheet.split("\n")]
        used = [entry for entry in entries if entry and entry["name"].lower() in self._whole.lower()]
        for index, entry in enumerate(used[:CITATIONS_MAX], start=1):
            self._writer.write_event(partial(self._citation, index, entry["kind"], entry["name"], entry["note"] or ""))

    def _citation(self, index: int, kind: str, name: str, note: str, seq: int) -> Citation:
        return Citation(
            type="citation",
            id=self._generation.pk,
            seq=seq,
            index=index,
            source=kind,
            title=name,
            url="",
            quote=note,
        )


class Edits:
    """Writes an edit as soon as a finding is whole."""

    def __init__(
        self,
        generation: Generation,
        action: Action,
        text: str,
        writer: LogWriter,
        respected: Respected,
        withheld: Withheld,
    ) -> None:
        self._withheld = withheld
        self._generation = generation
        self._text = text
        self._writer = writer
        self._reader = FindingReader()
        self._maker = EditMaker(
            text,
            action=action.name,
            categories=action.categories(generation.input.get("aspect")),
            respected=respected,
            corrects=action.corrects,
        )
        self._sent = 0
        self._characters = 0
        self._dropped_in_a_row = 0
        for event in writer.events:
            if event["type"] == "edit":  # of a generator that died
                self._maker.take(event["start"], event["end"])
                self._sent += 1

    @property
    def counts(self) -> EditCounts:
        dropped = sum(self._maker.dropped.values()) + self._reader.unreadable
        return EditCounts(found=self._sent, dropped=dropped)

    def take(self, text: str) -> None:
        self._characters += len(text)
        for finding in self._reader.feed(text):
            self._take_finding(finding)
        if self._is_endless():
            self._give_up()

    def resume(self) -> None:
        self._reader = FindingReader()  # it begins anew; what was found stays taken

    def close(self, finish: Finish) -> None:
        self._reader.close()
        logger.info(
            "generation.findings",
            extra={
                "generation": str(self._generation.pk),
                "found": self._sent,
                "unreadable": self._reader.unreadable,
                "dropped": dict(self._maker.dropped),
            },
        )
        if not self._sent and not self._maker.dropped and not self._reader.said_end:
            raise UnusableAnswer(UNREADABLE if self._characters else EMPTY)

    def _take_finding(self, finding: Finding) -> None:
        edit = self._maker.make(finding)
        if edit is not None and not self._withheld.is_shown(edit.replacement, beside=self._text):
            self._maker.dropped["withheld"] += 1
            edit = None
        if edit is None:
            self._dropped_in_a_row += 1
            return
        edit = replace(edit, explanation=self._withheld.shown(edit.explanation))
        self._dropped_in_a_row = 0
        self._sent += 1
        number = self._sent
        self._writer.write_event(lambda seq: self._event(edit, number, seq))

    def _event(self, edit: PlacedEdit, number: int, seq: int) -> Edit:
        return Edit(
            type="edit",
            id=self._generation.pk,
            seq=seq,
            edit_id=str(number),
            start=self._maker.utf16(edit.start),
            end=self._maker.utf16(edit.end),
            original=self._text[edit.start : edit.end],
            replacement=edit.replacement,
            category=edit.category,
            explanation=edit.explanation,
        )

    def _is_endless(self) -> bool:
        return (
            self._sent >= settings.ASSISTANT_EDITS_MAX
            or self._dropped_in_a_row >= settings.ASSISTANT_FINDINGS_DROPPED_MAX
            or self._characters > settings.ASSISTANT_OUTPUT_MAX_CHARACTERS
            or self._reader.characters_outside > settings.ASSISTANT_FINDING_MAX_CHARACTERS
        )

    def _give_up(self) -> None:
        if not self._sent:
            raise UnusableAnswer(UNREADABLE)
        raise TooLong
