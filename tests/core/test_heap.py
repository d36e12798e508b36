"""Memory laid together in huge pages: a process's own, in whole pages, and what stands there is as it was."""

from pathlib import Path

import pytest

from apps.core import heap
from apps.core.heap import HUGE_PAGE_BYTES, own_memory

MAPS = """\
00400000-00a00000 r-xp 00000000 fe:00 1234 /usr/bin/python3
00c00000-01200000 rw-p 00000000 fe:00 1234 /usr/bin/python3
01300000-01b00000 rw-p 00000000 00:00 0 [heap]
02100000-02300000 rw-p 00000000 00:00 0
03000000-03400000 rw-s 00000000 00:01 77 /dev/shm/shared
04000000-04400000 ---p 00000000 00:00 0
05000000-05400000 rw-p 00000000 00:00 0 [stack]
06000000-06400000 rw-p 00000000 00:00 0 [anon: Mem:0x2000000]
"""


def test_only_whole_pages_of_private_memory_are_taken() -> None:
    found = list(own_memory(MAPS.splitlines()))
    assert found == [(0x1400000, 0x600000), (0x6000000, 0x400000)]


def test_what_stands_there_is_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    if not heap.MAPS.exists():
        pytest.skip("Only Linux lays memory together.")
    text = bytearray(range(256)) * (3 * HUGE_PAGE_BYTES // 256)
    with caplog.at_level("INFO"):
        heap._use_huge_pages()
    assert text == bytearray(range(256)) * (3 * HUGE_PAGE_BYTES // 256)
    [said] = [record for record in caplog.records if record.message == "heap.huge_pages"]
    assert vars(said)["regions"] > 0


def test_elsewhere_nothing_is_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(heap, "MAPS", tmp_path / "none")
    monkeypatch.setattr(heap, "_use_huge_pages", lambda: pytest.fail("begun"))
    heap.use_huge_pages()
