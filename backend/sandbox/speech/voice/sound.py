"""From espeak-ng's samples to a telephone's: 8 kHz, without silence around it, at one level, as mu-law."""

from array import array

import numpy as np
from numpy.typing import NDArray

from audiokit.mulaw import SAMPLE_RATE, encode
from audiokit.resample import TAP_BITS, filter_bank

_SPEECH_LEVEL = 3300.0
"""Root mean square of the loud half of the speech: about -20 dBFS, the level of a normal telephone call."""

_PEAK = 29000.0
_AUDIBLE = 60
"""Magnitude above which a sample is not silence."""

_MARGIN = 40
"""Samples (5 ms) kept around the speech."""

_BLOCK = 8000
_NEGATIVE_ZERO_TO_ZERO = bytes(255 if byte == 0x7F else byte for byte in range(256))

Wave = NDArray[np.float64]


def telephone_sound(pcm: bytes, rate: int) -> tuple[bytes, float]:
    """mu-law of 16-bit little-endian samples, and how many ms of silence were cut off in front.

    The byte 0x7F (minus zero) does not occur in it: a path that turns it into 0xFF changes nothing.
    """
    wave = _to_telephone_rate(np.frombuffer(pcm, "<i2").astype(np.float64), rate)
    audible = np.flatnonzero(np.abs(wave) > _AUDIBLE)
    if not audible.size:
        return b"", 0.0
    begin = max(int(audible[0]) - _MARGIN, 0)
    wave = _levelled(wave[begin : int(audible[-1]) + _MARGIN])
    mulaw = encode(array("h", wave.astype("<i2").astype(np.int16).tobytes()))
    return mulaw.translate(_NEGATIVE_ZERO_TO_ZERO), begin * 1000 / SAMPLE_RATE


def _to_telephone_rate(wave: Wave, rate: int) -> Wave:
    """audiokit's filters evaluated by numpy, a block at a time: an answer must not wait for its resampling."""
    if rate == SAMPLE_RATE or not wave.size:
        return wave
    bank = filter_bank(rate, SAMPLE_RATE)
    filters = np.array(bank.filters, np.float64)
    padded = np.concatenate([np.zeros(bank.reach), wave, np.zeros(2 * bank.reach)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * bank.reach)
    result = np.empty(-(-wave.size * bank.up // bank.down))
    for begin in range(0, result.size, _BLOCK):
        numbers = np.arange(begin, min(begin + _BLOCK, result.size)) * bank.down
        totals = np.einsum("ij,ij->i", windows[numbers // bank.up + 1], filters[numbers % bank.up])
        result[begin : begin + _BLOCK] = np.floor((totals + (1 << TAP_BITS - 1)) / (1 << TAP_BITS))
    return result


def _levelled(wave: Wave) -> Wave:
    squares = np.sort(wave**2)
    loud = float(np.sqrt(np.mean(squares[squares.size // 2 :])))
    gain = min(_SPEECH_LEVEL / loud, _PEAK / float(np.max(np.abs(wave))))
    levelled: Wave = np.rint(wave * gain)
    return levelled
