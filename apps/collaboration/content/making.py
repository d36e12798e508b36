"""What making a file of a document has to keep to: so many at once in a process, so much time, so large a document."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings

from apps.collaboration.content.errors import FilesBusy
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run
from apps.core.errors import TooLarge

NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]')
NAME_MAX_CHARACTERS = 80
BUSY_RETRY_SECONDS = 5.0
TOO_LONG = "This document takes too long to be made into such a file. Ask for markdown or html."
_room = BoundedSemaphore(settings.CONTENT_FILES_AT_ONCE)


class Deadline:
    """When a file has to be made by."""

    def __init__(self) -> None:
        self._at = time.monotonic() + settings.CONTENT_FILE_SECONDS

    def check(self) -> None:
        """Raises TooLarge when the time is up."""
        if time.monotonic() > self._at:
            raise TooLarge(TOO_LONG)


@contextmanager
def making(blocks: list[Element]) -> Iterator[Deadline]:
    """Make room for one file of these blocks. Raises TooLarge, and FilesBusy where too many are being made."""
    size = sum(_size(block) for block in blocks)
    if size > settings.CONTENT_FILE_MAX_CHARACTERS:
        raise TooLarge(
            f"Word and PDF files are made of at most {settings.CONTENT_FILE_MAX_CHARACTERS:,} characters. "
            "Ask for markdown or html."
        )
    if not _room.acquire(timeout=settings.CONTENT_FILE_WAIT_SECONDS):
        raise FilesBusy("Too many files are being made. Try again shortly.", retry_after=BUSY_RETRY_SECONDS)
    try:
        yield Deadline()
    finally:
        _room.release()


def _size(block: Element) -> int:
    return 1 + sum(len(child.text) if isinstance(child, Run) else _size(child) for child in block.children)


def file_name(title: str) -> str:
    """Return what a file of a document is called, without its suffix."""
    return " ".join(NOT_IN_NAMES.sub(" ", title).split())[:NAME_MAX_CHARACTERS].strip(". ") or "document"
