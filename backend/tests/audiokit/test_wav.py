import io
import struct
import wave
from array import array

import pytest

from audiokit.mulaw import LINEAR
from audiokit.samples import Samples
from audiokit.wav import Wav, WavError, read_wav, wav_header, write_wav

RAMP = array("h", range(-1000, 1000))


def riff(form: bytes, body: bytes, *, before: bytes = b"") -> bytes:
    content = b"WAVE" + before + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body))
    return b"RIFF" + struct.pack("<I", len(content) + len(body)) + content + body


def form(code: int, channels: int, bits: int, rate: int = 8000) -> bytes:
    width = channels * bits // 8
    return struct.pack("<HHIIHH", code, channels, rate, rate * width, width, bits)


@pytest.mark.parametrize("channels", [(RAMP,), (RAMP, array("h", reversed(RAMP)))])
def test_what_is_written_is_read_again(channels: tuple[Samples, ...]) -> None:
    original = Wav(8000, channels)

    assert read_wav(write_wav(original)) == original


def test_the_standard_library_reads_what_is_written() -> None:
    data = write_wav(Wav(16_000, (RAMP, array("h", [7]))))

    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 16_000, 2)
        frames = struct.unpack("<4000h", file.readframes(5000))
    assert frames[:4] == (-1000, 7, -999, 0)


def test_the_standard_library_s_file_is_read() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(RAMP.tobytes())

    assert read_wav(buffer.getvalue()) == Wav(8000, (RAMP,))


@pytest.mark.parametrize(
    ("description", "body", "expected"),
    [
        (form(1, 1, 8), bytes([0, 128, 255]), [-32768, 0, 32512]),
        (form(1, 1, 24), bytes([9, 1, 0, 9, 0, 0x80]), [1, -32768]),
        (form(7, 1, 8), bytes([0x00, 0xFF, 0x80]), [LINEAR[0], 0, LINEAR[0x80]]),
        (form(0xFFFE, 1, 16) + struct.pack("<HHIH14x", 22, 16, 4, 1), bytes([1, 0]), [1]),
    ],
    ids=["8 bits", "24 bits", "mu-law", "extensible"],
)
def test_other_formats_are_read_as_16_bits(description: bytes, body: bytes, expected: list[int]) -> None:
    assert read_wav(riff(description, body)).channels[0].tolist() == expected


def test_unknown_chunks_are_skipped_with_their_padding() -> None:
    data = riff(form(1, 1, 16), b"\x05\x00", before=b"LIST" + struct.pack("<I", 3) + b"abc\0")

    assert read_wav(data).channels[0].tolist() == [5]


def test_a_file_cut_off_in_a_sample_keeps_the_whole_ones() -> None:
    data = write_wav(Wav(8000, (RAMP, RAMP)))

    assert len(read_wav(data[:-3]).channels[0]) == len(RAMP) - 1


def test_stereo_is_mixed_to_its_mean() -> None:
    assert Wav(8000, (array("h", [100, -4]), array("h", [300, -8]))).mono().tolist() == [200, -6]


def test_the_duration_is_in_seconds() -> None:
    assert Wav(8000, (RAMP,)).duration_s == 0.25


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a WAV file"),
        (b"OggS" + bytes(60), "not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "no audio"),
        (riff(form(1, 6, 16), b""), "6 channels"),
        (riff(form(3, 1, 32), b""), "format 3 of 32 bits"),
        (riff(form(1, 1, 16, rate=0), b""), "no samples a second"),
        (riff(b"\x01\x00", b""), "cut off"),
        (b"RIFF\0\0\0\0WAVEdata\x02\0\0\0ab", "before the description"),
    ],
)
def test_other_bytes_are_refused_with_the_reason(data: bytes, message: str) -> None:
    with pytest.raises(WavError, match=message):
        read_wav(data)


@pytest.mark.parametrize(("channels", "size", "message"), [(3, 10, "stereo"), (1, 2**32, "4 GiB")])
def test_what_cannot_be_written_is_refused(channels: int, size: int, message: str) -> None:
    with pytest.raises(WavError, match=message):
        wav_header(8000, channels, size)
