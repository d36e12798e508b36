"""Which language a text is in, so that the assistant keeps to it. CLD2, the detector of Chromium: 0.1 ms for a page."""

from itertools import islice

try:
    import pycld2
except ImportError:  # no build for this platform: only declared languages are known
    pycld2 = None

READ_CHARACTERS = 5_000


def detect(text: str) -> str:
    """Return the tag of the language most of `text` is in, without a region; empty where that is not sure."""
    if pycld2 is None:
        return ""
    # CLD2 refuses control characters.
    readable = (character for character in text if character.isprintable() or character in "\n\t")
    try:
        is_sure, _, found = pycld2.detect("".join(islice(readable, READ_CHARACTERS)).encode())
    except (pycld2.error, UnicodeEncodeError):
        return ""
    tag: str = found[0][1]
    return tag if is_sure and tag != "un" else ""


def language_of(text: str, *, declared: str) -> str:
    """Return the language of `text`. A declared one says more, with its region, unless the text speaks against it."""
    detected = detect(text)
    if not detected or detected.partition("-")[0] == declared.partition("-")[0].lower():
        return declared
    return detected


def is_other_language(text: str, original: str) -> bool:
    """Say whether `text` is surely in another language than `original` surely is."""
    languages = detect(text), detect(original)
    return all(languages) and languages[0] != languages[1]
