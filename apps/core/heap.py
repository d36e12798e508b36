"""The heap of a process that answers people."""

import ctypes
import gc
import logging
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

MAPS = Path("/proc/self/maps")
HUGE_PAGE_BYTES = 2 << 20
COLLAPSE = 25  # MADV_COLLAPSE of madvise(2), Linux 6.1


def leave_out_of_collections() -> None:
    """Have later garbage collections pass over what stands now: a full one took 100 to 134 ms with it.

    Called when a process has started, before it serves.
    """
    gc.collect()
    gc.freeze()


def use_huge_pages() -> None:
    """Have Linux lay what stands now together in huge pages, beside everything else. Elsewhere nothing happens.

    A request comes to a processor whose caches are cold, and finds its way through fewer pages: first tokens came
    6 % sooner. It takes half a second, and 1 % more memory.
    """
    if MAPS.exists():
        threading.Thread(target=_use_huge_pages, name="huge pages", daemon=True).start()


def _use_huge_pages() -> None:
    with MAPS.open() as maps:
        regions = list(own_memory(maps))
    madvise = getattr(ctypes.CDLL(None), "madvise", None)
    if madvise is None:
        return
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    refused = sum(madvise(start, length, COLLAPSE) != 0 for start, length in regions)
    logger.info("heap.huge_pages", extra={"regions": len(regions), "refused": refused})


def own_memory(maps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Return where whole huge pages fit into a process's own memory: address and bytes. `maps`: see proc(5)."""
    for line in maps:
        span, permissions, _, _, inode, *name = line.split()
        if permissions != "rw-p" or inode != "0" or name[:1] == ["[stack]"]:
            continue
        first, last = (int(end, 16) for end in span.split("-"))
        start, end = -(-first // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES, last // HUGE_PAGE_BYTES * HUGE_PAGE_BYTES
        if start < end:
            yield start, end - start
