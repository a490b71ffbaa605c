"""Audio on the wire to and from mu-law at 8 kHz, the one form in which it is kept here."""

import sys
from array import array
from base64 import b64encode
from binascii import Error, a2b_base64
from typing import Protocol, assert_never

from audiokit import mulaw
from audiokit.resample import Resampler
from audiokit.samples import Samples
from sandbox.speech.realtime import alaw
from sandbox.speech.realtime.refusal import invalid_value
from sandbox.speech.realtime.session_config import Format, Pcm, Pcma, Pcmu

_PCM_HZ = 24000


class Decoder(Protocol):
    def feed(self, wire: bytes) -> bytes:
        """Mu-law of the next bytes of the stream; those that are not settled yet come with the next call."""


class Encoder(Protocol):
    def feed(self, audio: bytes) -> bytes:
        """Wire bytes of the next mu-law."""

    def flush(self) -> bytes:
        """The rest, at the end of the audio."""


def from_base64(text: str, path: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except (Error, ValueError):
        raise invalid_value(path, f"Invalid '{path}'. Expected base64-encoded audio bytes.") from None


def decoder(form: Format) -> Decoder:
    match form:
        case Pcmu():
            return _Through()
        case Pcma():
            return _FromAlaw()
        case Pcm():
            return _FromPcm()
        case _:
            assert_never(form)


def encoder(form: Format) -> Encoder:
    match form:
        case Pcmu():
            return _Through()
        case Pcma():
            return _ToAlaw()
        case Pcm():
            return _ToPcm()
        case _:
            assert_never(form)


def encoded(audio: bytes, form: Format) -> str:
    """A whole recording as base64 in the given format."""
    coder = encoder(form)
    return b64encode(coder.feed(audio) + coder.flush()).decode()


class _Through:
    def feed(self, audio: bytes) -> bytes:
        return audio

    def flush(self) -> bytes:
        return b""


class _FromAlaw:
    def feed(self, wire: bytes) -> bytes:
        return alaw.to_mulaw(wire)


class _ToAlaw:
    def feed(self, audio: bytes) -> bytes:
        return alaw.from_mulaw(audio)

    def flush(self) -> bytes:
        return b""


class _FromPcm:
    def __init__(self) -> None:
        self._resampler = Resampler(_PCM_HZ, mulaw.SAMPLE_RATE)
        self._half_sample = b""

    def feed(self, wire: bytes) -> bytes:
        whole = self._half_sample + wire
        cut = len(whole) & ~1
        self._half_sample = whole[cut:]
        return mulaw.encode(self._resampler.feed(_little_endian(array("h", whole[:cut]))))


class _ToPcm:
    def __init__(self) -> None:
        self._resampler = Resampler(mulaw.SAMPLE_RATE, _PCM_HZ)

    def feed(self, audio: bytes) -> bytes:
        return _little_endian(self._resampler.feed(mulaw.decode(audio))).tobytes()

    def flush(self) -> bytes:
        return _little_endian(self._resampler.flush()).tobytes()


def _little_endian(samples: Samples) -> Samples:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
