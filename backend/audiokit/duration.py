"""How long mu-law audio sounds, in milliseconds, also while it is still base64."""

from audiokit.mulaw import BYTES_PER_MS


def duration_ms(mulaw: bytes) -> float:
    return len(mulaw) / BYTES_PER_MS


def duration_ms_of_base64(text: str) -> float:
    """The duration of base64 mu-law (RFC 4648, padded or not, no line breaks) without decoding it."""
    padding = 2 if text.endswith("==") else text.endswith("=")
    return (len(text) - padding) * 3 // 4 / BYTES_PER_MS


def bytes_of_ms(ms: float) -> int:
    """The whole number of mu-law bytes that sound for at most `ms`."""
    return int(ms * BYTES_PER_MS)
