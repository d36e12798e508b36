"""Cuts out of addresses, while a text is being written, what they would carry away of what a model has read."""

import re

from apps.moderation.folding import fold
from apps.moderation.trails import Source, Trail

BREAKS = r"\s<>\"'`()\[\]"  # what no address has in it, as it stands in a text
BREAK = re.compile(f"[{BREAKS}]")
ADDRESS = re.compile(rf"[a-z][a-z0-9+.-]{{1,20}}://[^{BREAKS}/?#]+(?=[/?#])", re.IGNORECASE)
SLASH = re.compile("[/\u2044\u2215\uff0f]")
LOOKED_BACK_CHARACTERS = 300  # a scheme and the longest name of a host
PLACEHOLDER = "[data removed]"


class LinkFilter:
    """Takes one text in pieces of any size and gives what may be shown.

    `before`: what the text follows. `cut`: in how many addresses something was found since it was set to 0.
    """

    def __init__(self, source: Source, *, before: str = "") -> None:
        self._source = source
        self._trail: Trail | None = None
        self._word = ""  # since the last break
        self.cut = 0
        self.feed(before[-LOOKED_BACK_CHARACTERS:])
        self.close()
        if self.cut:  # what stands there already is not gone on with in silence
            self._trail, self.cut = None, 0

    @property
    def holds(self) -> bool:
        return self._trail is not None and self._trail.holds

    def feed(self, text: str) -> str:
        """Return what can be passed on."""
        parts: list[str] = []
        while text:
            passed, text = self._follow(text) if self._trail is not None else self._seek(text)
            parts.append(passed)
        return "".join(parts)

    def close(self) -> str:
        """Return what is left: no more comes."""
        return self._trail.close() if self._trail is not None else ""

    def _seek(self, text: str) -> tuple[str, str]:
        """Return what stands before the data of the first address, and the rest."""
        before = self._word
        window = before + text
        if SLASH.search(window):
            folded = fold(window)
            for found in ADDRESS.finditer(folded.text):
                at = folded.raw_start(found.end()) - len(before)
                if at >= 0:
                    self._trail, self._word = Trail(self._source), ""
                    return text[:at], text[at:]
        self._word = BREAK.split(window)[-1][-LOOKED_BACK_CHARACTERS:]
        return text, ""

    def _follow(self, text: str) -> tuple[str, str]:
        """Return what may be shown up to the end of the address, and what stands behind it."""
        trail = self._trail
        assert trail is not None
        end = BREAK.search(text)
        data = text[: end.start()] if end else text
        was_shared = trail.is_shared
        passed = trail.feed(data)
        if trail.is_shared and not was_shared:
            self.cut += 1
            passed += PLACEHOLDER
        if end is None:
            return passed, ""
        self._trail = None
        return passed + trail.close(), text[end.start() :]
