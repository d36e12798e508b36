"""What making a file of a document has to keep to: so many at once in a process, so much time, so large a document."""

import base64
import binascii
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from PIL import Image, UnidentifiedImageError

from apps.collaboration.content.errors import FilesBusy
from apps.collaboration.content.parsing import is_picture, is_safe
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run
from apps.core.errors import TooLarge

NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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


def clean(text: str) -> str:
    """Return `text` without what XML has no place for."""
    return NOT_IN_XML.sub("", text)


def link_of(run: Run) -> str:
    """Return the address a run links to; empty where there is none, or none that is safe to follow."""
    link = run.marks.get("link")
    address = link.get("href") if isinstance(link, dict) else None
    return address if isinstance(address, str) and is_safe(address, relative=False) else ""


def is_done(item: Element) -> bool:
    """Say whether a task is."""
    return item.attributes.get("checked") in (True, "true")


def words_of(picture: Element) -> str:
    """Return what a picture says to who does not see it."""
    return str(picture.attributes.get("alt") or "Picture")


def picture_of(block: Element) -> "tuple[BytesIO, int, int] | None":
    """Return a picture that lives in the document, as PNG, with its width and height in pixels. None: there is none."""
    source = str(block.attributes.get("src") or "")
    if not is_picture(source):
        return None
    try:
        content = base64.b64decode(source.partition(",")[2], validate=True)
        with Image.open(BytesIO(content)) as image:
            if image.width * image.height > settings.CONTENT_PICTURE_MAX_PIXELS:
                return None
            made = BytesIO()
            image.convert("RGBA").save(made, "PNG")
            made.seek(0)
            return made, image.width, image.height
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def cells_of(table: Element) -> list[list[Element]]:
    """Return the cells of a table, row by row. Rows may have different lengths."""
    return [row.blocks for row in table.blocks if row.tag == "tableRow"]


def number_of(attributes: dict[str, Any], name: str, otherwise: int) -> int:
    """Return an attribute as a whole number; `otherwise` where it is none below a million."""
    value = attributes.get(name)
    return int(value) if isinstance(value, int | float) and value == value and abs(value) < 1_000_000 else otherwise


def file_name(title: str) -> str:
    """Return what a file of a document is called, without its suffix."""
    return " ".join(NOT_IN_NAMES.sub(" ", title).split())[:NAME_MAX_CHARACTERS].strip(". ") or "document"
