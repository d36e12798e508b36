"""A new version comes in while people write: each program is replaced by a new one, and nobody loses a word."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests.laws.installation import CAST
from tests.laws.readers import Reader
from tests.laws.verdicts import judge_words
from tests.laws.writers import Writer
from tests.processes import ROOT, until
from tests.project.conftest import Installation

RENEWAL_SECONDS = 120
BACK_SECONDS = 5  # two on an idle machine
CHILDREN = ("project.server", "manage.py generator", "project worker", "project beat")
RESTARTING = 4512


class Company:
    """Three people who write in one document of an installation, and a reader of the assistant's."""

    def __init__(self, installation: Installation) -> None:
        script = CAST.format(people=3, documents=1)
        made = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c", script],
            cwd=ROOT,
            env=installation.environment(COOKIE_SUFFIX=f"_{installation.port}"),
            capture_output=True,
            check=True,
        )
        cast = json.loads(made.stdout)
        sockets = f"ws://127.0.0.1:{installation.port}/ws"
        sync, assistant = (f"{sockets}/{kind}/{cast['documents'][0]}" for kind in ("sync", "assistant"))
        self.writers = [
            Writer(f"w{number}", cookie, lambda: sync + "?ack=1", random.Random(number))
            for number, cookie in enumerate(cast["cookies"])
        ]
        self.reader = Reader("r", cast["cookies"][0], lambda: assistant, random.Random(9))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Have them type all the time."""
        people = [asyncio.create_task(writer.run()) for writer in self.writers]
        people.append(asyncio.create_task(self.reader.run()))
        try:
            await self.until_in_step()
            typing = [asyncio.create_task(self._type(writer)) for writer in self.writers]
            yield
            for task in typing:
                task.cancel()
            await self.until_in_step()
        finally:
            for task in people:
                task.cancel()
            await asyncio.gather(*people, return_exceptions=True)

    async def until_in_step(self) -> None:
        def in_step() -> bool:
            return all(one.is_saved for one in self.writers) and len({one.text for one in self.writers}) == 1

        await until(in_step, seconds=30, what=lambda: "one text, saved everywhere")

    @staticmethod
    async def _type(writer: Writer) -> None:
        while True:
            await writer.type()
            await asyncio.sleep(0.05)


def children(installation: Installation) -> dict[str, psutil.Process | None]:
    return {words: installation.child(words) for words in CHILDREN}


async def test_a_new_version_replaces_the_old_one_while_people_write(folder: Path) -> None:
    installation = Installation(folder / "renewed" / "data")
    installation.data_dir.parent.mkdir()
    try:
        await asyncio.to_thread(installation.start)
        company = await asyncio.to_thread(Company, installation)
        before = children(installation)
        assert installation.process is not None
        async with company.at_work():
            installation.process.send_signal(signal.SIGHUP)
            asked = 0
            while "The new version runs." not in installation.output():
                assert installation.is_running(), installation.output()
                asked += 1
                assert asked < RENEWAL_SECONDS * 10, installation.output()
                if asked % 20 == 1:
                    await company.reader.ask()
                await asyncio.sleep(0.1)
            generation = await company.reader.ask()
            await until(lambda: not company.reader.asked, seconds=20, what=lambda: "an answer")
            await until(lambda: not company.reader.waits_for, seconds=40, what=lambda: "the ends of all answers")
        after = children(installation)
        assert None not in after.values()
        assert all(before[words] != after[words] for words in CHILDREN)
        words = sum(len(writer.typed) for writer in company.writers)
        assert words > 0
        assert judge_words(company.writers[0].text, company.writers) == []
        for writer in company.writers:
            assert writer.complaints == []
            assert writer.codes[0] == RESTARTING, writer.codes  # asked to come back
            assert len(writer.codes) <= 2, writer.codes  # who comes at once may meet the old process once more
            assert writer.refused == 0
        assert generation in company.reader.readings
        ends = [reading.end["type"] for reading in company.reader.readings.values() if reading.end]
        assert ends == ["done"] * len(company.reader.readings)
        assert company.reader.complaints == []
        assert [lie for reading in company.reader.readings.values() if (lie := reading.lie())] == []

        await _come_back_after_a_crash(installation, company)
    finally:
        await asyncio.to_thread(installation.end)


async def _come_back_after_a_crash(installation: Installation, company: Company) -> None:
    """Who was connected to a killed web process is back two seconds after it is, with every word."""
    async with company.at_work():
        killed = installation.child("project.server")
        assert killed is not None
        connections = [len(writer.codes) for writer in company.writers]
        killed.kill()
        await until(
            lambda: all(len(writer.codes) > count for writer, count in zip(company.writers, connections, strict=True)),
            seconds=10,
            what=lambda: "the end of everybody's connection",
        )
        await asyncio.to_thread(_wait_for, installation)
        begun = time.monotonic()
        await until(
            lambda: all(one.synced for one in company.writers), seconds=BACK_SECONDS, what=lambda: "everybody's return"
        )
        print(f"everybody was back {time.monotonic() - begun:.2f} s after the web process")
    assert judge_words(company.writers[0].text, company.writers) == []


def _wait_for(installation: Installation) -> None:
    deadline = time.monotonic() + 60
    while not installation.answers():
        assert time.monotonic() < deadline
