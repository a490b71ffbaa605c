"""From espeak-ng's samples to a telephone's: 8 kHz, without silence around it, at one level, as mu-law."""

from array import array

import numpy as np

from audiokit.mulaw import SAMPLE_RATE, encode
from sandbox.speech.resampling import Wave, resample_wave

_SPEECH_LEVEL = 3300.0
"""Root mean square of the loud half of the speech: about -20 dBFS, the level of a normal telephone call."""

_PEAK = 29000.0
_AUDIBLE = 60
"""Magnitude above which a sample is not silence."""

_MARGIN = 40
"""Samples (5 ms) kept around the speech."""

_NEGATIVE_ZERO_TO_ZERO = bytes(255 if byte == 0x7F else byte for byte in range(256))


def telephone_sound(pcm: bytes, rate: int) -> tuple[bytes, float]:
    """mu-law of 16-bit little-endian samples, and how many ms of silence were cut off in front.

    The byte 0x7F (minus zero) does not occur in it: a path that turns it into 0xFF changes nothing.
    """
    wave = resample_wave(np.frombuffer(pcm, "<i2").astype(np.float64), rate, SAMPLE_RATE)
    audible = np.flatnonzero(np.abs(wave) > _AUDIBLE)
    if not audible.size:
        return b"", 0.0
    begin = max(int(audible[0]) - _MARGIN, 0)
    wave = _levelled(wave[begin : int(audible[-1]) + _MARGIN])
    mulaw = encode(array("h", wave.astype("<i2").astype(np.int16).tobytes()))
    return mulaw.translate(_NEGATIVE_ZERO_TO_ZERO), begin * 1000 / SAMPLE_RATE


def _levelled(wave: Wave) -> Wave:
    squares = np.sort(wave**2)
    loud = float(np.sqrt(np.mean(squares[squares.size // 2 :])))
    gain = min(_SPEECH_LEVEL / loud, _PEAK / float(np.max(np.abs(wave))))
    levelled: Wave = np.rint(wave * gain)
    return levelled
