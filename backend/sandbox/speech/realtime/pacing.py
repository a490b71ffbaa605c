"""In which pieces generated audio is sent, and when."""

import asyncio
from collections.abc import Iterator
from random import Random

from audiokit.mulaw import BYTES_PER_MS

_SHORTEST_DELTA_MS = 50
_LONGEST_DELTA_MS = 400


def delta_bounds(length: int, random: Random) -> Iterator[tuple[int, int]]:
    """Cuts of `length` bytes of mu-law into deltas of varying size; the last may be shorter."""
    begin = 0
    while begin < length:
        end = min(begin + random.randint(_SHORTEST_DELTA_MS, _LONGEST_DELTA_MS) * BYTES_PER_MS, length)
        yield begin, end
        begin = end


class Pace:
    """Generation at a steady rate, on an absolute schedule from the moment it starts."""

    def __init__(self, per_second: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._per_second = per_second
        self._started_at = self._loop.time()

    async def until(self, amount: float) -> None:
        """Wait until that much may have been generated."""
        await asyncio.sleep(max(self._started_at + amount / self._per_second - self._loop.time(), 0))
