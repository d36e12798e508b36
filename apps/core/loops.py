"""What every event loop has one of: clients, listeners and registers belong to the loop that they were made in."""

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


def per_loop(make: Callable[[], T]) -> Callable[[], T]:
    """Call `make` once in each event loop, and return what it made for the running one; it goes when the loop does."""
    made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    @wraps(make)
    def of_running_loop() -> T:
        loop = asyncio.get_running_loop()
        if loop not in made:
            made[loop] = make()
        return made[loop]

    return of_running_loop
