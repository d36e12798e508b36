"""Text that people have written and nobody should be held up for: what is looked for may hardly ever be found in it."""

import gettext
import gzip
import json
import re
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

import django

ROOT = Path(__file__).resolve().parents[2]
TRACE = ROOT.parent / "shared" / "data" / "automerge-paper.trace.json.gz"  # the project's own trace document
PASSED_OVER = 4  # translations, of which there are 70,000, and one in so many is taken


def paragraphs(text: str) -> list[str]:
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


@cache
def corpora() -> dict[str, list[str]]:
    """Return passages by where they are from: a paper's source, manuals, and sentences in 90 languages."""
    found = {
        "Python's manual": [part for topic in topics.values() for part in paragraphs(topic)],
        "Django in translation": _translations(),
        "our own pages": [
            part
            for page in (*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md")
            for part in paragraphs(page.read_text())
        ],
    }
    if TRACE.exists():
        text = json.loads(gzip.decompress(TRACE.read_bytes()))["end"]
        found["the paper"] = paragraphs(text)
        found["the paper, by sentences"] = re.split(r"(?<=[.!?])\s+", text)
    return found


def _translations() -> list[str]:
    texts: set[str] = set()
    for catalogue in sorted(Path(django.__path__[0]).glob("**/django.mo")):
        with catalogue.open("rb") as file:
            translations = gettext.GNUTranslations(file)
        said = [text for key, text in translations._catalog.items() if key]  # type: ignore[attr-defined]
        texts.update(text for text in said if text.strip())
    return sorted(texts)[::PASSED_OVER]
