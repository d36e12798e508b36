"""What the parts of a document say to who makes a file of it: links, tasks, pictures, tables."""

import base64
import binascii
import re
from io import BytesIO
from typing import Any

from django.conf import settings
from PIL import Image, UnidentifiedImageError

from apps.collaboration.content.parsing import is_picture, is_safe
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run

NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
