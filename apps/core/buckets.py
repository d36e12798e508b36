"""Token buckets: how much of something a connection may send."""

import time


class Bucket:
    """`rate` per second, `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._filled_at = time.monotonic()

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` at `now` of the monotonic clock; False where so much was not left."""
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._rate) - amount
        self._filled_at = now
        return self._left >= 0
