"""The one representation of linear audio."""

from array import array
from typing import TypeAlias

Samples: TypeAlias = "array[int]"
"""Signed 16-bit samples in the machine's byte order: an array of type code "h"."""


def zeros(count: int) -> Samples:
    return array("h", bytes(2 * count))
