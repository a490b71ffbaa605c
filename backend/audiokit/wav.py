"""WAV files (RIFF/WAVE): reading what people have, writing 16-bit PCM.

Read are mono and stereo files of 8-bit, 16-bit and 24-bit PCM and of G.711 mu-law.
"""

import struct
import sys
from array import array
from dataclasses import dataclass

from audiokit.mulaw import decode
from audiokit.samples import Samples, zeros

_PCM = 0x0001
_MULAW = 0x0007
_EXTENSIBLE = 0xFFFE
_HEADER_BYTES = 44
_GREATEST_SIZE = 0xFFFFFFFF


class WavError(ValueError):
    """The bytes are no WAV file, or one of a kind that is not read here."""


@dataclass(frozen=True, slots=True)
class Wav:
    """Audio as 16-bit samples: one array per channel, all of the same length."""

    sample_rate: int
    channels: tuple[Samples, ...]

    @property
    def duration_s(self) -> float:
        return len(self.channels[0]) / self.sample_rate

    def mono(self) -> Samples:
        """The mean of the channels."""
        if len(self.channels) == 1:
            return self.channels[0][:]
        left, right = self.channels
        return array("h", ((a + b) >> 1 for a, b in zip(left, right, strict=True)))


@dataclass(frozen=True, slots=True)
class _Format:
    code: int
    channels: int
    sample_rate: int
    bits: int


def read_wav(data: bytes) -> Wav:
    """Parse a WAV file; WavError says what is wrong with it. A cut-off last sample is dropped."""
    form, body = _chunks(data)
    width = form.channels * form.bits // 8
    samples = _samples(form, body[: len(body) - len(body) % width])
    return Wav(form.sample_rate, tuple(samples[number :: form.channels] for number in range(form.channels)))


def write_wav(wav: Wav) -> bytes:
    """A mono or stereo file of 16-bit PCM; a channel that is shorter than the other is filled up with silence."""
    length = max(len(channel) for channel in wav.channels)
    body = zeros(length * len(wav.channels))
    for number, channel in enumerate(wav.channels):
        padded = channel + zeros(length - len(channel))
        body[number :: len(wav.channels)] = padded
    if sys.byteorder == "big":
        body.byteswap()
    return wav_header(wav.sample_rate, len(wav.channels), 2 * len(body)) + body.tobytes()


def wav_header(sample_rate: int, channels: int, body_bytes: int) -> bytes:
    """The 44 bytes before `body_bytes` of interleaved 16-bit little-endian samples."""
    if channels not in (1, 2):
        raise WavError("only mono and stereo are written")
    if body_bytes + _HEADER_BYTES > _GREATEST_SIZE:
        raise WavError("a WAV file cannot hold more than 4 GiB")
    rates = (sample_rate, sample_rate * channels * 2, channels * 2, 16)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, channels, *rates)
    riff = struct.pack("<4sI4s", b"RIFF", _HEADER_BYTES - 8 + body_bytes, b"WAVE")
    return riff + form + struct.pack("<4sI", b"data", body_bytes)


def _chunks(data: bytes) -> tuple[_Format, bytes]:
    """Walk through the chunks up to the audio; chunks that are not needed are skipped."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("not a WAV file: it does not begin with RIFF and WAVE")
    form: _Format | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = _format(body)
        elif name == b"data":
            if form is None:
                raise WavError("the audio comes before the description of its format")
            return form, body
        at += 8 + size + size % 2
    raise WavError("the file holds no audio")


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise WavError("the description of the format is cut off")
    code, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if code == _EXTENSIBLE and len(body) >= 26:
        (code,) = struct.unpack_from("<H", body, 24)
    if channels not in (1, 2):
        raise WavError(f"only mono and stereo are read, this has {channels} channels")
    if sample_rate == 0:
        raise WavError("the file says that it has no samples a second")
    if (code, bits) not in {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_MULAW, 8)}:
        raise WavError(f"neither PCM of 8, 16 or 24 bits nor mu-law: format {code} of {bits} bits")
    return _Format(code, channels, sample_rate, bits)


def _samples(form: _Format, body: bytes) -> Samples:
    if form.code == _MULAW:
        return decode(body)
    if form.bits == 8:
        return array("h", ((byte - 128) << 8 for byte in body))
    if form.bits == 24:
        trimmed = bytearray(len(body) // 3 * 2)
        trimmed[0::2], trimmed[1::2] = body[1::3], body[2::3]
        body = bytes(trimmed)
    samples = array("h", body)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
