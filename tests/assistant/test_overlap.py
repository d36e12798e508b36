"""The seam between two models: nothing is said twice, nothing is swallowed, words stay apart."""

import random

import pytest

from apps.assistant.overlap import Overlap

BEFORE = "It was late. The heron waits where the river bends and li"


def joined(before: str, pieces: list[str], *, mid_word: bool = False) -> str:
    overlap = Overlap(before, mid_word=mid_word)
    return "".join([*(overlap.feed(piece) for piece in pieces), overlap.flush()])


@pytest.mark.parametrize(
    ("before", "said", "expected"),
    [
        (BEFORE, "The heron waits where the river bends and light comes.", "ght comes."),
        (BEFORE, "bends and light comes.", "ght comes."),
        ("The heron waits. ", "The heron waits. It flies.", "It flies."),
        ("The heron waits.", "The heron waits. It flies.", " It flies."),
        ("The heron waits.", " waits. It flies.", " It flies."),
        ("where the river", "river bends.", " bends."),
        ("the whole of the riv", "river bends.", "er bends."),
        ("where the river ", "\nriver bends.", "bends."),
        ("the heron", "the heron", ""),
        # no repetition
        ("such a", "and so on", " and so on"),
        ("The heron waits.", "It flies.", " It flies."),
        ("The heron waits.", " It flies.", " It flies."),
        ("a word of the be", "because", " because"),
        ("The heron ", "  flies.", "flies."),
        ("", "The heron", "The heron"),
        ("the heron", "", ""),
        ("One two three four.", "two three five.", " two three five."),
        # scripts without spaces
        ("川のほとりで鷺が待つ", "鷺が待つ朝", "朝"),
    ],
)
def test_a_continuation_follows_what_was_written(before: str, said: str, expected: str) -> None:
    assert joined(before, [said]) == expected
    assert joined(before, list(said)) == expected


def test_only_what_may_be_a_repetition_is_held_back() -> None:
    overlap = Overlap("where the river bends", mid_word=False)
    assert overlap.feed("the ri") == ""
    assert overlap.feed("ng of") == " the ring of"
    assert overlap.feed(" trees") == " trees"
    assert overlap.flush() == ""


def test_whatever_the_pieces_the_text_is_the_same() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    choice = random.Random(seed)
    words = ["the ", "heron ", "river", ". ", "ri", " bends", "\n"]
    for _ in range(500):
        before = "".join(choice.choices(words, k=choice.randrange(1, 8)))
        said = "".join(choice.choices(words, k=choice.randrange(1, 8)))
        cuts = sorted(choice.choices(range(len(said) + 1), k=3))
        pieces = [said[start:end] for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True)]
        whole = joined(before, [said])
        assert joined(before, pieces) == whole
        assert whole.strip() in said  # nothing is made up, and at most a beginning is dropped
        assert said.rstrip().endswith(whole.strip())
