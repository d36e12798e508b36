"""Reads findings out of a model's answer while it is being written (form: `prompts/findings.py`).

Models are asked for one JSON object a line. They also write arrays, fences, objects over several lines, objects in an
object, and halves of one. So an object is whatever closes the brace it opened, wherever it stands; what is none is
counted and passed over.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings

NESTING_MAX = 8  # objects in objects that are looked into
EMPTY_LIST = re.compile(r"(```\w*)?\s*\[\s*\]\s*(```)?")


@dataclass(frozen=True)
class Finding:
    """What a model found: `original` is to become `replacement`. `context`: words around it, to tell which is meant."""

    original: str
    replacement: str
    category: str = ""
    explanation: str = ""
    context: str = ""


class FindingReader:
    """Takes an answer in pieces of any size. `said_end`: the model said that there is nothing more."""

    def __init__(self) -> None:
        self.said_end = False
        self.unreadable = 0
        self._text = ""  # from the oldest open brace on
        self._read = 0  # of it
        self._open: list[int] = []  # where in it braces stand that are not closed yet
        self._in_string = False
        self._escaped = False
        self._outside = ""

    @property
    def characters_outside(self) -> int:
        """How much text stood outside of objects."""
        return len(self._outside)

    def feed(self, text: str) -> list[Finding]:
        """Return the findings whose last character is in `text`."""
        self._text += text
        found = []
        while self._read < len(self._text):
            finding = self._take(self._text[self._read])
            self._read += 1
            if finding is not None:
                found.append(finding)
        self._forget()
        return found

    def close(self) -> None:
        """The answer has ended."""
        if self._open:
            self.unreadable += 1
        if EMPTY_LIST.fullmatch(self._outside.strip()):
            self.said_end = True

    def _take(self, character: str) -> Finding | None:
        if self._in_string:
            self._take_in_string(character)
        elif character == "{":
            self._open.append(self._read)
            if len(self._open) > NESTING_MAX:
                del self._open[0]
                self.unreadable += 1
        elif not self._open:
            self._outside += character
        elif character == '"':
            self._in_string = True
        elif character == "}":
            return self._object(self._text[self._open.pop() : self._read + 1])
        return None

    def _take_in_string(self, character: str) -> None:
        if character == "\n":  # no JSON string goes over a line: half an object
            self._in_string = self._escaped = False
            self._open.clear()
            self.unreadable += 1
        elif self._escaped:
            self._escaped = False
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._in_string = False

    def _object(self, text: str) -> Finding | None:
        try:
            content: Any = json.loads(text)
        except (ValueError, RecursionError):
            self.unreadable += 1
            return None
        original, replacement = content.get("original"), content.get("replacement")
        if isinstance(original, str) and isinstance(replacement, str):
            return Finding(
                _clean(original),
                _clean(replacement),
                *(_clean(_string(content.get(name))) for name in ("category", "explanation", "context")),
            )
        if original is not None or replacement is not None:
            self.unreadable += 1
        elif content.get("end") is True or (content and all(value == [] for value in content.values())):
            self.said_end = True
        return None

    def _forget(self) -> None:
        """Keep only what can still become an object of a sane length."""
        while self._open and self._read - self._open[0] > settings.ASSISTANT_FINDING_MAX_CHARACTERS:
            del self._open[0]
            self.unreadable += 1
        if not self._open:
            self._in_string = self._escaped = False
        start = self._open[0] if self._open else self._read
        self._text = self._text[start:]
        self._read -= start
        self._open = [position - start for position in self._open]


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Return `text` without what no text may hold: halves of surrogate pairs and NUL."""
    return text.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
