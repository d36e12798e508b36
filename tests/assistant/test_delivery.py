"""Delivery at a reader's pace: nothing lost, nothing doubled, a bounded number of events in flight."""

import asyncio
import json
import random
from uuid import UUID, uuid4

from pytest_django import Settings

from apps.assistant.delivery import Delivery
from apps.assistant.log import Line, line_of
from apps.assistant.messages.events import Chunk
from apps.assistant.tails import Tail


def lines_of(generation: UUID, count: int, start: int = 1) -> list[Line]:
    return [
        line_of(Chunk(type="chunk", id=generation, seq=seq, text=f"{seq} "), None)
        for seq in range(start, start + count)
    ]


class Reader:
    """Keeps what it was sent."""

    def __init__(self) -> None:
        self.frames: list[dict[str, object]] = []
        self.delivery = Delivery(uuid4(), self._take, lambda _: None)

    async def _take(self, frame: str) -> None:
        self.frames.append(json.loads(frame))

    @property
    def text(self) -> str:
        return "".join(str(frame["text"]) for frame in self.frames)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


async def test_a_full_window_holds_events_back_until_they_are_acknowledged(settings: Settings) -> None:
    settings.ASSISTANT_SOCKET_WINDOW_EVENTS = 10
    settings.ASSISTANT_UNACKNOWLEDGED_SECONDS = 60
    reader, tail = Reader(), Tail(uuid4(), None)
    running = asyncio.create_task(reader.delivery.run())
    reader.delivery.follow(tail, 0)
    for line in lines_of(tail.generation_id, 30):
        tail.extend([line])
        reader.delivery.wake()
        await reader.settle()
    assert [frame["seq"] for frame in reader.frames] == list(range(1, 11))
    reader.delivery.acknowledge({tail.generation_id: 5})
    await reader.settle()
    assert (reader.frames[-1]["seq"], reader.frames[-1]["span"]) == (30, 20)
    running.cancel()


async def test_a_reader_that_never_acknowledges_still_gets_everything(settings: Settings) -> None:
    settings.ASSISTANT_SOCKET_WINDOW_EVENTS = 4
    settings.ASSISTANT_UNACKNOWLEDGED_SECONDS = 0.01
    reader, tail = Reader(), Tail(uuid4(), None)
    running = asyncio.create_task(reader.delivery.run())
    reader.delivery.follow(tail, 0)
    for line in lines_of(tail.generation_id, 50):
        tail.extend([line])
        reader.delivery.wake()
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        while not reader.frames or reader.frames[-1]["seq"] != 50:  # noqa: ASYNC110  (the delivery has its own clock)
            await asyncio.sleep(0.005)
    assert reader.text == "".join(f"{seq} " for seq in range(1, 51))
    assert len(reader.frames) < 50
    running.cancel()


async def test_any_history_of_events_and_acknowledgements_arrives_whole(settings: Settings) -> None:
    settings.ASSISTANT_UNACKNOWLEDGED_SECONDS = 0.001
    seed = random.randrange(2**32)
    print("seed", seed)
    choice = random.Random(seed)
    for _ in range(30):
        settings.ASSISTANT_SOCKET_WINDOW_EVENTS = choice.randrange(1, 40)
        reader, tail = Reader(), Tail(uuid4(), None)
        total, after = choice.randrange(1, 120), choice.randrange(0, 3)
        lines = lines_of(tail.generation_id, total)
        running = asyncio.create_task(reader.delivery.run())
        tail.extend(lines[:after])
        reader.delivery.follow(tail, after)
        at = after
        while at < total:
            step = choice.randrange(1, 30)
            repeated = max(0, at - choice.randrange(3))  # notices may come twice
            assert tail.extend(lines[repeated : at + step])
            at += step
            reader.delivery.wake()
            if reader.frames and choice.random() < 0.5:
                reader.delivery.acknowledge({tail.generation_id: int(str(reader.frames[-1]["seq"]))})
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while after < total and (not reader.frames or reader.frames[-1]["seq"] != total):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert reader.text == "".join(f"{seq} " for seq in range(min(after, total) + 1, total + 1))
        position = min(after, total)
        for frame in reader.frames:
            position += int(str(frame.get("span", 1)))
            assert frame["seq"] == position
        running.cancel()


def test_a_tail_refuses_a_gap_and_ignores_what_it_has() -> None:
    tail = Tail(uuid4(), None)
    lines = lines_of(tail.generation_id, 5)
    assert tail.extend(lines[:2])
    assert tail.extend(lines[:2])
    assert not tail.extend(lines[3:])
    assert [line.seq for line in tail.lines] == [1, 2]
