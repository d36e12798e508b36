"""The part of a web address that can carry a text away: its query, its fragment, and a long piece of its path.

Whether it does is for others to say (`Redactor`'s `carries`): it has to be known what the text is.
"""

import re

from apps.moderation.detection import OPEN, Detector, Match, Open

DATA = re.compile(r"[?#/][^\s<>\"'`()\[\]]*")
REST = re.compile(r"[^\s<>\"'`()\[\]]*")
CARRIES_MIN_CHARACTERS = 24
ADDRESS_MAX_CHARACTERS = 8_000  # of one that is waited for
LOOKED_BACK_CHARACTERS = 2_000
SPACE = re.compile(r"[\s<>\"'`()\[\]]")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^/?#]", re.IGNORECASE)


def _look_for_data(text: str, at: int, final: bool) -> Match | Open | None:
    found = DATA.match(text, at)
    assert found is not None  # it begins with one of them
    if not _is_in_address(text, at):
        return None
    if not final and found.end() == len(text) and len(found[0]) < ADDRESS_MAX_CHARACTERS:
        return OPEN
    return Match(found.end(), "link", goes_on=REST) if len(found[0]) >= CARRIES_MIN_CHARACTERS else None


def _is_in_address(text: str, at: int) -> bool:
    """Say whether what stands before `at`, up to the last space, is the beginning of a web address."""
    begin = at
    lowest = max(0, at - LOOKED_BACK_CHARACTERS)
    while begin > lowest and not SPACE.match(text, begin - 1):
        begin -= 1
    return SCHEME.search(text, begin, at) is not None


LINKS = Detector("link", "?#/", _look_for_data)
