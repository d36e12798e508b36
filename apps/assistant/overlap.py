"""Where one model goes on with another's text: what it repeats of the end is dropped, and the words are kept apart.

A model that is asked to go on often begins with the last sentence again, or with the word it stopped in.
"""

from apps.assistant.seam import is_spaceless, mend

LOOKED_BACK_CHARACTERS = 2_000
PHRASE_CHARACTERS = 12  # so long a repetition is one, wherever it ends
WORD_PART_CHARACTERS = 3  # of a word that was cut; with fewer, "a" and "another" would look like one


class Overlap:
    """Takes the text of who goes on, and gives what has to follow `before`. Holds back what may be a repetition."""

    def __init__(self, before: str, *, mid_word: bool) -> None:
        """`mid_word`: see `mend`."""
        self._before = before
        self._mid_word = mid_word
        tail = before[-LOOKED_BACK_CHARACTERS:].rstrip()
        self._ends = [tail[start:] for start in range(len(tail)) if _begins_word(tail, start)]  # the longest first
        self._held = ""
        self._decided = not before
        self._at_space = False  # a repetition was dropped, and the space that follows it is there already

    def feed(self, text: str) -> str:
        """Return what can be passed on."""
        if self._decided:
            return self._begin(text)
        self._held += text
        said = self._held.lstrip()
        if not said or any(end.startswith(said) for end in self._ends):
            return ""  # all of it may be a repetition that goes on
        return self.flush()

    def flush(self) -> str:
        """Return what was held back: no more comes."""
        if self._decided:
            return ""
        self._decided = True
        said = self._held.lstrip()
        for end in self._ends:
            if said.startswith(end) and _is_repetition(end, said[len(end) :]):
                self._at_space = self._before[-1].isspace()
                return self._begin(said[len(end) :])
        return mend(self._before, self._held, mid_word=self._mid_word)

    def _begin(self, text: str) -> str:
        if self._at_space:
            text = text.lstrip()
            self._at_space = not text
        return text


def _begins_word(text: str, at: int) -> bool:
    if at == 0 or not text[at].isalnum():
        return not text[at].isspace()
    return not text[at - 1].isalnum() or is_spaceless(text[at])


def _is_repetition(end: str, following: str) -> bool:
    """Say whether it is no coincidence that a continuation begins with `end`, the last words before it."""
    if len(end) >= PHRASE_CHARACTERS or len(end.split()) > 1:
        return True
    goes_on_in_word = end[-1].isalnum() and following[:1].isalnum()
    return len(end) >= WORD_PART_CHARACTERS if goes_on_in_word else any(one.isalnum() for one in end)
