"""Joins surrogate halves that a provider cut into two chunks: neither half can be encoded alone."""


class SurrogateJoiner:
    """Feeds text through; a trailing high surrogate waits for its other half."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what can be passed on now. A half without its other half becomes U+FFFD."""
        text = self._held + text
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return text if text.isascii() else _joined(text)

    def flush(self) -> str:
        """Return what is left at the end."""
        held, self._held = self._held, ""
        return _joined(held)


def _joined(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
