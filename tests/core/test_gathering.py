"""Many questions, few calls."""

import asyncio
from collections.abc import Sequence

import pytest

from apps.core.gathering import Gathering


class Library:
    """Answers in tens, and notes how it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.open = asyncio.Event()
        self.gathering: Gathering[int, int] = Gathering(self._answer, at_once_max=3)

    async def _answer(self, questions: Sequence[int]) -> list[int]:
        self.calls.append(list(questions))
        await self.open.wait()
        if -1 in questions:
            raise ValueError("no such book")
        return [question * 10 for question in questions]


async def test_who_asks_during_a_call_shares_the_next() -> None:
    library = Library()
    asked = [asyncio.create_task(library.gathering.ask(1))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked += [asyncio.create_task(library.gathering.ask(number)) for number in (2, 3, 4, 5)]
    library.open.set()
    assert await asyncio.gather(*asked) == [10, 20, 30, 40, 50]
    assert library.calls == [[1], [2, 3, 4], [5]]


async def test_a_failed_call_fails_who_shared_it_and_nobody_else() -> None:
    library = Library()
    library.open.set()
    answers = await asyncio.gather(*(library.gathering.ask(one) for one in (-1, 1, 2, 3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError, ValueError, ValueError, int]
    assert await library.gathering.ask(7) == 70


async def test_who_goes_away_holds_up_nobody() -> None:
    library = Library()
    leaving, staying = (asyncio.create_task(library.gathering.ask(number)) for number in (1, 2))
    await asyncio.sleep(0)
    leaving.cancel()
    library.open.set()
    assert await staying == 20
    with pytest.raises(asyncio.CancelledError):
        await leaving
