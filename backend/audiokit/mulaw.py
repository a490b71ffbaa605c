"""G.711 mu-law (ITU-T G.711, 1988): one byte per sample at 8 kHz, eight bytes a millisecond.

Linear samples are 16-bit. The encoder follows the 14-bit rule of the reference code (shift, bias 33, eight segments),
so that its bytes equal those of every common implementation.
"""

import sys
from array import array

from audiokit.samples import Samples

SAMPLE_RATE = 8000
BYTES_PER_MS = 8
FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
SILENCE = b"\xff"
"""The byte of a zero sample; its negative twin is 0x7F."""

_BIAS = 33
_CLIP = 8191 - _BIAS


def _expand(byte: int) -> int:
    value = ~byte & 0xFF
    magnitude = (((value & 0x0F) << 1) + _BIAS) << (value >> 4 & 0x07)
    linear = (magnitude - _BIAS) << 2
    return -linear if value & 0x80 else linear


def _compress(sample: int) -> int:
    linear = sample >> 2  # an arithmetic shift: -1 stays -1, as in the reference
    mask, magnitude = (0x7F, -linear) if linear < 0 else (0xFF, linear)
    magnitude = min(magnitude, _CLIP) + _BIAS
    segment = max(magnitude.bit_length() - 6, 0)
    return (segment << 4 | magnitude >> (segment + 1) & 0x0F) ^ mask


LINEAR: tuple[int, ...] = tuple(_expand(byte) for byte in range(256))
"""The 16-bit sample of every mu-law byte."""

_COMPRESSED = bytes(_compress(sample - 0x10000 if sample & 0x8000 else sample) for sample in range(0x10000))
"""Indexed by the sample read as unsigned 16 bits."""

_LOW_BYTES = bytes(value & 0xFF for value in LINEAR)
_HIGH_BYTES = bytes(value >> 8 & 0xFF for value in LINEAR)


def decode_to_bytes(mulaw: bytes) -> bytes:
    """Expand to 16-bit little-endian samples, two bytes for each."""
    pcm = bytearray(2 * len(mulaw))
    pcm[0::2] = mulaw.translate(_LOW_BYTES)
    pcm[1::2] = mulaw.translate(_HIGH_BYTES)
    return bytes(pcm)


def decode(mulaw: bytes) -> Samples:
    """Expand to 16-bit samples."""
    samples = array("h", decode_to_bytes(mulaw))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def encode(samples: Samples) -> bytes:
    """Compress 16-bit samples."""
    unsigned = memoryview(samples).cast("B").cast("H")
    return bytes(map(_COMPRESSED.__getitem__, unsigned))


def encode_bytes(pcm: bytes) -> bytes:
    """Compress 16-bit little-endian samples; ValueError when half a sample is left over."""
    if len(pcm) % 2:
        raise ValueError("16-bit audio has an even number of bytes")
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return encode(samples)


def silence(ms: int) -> bytes:
    return SILENCE * (ms * BYTES_PER_MS)
