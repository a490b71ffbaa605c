"""The wall clock of the speech service; everything else is given its `now`."""

from collections.abc import Callable
from time import time_ns

Clock = Callable[[], float]
"""Returns seconds since the Unix epoch."""


def unix_seconds() -> float:
    return time_ns() / 1e9
