"""Ties children to the process that started them, so that none stays behind when it is killed outright."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # prctl(2)

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Return a `preexec_fn` by which Linux sends `stop_signal` to the child when its parent ends; None elsewhere."""
    libc = _libc
    if libc is None:
        return None
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # it ended before the tie was made
            os._exit(1)

    return tie
