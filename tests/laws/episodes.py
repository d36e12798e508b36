"""Plays one history: people write and ask while processes die and connections break, then everything heals.

Once in every history everybody leaves for good, right after "Saved", and every web process dies: from then on a word
that was acknowledged is in the database or nowhere. Otherwise the copies of those who stay would bring it back.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.laws.faults import draw, kill_holders
from tests.laws.installation import Installation
from tests.laws.readers import Reader
from tests.laws.verdicts import count_open, judge
from tests.laws.writers import Writer
from tests.processes import until

PEOPLE = 4
FAULTS = (2, 6)
LAST_WORDS_SECONDS = (0.1, 0.6)  # that people wait for "Saved" before they leave all the same
SETTLE_SECONDS = 60  # for everything to be in step again after the last fault; on an idle machine it takes two


@dataclass
class Report:
    """What happened in one history, and what was against the law."""

    seed: int
    document: str
    faults: list[str] = field(default_factory=list)
    words: int = 0
    generations: dict[str, int] = field(default_factory=dict)
    settled_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.generations.items())) or "no generations"
        line = f"seed {self.seed}: {self.words} words, {ends}, in step after {self.settled_seconds:.1f} s"
        return line + "".join(f"\n    {fault}" for fault in self.faults) if self.violations else line


class Episode:
    """One history in one document."""

    def __init__(self, installation: Installation, document: str, seed: int) -> None:
        self.installation = installation
        self.document = document
        self.chance = random.Random(seed)
        self.report = Report(seed, document)
        self.writers: list[Writer] = []
        self.vanished: list[Writer] = []
        self.readers: list[Reader] = []
        self._tasks: dict[Writer | Reader, asyncio.Task[None]] = {}
        self._typing: list[asyncio.Task[None]] = []

    async def play(self) -> Report:
        """Live through it and judge."""
        self.installation.provider.behave(
            first=self.chance.uniform(0, 0.3), rate=self.chance.choice([20, 40, 80]), tokens=self.chance.randrange(150)
        )
        self._add_writers()
        for number in range(PEOPLE):
            self._add_reader(f"r{number}", number)
        try:
            await self.installation.heal()
            await self._until(lambda: all(writer.synced for writer in self.writers), "everybody's first copy")
            self._begin_to_type()
            self._typing += [asyncio.create_task(self._ask(reader)) for reader in self.readers[:2]]
            await self._go_wrong()
            await self._settle()
            self.report.words = sum(len(writer.typed) for writer in [*self.writers, *self.vanished])
            await judge(self)
        except AssertionError as error:
            self.report.violations.append(str(error))
        finally:
            await self._end(*self._typing, *self._tasks.values())
        return self.report

    # People

    def sync_url(self, web: int | None = None) -> str:
        return self.installation.socket_url(f"/ws/sync/{self.document}?ack=1", web)

    def assistant_url(self, web: int | None = None) -> str:
        return self.installation.socket_url(f"/ws/assistant/{self.document}", web)

    def _add_writers(self) -> None:
        """Let everybody open the document, in browsers that know nothing of it."""
        for number in range(PEOPLE):
            name = f"w{len(self.writers) + len(self.vanished)}"
            writer = Writer(name, self.installation.cookies[number], self.sync_url, self._own_chance())
            self.writers.append(writer)
            self._tasks[writer] = asyncio.create_task(writer.run())

    def _begin_to_type(self) -> None:
        self._typing += [asyncio.create_task(self._write(writer), name=writer.name) for writer in self.writers]

    def _add_reader(self, name: str, person: int) -> None:
        reader = Reader(name, self.installation.cookies[person], self.assistant_url, self._own_chance())
        self.readers.append(reader)
        self._tasks[reader] = asyncio.create_task(reader.run())

    def _own_chance(self) -> random.Random:
        return random.Random(self.chance.random())

    async def _write(self, writer: Writer) -> None:
        """Type in bursts, now and then offline, reloading, or with a lost connection."""
        chance = self._own_chance()
        while True:
            for _ in range(chance.randrange(1, 12)):
                await writer.type()
                await asyncio.sleep(chance.uniform(0, 0.12))
            act = chance.random()
            if act < 0.08:
                writer.go()
            elif act < 0.12:
                writer.drop()
            elif act < 0.16:
                writer.reload()
            await asyncio.sleep(chance.uniform(0, 0.5))
            if chance.random() < 0.5:
                writer.come_back()

    async def _ask(self, reader: Reader) -> None:
        """Start generations, decide about some while they stream, cancel some, lose the connection now and then."""
        chance = self._own_chance()
        while True:
            await asyncio.sleep(chance.uniform(0.2, 2))
            visibility = chance.choice(["shared", "shared", "private"])
            generation = await reader.ask(visibility=visibility)
            if chance.random() < 0.3:
                await asyncio.sleep(chance.uniform(0, 1))
                await reader.decide(generation)
            if chance.random() < 0.25:
                await asyncio.sleep(chance.uniform(0, 1))
                await reader.cancel(generation)
            if chance.random() < 0.2:
                self.chance.choice(self.readers).drop()

    def _vanish(self) -> None:
        """Somebody closes the browser for good, perhaps with unsaved words."""
        writer = self.chance.choice(self.writers)
        self._stop_typing(writer)
        self._close_browser(writer)

    def _stop_typing(self, writer: Writer) -> None:
        index = next(index for index, task in enumerate(self._typing) if task.get_name() == writer.name)
        self._typing.pop(index).cancel()

    def _close_browser(self, writer: Writer) -> None:
        self.writers.remove(writer)
        self._tasks.pop(writer).cancel()
        self.vanished.append(writer)

    async def _everybody_leaves(self) -> str:
        """Everybody writes last words and leaves, the copies with them; then dies what may hold a word in memory."""
        database = self.installation.postgres_proxy
        away = self.chance.random() < 0.5
        for writer in self.writers:
            self._stop_typing(writer)
            writer.come_back()
        await self._until(lambda: all(writer.is_saved for writer in self.writers), "that everything is saved")
        if away:
            database.hold()
        for writer in self.writers:
            await writer.type()
        await self._wait_for_saved(self.chance.uniform(*LAST_WORDS_SECONDS))
        saved = sum(writer.is_saved for writer in self.writers)
        for writer in list(self.writers):
            self._close_browser(writer)
        happened = await kill_holders(self.installation, self.chance)
        self._add_writers()
        self._begin_to_type()
        where = ", with the database out of reach" if away else ""
        return f"everybody left, {saved} of {PEOPLE} with everything saved{where}, and {happened}"

    async def _wait_for_saved(self, seconds: float) -> None:
        with suppress(AssertionError):
            await until(lambda: all(writer.is_saved for writer in self.writers), seconds=seconds, what=lambda: "saved")

    # The course

    async def _go_wrong(self) -> None:
        faults = self.chance.randint(*FAULTS)
        exodus = self.chance.randrange(faults)
        for number in range(faults):
            if number == exodus:
                self.report.faults.append(await self._everybody_leaves())
            await asyncio.sleep(self.chance.uniform(0.1, 0.8))
            together = 2 if self.chance.random() < 0.25 else 1
            drawn = [draw(self.chance)(self.installation, self.chance) for _ in range(together)]
            for happened in await asyncio.gather(*drawn, return_exceptions=True):
                if isinstance(happened, AssertionError):
                    raise happened
                self.report.faults.append(str(happened))
            if self.chance.random() < 0.1 and len(self.writers) > 2:
                self._vanish()
                self.report.faults.append(f"{self.vanished[-1].name} left for good")

    async def _settle(self) -> None:
        """Heal everything, stop typing, and wait until all copies and all readers have come to rest."""
        await self._end(*self._typing)
        self._typing = []
        await self.installation.heal()
        begun = time.monotonic()
        for writer in self.writers:
            writer.come_back()

        def in_step() -> bool:
            return (
                all(writer.is_saved for writer in self.writers)
                and len({writer.text for writer in self.writers}) == 1
                and all(reader.greeted and not reader.asked for reader in self.readers)
                and not any(reader.waits_for for reader in self.readers)
            )

        await self._until(in_step, "rest")
        while await asyncio.to_thread(count_open, self):  # those that nobody is left to wait for are swept
            if time.monotonic() - begun > SETTLE_SECONDS:
                break  # which is against the law, and judged
            await asyncio.sleep(0.1)
        self.report.settled_seconds = time.monotonic() - begun

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        await until(condition, seconds=SETTLE_SECONDS, what=lambda: f"{what} ({self._unrest()})")

    def _unrest(self) -> str:
        texts = {writer.text for writer in self.writers}
        unsaved = [writer.name for writer in self.writers if not writer.is_saved]
        waiting = {reader.name: (reader.greeted, [*reader.asked], reader.waits_for) for reader in self.readers}
        return f"{len(texts)} texts, unsaved {unsaved}, readers {waiting}"

    @staticmethod
    async def _end(*tasks: "asyncio.Task[None]") -> None:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
