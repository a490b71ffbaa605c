"""Loudness of mu-law audio in dBFS: 0 is a full-scale square wave, quiet lines lie near -60."""

from math import log10

from audiokit.mulaw import LINEAR

FLOOR_DBFS = -96.0
"""What digital silence is called, in place of minus infinity."""

_FULL_SCALE = 32768.0
_SQUARES = tuple(value * value for value in LINEAR)
_MAGNITUDES = tuple(abs(value) for value in LINEAR)


def rms(mulaw: bytes) -> float:
    """Root mean square in 16-bit units, 0 for no audio."""
    if not mulaw:
        return 0.0
    return float((sum(map(_SQUARES.__getitem__, mulaw)) / len(mulaw)) ** 0.5)


def peak(mulaw: bytes) -> int:
    """The greatest magnitude in 16-bit units, 0 for no audio."""
    return max(map(_MAGNITUDES.__getitem__, mulaw), default=0)


def level_dbfs(mulaw: bytes) -> float:
    """The RMS level, never below FLOOR_DBFS."""
    return dbfs(rms(mulaw))


def dbfs(amplitude: float) -> float:
    """An amplitude in 16-bit units as dBFS, never below FLOOR_DBFS."""
    if amplitude <= 0:
        return FLOOR_DBFS
    return max(20 * log10(amplitude / _FULL_SCALE), FLOOR_DBFS)
