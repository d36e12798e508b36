"""The fence that models put around a text they were asked for as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.assistant.fences import Unfenced


def unfenced(answer: str, size: int = 1_000_000) -> str:
    reader = Unfenced()
    return "".join(reader.feed(answer[at : at + size]) for at in range(0, len(answer), size)) + reader.flush()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("```\nThe heron waits.\n```", "The heron waits."),
        ("\n```markdown\n# Heron\n\nIt waits.\n```\n", "# Heron\n\nIt waits."),
        ("```\nThe heron waits.", "The heron waits."),
        ("```\nOne.\n\n```\ncode\n```\n\nTwo.\n```", "One.\n\n```\ncode\n```\n\nTwo."),
        ("The heron waits.\n```", "The heron waits.\n```"),
        ("One.\n\n```\ncode\n```", "One.\n\n```\ncode\n```"),
        ("```python\nwait()\n```", "```python\nwait()\n```"),
        ("`code` first", "`code` first"),
        ("", ""),
        ("``", "``"),
    ],
)
def test_only_a_fence_around_everything_goes(answer: str, text: str) -> None:
    assert unfenced(answer) == text


pieces = st.sampled_from(["```", "`", "\n", " ", "markdown", "The heron.", "```\n", "\n```"])


@given(st.lists(pieces, max_size=10).map("".join), st.integers(1, 5))
def test_any_cutting_of_the_answer_gives_the_same_text(answer: str, size: int) -> None:
    assert unfenced(answer, size) == unfenced(answer)


@given(st.text(alphabet="a`\n ", max_size=30).filter(lambda text: not text.lstrip().startswith("`")))
def test_an_answer_without_a_fence_stays_as_it_is(answer: str) -> None:
    assert unfenced(answer) == answer
