"""Values that every request needs are read again before they no longer hold, so that no request waits for them."""

import asyncio
from collections.abc import Iterator

import pytest

from apps.core import kept
from apps.core.kept import Kept, all_known
from tests.processes import until


@pytest.fixture
def counted() -> Iterator[Kept[int]]:
    reads: list[None] = []

    def read() -> int:
        reads.append(None)
        return len(reads)

    yield Kept("counted", read)
    del kept._all["counted"]


@pytest.mark.django_db(transaction=True)
def test_an_old_value_is_read_again_beside_who_asks(counted: Kept[int], monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        await all_known()
        first = counted.get()
        monkeypatch.setattr(kept, "OLD_SECONDS", 0.0)
        await all_known()
        assert counted.get() == first  # nobody waits for the next
        await until(lambda: counted.get() > first, seconds=30, what=lambda: "a newer value")

    asyncio.run(ask())
