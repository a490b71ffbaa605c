"""G.711 A-law (ITU-T G.711, 1988) to and from mu-law, byte by byte."""

from array import array

from audiokit import mulaw


def _expand(byte: int) -> int:
    """The 16-bit sample of an A-law byte; every second bit is inverted on the line."""
    value = byte ^ 0x55
    segment, step = value >> 4 & 0x07, value & 0x0F
    magnitude = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
    return magnitude if value & 0x80 else -magnitude


LINEAR = tuple(_expand(byte) for byte in range(256))
_TO_MULAW = mulaw.encode(array("h", LINEAR))
_FROM_MULAW = bytes(min(range(256), key=lambda byte: abs(LINEAR[byte] - sample)) for sample in mulaw.LINEAR)


def to_mulaw(alaw: bytes) -> bytes:
    return alaw.translate(_TO_MULAW)


def from_mulaw(audio: bytes) -> bytes:
    return audio.translate(_FROM_MULAW)
