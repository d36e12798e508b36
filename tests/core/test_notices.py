"""The subscriber of a process hears every channel, also those asked for while it is still connecting."""

import asyncio
from functools import partial

from apps.core.notices import Notices
from apps.core.redis import async_redis

CHANNELS = [f"channel {number}" for number in range(20)]


async def test_channels_asked_for_at_once_are_all_heard() -> None:
    heard: dict[str, asyncio.Event] = {name: asyncio.Event() for name in CHANNELS}

    def hear(name: str, _: bytes) -> None:
        heard[name].set()

    notices = Notices()
    first = asyncio.create_task(notices.subscribe(CHANNELS[0], partial(hear, CHANNELS[0]), lambda: None))
    await asyncio.sleep(0)  # the first has begun to connect
    await asyncio.gather(first, *(notices.subscribe(name, partial(hear, name), lambda: None) for name in CHANNELS[1:]))
    for name in CHANNELS:
        await async_redis().publish(name, b"!")
    async with asyncio.timeout(10):
        await asyncio.gather(*(event.wait() for event in heard.values()))
    assert notices._task is not None
    notices._task.cancel()
    await asyncio.gather(notices._task, return_exceptions=True)
    await async_redis().aclose()
