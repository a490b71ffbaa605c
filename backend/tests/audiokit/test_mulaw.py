import sys
import warnings
from array import array

import pytest

from audiokit import mulaw

if sys.version_info < (3, 13):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop

EVERY_SAMPLE = array("h", range(-32768, 32768))
EVERY_BYTE = bytes(range(256))

needs_audioop = pytest.mark.skipif(sys.version_info >= (3, 13), reason="the standard library lost audioop in 3.13")


@needs_audioop
def test_every_sample_is_compressed_as_by_the_standard_library() -> None:
    assert mulaw.encode(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE.tobytes(), 2)


@needs_audioop
def test_every_byte_is_expanded_as_by_the_standard_library() -> None:
    assert mulaw.decode(EVERY_BYTE).tobytes() == audioop.ulaw2lin(EVERY_BYTE, 2)


def test_a_byte_survives_expanding_and_compressing_except_negative_zero() -> None:
    assert mulaw.encode(mulaw.decode(EVERY_BYTE)) == EVERY_BYTE.replace(b"\x7f", b"\xff")


@pytest.mark.parametrize(
    ("sample", "byte"),
    [(0, 0xFF), (-1, 0x7E), (3, 0xFF), (4, 0xFE), (1000, 0xCE), (-1000, 0x4E), (32767, 0x80), (-32768, 0x00)],
)
def test_samples_of_the_standard_have_their_known_bytes(sample: int, byte: int) -> None:
    assert mulaw.encode(array("h", [sample])) == bytes([byte])


def test_bytes_and_samples_are_two_views_of_the_same() -> None:
    pcm = mulaw.decode_to_bytes(EVERY_BYTE)

    assert pcm == b"".join(value.to_bytes(2, "little", signed=True) for value in mulaw.LINEAR)
    assert mulaw.encode_bytes(pcm) == mulaw.encode(mulaw.decode(EVERY_BYTE))


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="even number"):
        mulaw.encode_bytes(b"\x00\x01\x02")


def test_silence_decodes_to_zeros() -> None:
    assert mulaw.decode(mulaw.silence(20)) == array("h", [0] * mulaw.FRAME_BYTES)


def test_nothing_is_nothing() -> None:
    assert mulaw.encode(mulaw.decode(b"")) == b""
