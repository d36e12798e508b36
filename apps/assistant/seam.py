"""The seam between the writer's text and the model's: chat models forget the space a new word begins with."""

import unicodedata

SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")  # no spaces between words
OPENING = "([{«‹“‘¿¡—–-/'\""  # noqa: RUF001  (after these a word follows at once)


def joins_words(before: str, following: str) -> bool:
    """Say whether `following` would run into the word or sentence that `before` ends with."""
    if not before or not following or before[-1].isspace() or before[-1] in OPENING:
        return False
    last, first = before[-1], following[0]
    if not first.isalnum() or is_spaceless(last) or is_spaceless(first):
        return False
    return last.isalnum() or last in ".,;:!?…)]}»”’%\"'"


def mend(before: str, first: str, *, mid_word: bool) -> str:
    """Return the answer's `first` text as it has to follow `before`.

    `mid_word`: the answer may go on inside a word, so no space is put after a letter.
    """
    if not before or before[-1].isspace():
        return first.lstrip(" \t\n" if not before or before[-1] == "\n" else " \t")
    if joins_words(before, first) and not (mid_word and before[-1].isalnum()):
        return " " + first
    return first


def is_spaceless(character: str) -> bool:
    """Say whether `character` belongs to a script that puts no spaces between words."""
    return unicodedata.name(character, "").startswith(SPACELESS)
