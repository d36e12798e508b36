"""Answers many questions with one call: what is asked while a call is under way goes together into the next one.

One question alone is answered at once; a thousand at the same moment cost a few calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Gathering(Generic[Q, A]):
    """`answer` takes up to `at_once_max` questions and returns their answers in the same order.

    What it raises, everybody who asked in that call gets.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], *, at_once_max: int) -> None:
        self._answer = answer
        self._at_once_max = at_once_max
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer_all())
        return await answer

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[: self._at_once_max], self._waiting[self._at_once_max :]
                await self._answer_some(asked)
        finally:
            self._answering = None

    async def _answer_some(self, asked: "Sequence[tuple[Q, asyncio.Future[A]]]") -> None:
        try:
            answers = await self._answer([question for question, _ in asked])
        except Exception as error:
            for _, future in asked:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(asked, answers, strict=True):
            if not future.done():  # who asked may have gone meanwhile
                future.set_result(answer)
