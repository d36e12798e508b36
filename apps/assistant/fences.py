"""Takes off the Markdown fence that models put around a text they were asked for as it is."""

import re

# A fence that names another language is code that somebody asked for.
OPENING = re.compile(r"\s*```(?:markdown|md|text|txt|plaintext)?[ \t]*\n")
MAY_OPEN = re.compile(r"\s*(?:`{0,2}|```[a-z]{0,9}[ \t]*)\Z")
CLOSING = re.compile(r"\n```\s*\Z")
MAY_CLOSE = re.compile(r"\n(?:`{0,2}|```\s*)\Z")


class Unfenced:
    """Holds back what may be the fence's first or last line; gives everything else as it comes."""

    def __init__(self) -> None:
        self._held = ""
        self._begun = False
        self._fenced = False

    def feed(self, text: str) -> str:
        """Return what can be passed on."""
        self._held += text
        if not self._begun:
            opening = OPENING.match(self._held)
            if opening is None and MAY_OPEN.match(self._held):
                return ""
            self._begun = True
            self._fenced = opening is not None
            self._held = self._held[opening.end() :] if opening else self._held
        ending = MAY_CLOSE.search(self._held) if self._fenced else None
        return self._give(ending.start() if ending else len(self._held))

    def flush(self) -> str:
        """Return what was held back: no more comes."""
        ending = CLOSING.search(self._held) if self._fenced else None
        given = self._give(ending.start() if ending else len(self._held))
        self._held = ""
        return given

    def _give(self, count: int) -> str:
        given, self._held = self._held[:count], self._held[count:]
        return given
