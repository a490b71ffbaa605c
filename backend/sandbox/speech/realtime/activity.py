"""Finds where speech begins and ends in mu-law audio by its level above the noise of the line.

A frame of 20 ms costs two table look-ups in C and two sums. Speech is what lies well above the quietest moment of the
last two seconds: pauses between words keep that moment low while somebody talks, steady noise lifts it.
"""

from collections import deque
from dataclasses import dataclass

from audiokit.mulaw import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, LINEAR

_LOW_BYTE = bytes(min(abs(sample), 0xFFFF) & 0xFF for sample in LINEAR)
_HIGH_BYTE = bytes(min(abs(sample), 0xFFFF) >> 8 for sample in LINEAR)

_FULL_SCALE = 32768.0
_MEAN_OF_NOISE = 0.8
"""The mean magnitude of Gaussian noise over its RMS value."""

_WINDOW_FRAMES = 1000 // FRAME_MS
_MARGIN_DB = 12.0
_LOUDEST_NOISE_DBFS = -40.0
_RELEASE = 0.5
"""Speech goes on while it is louder than this share of the level that starts it."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Speech was first heard at this position, in bytes of all audio fed."""

    at: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The silence after speech has lasted its hang-over at this position."""

    at: int


Activity = SpeechBegan | SpeechEnded


def magnitude(frame: bytes) -> float:
    """The mean magnitude of a frame in 16-bit units."""
    return (sum(frame.translate(_LOW_BYTE)) + 256 * sum(frame.translate(_HIGH_BYTE))) / len(frame)


def magnitude_at(dbfs: float) -> float:
    """The mean magnitude of noise of this RMS level."""
    return float(_FULL_SCALE * 10 ** (dbfs / 20) * _MEAN_OF_NOISE)


class NoiseFloor:
    """The quietest frame of the last one to two seconds, never above what a bad line may have."""

    def __init__(self) -> None:
        self._before = self._now = self._most = magnitude_at(_LOUDEST_NOISE_DBFS)
        self._frames = 0
        self._before = 0.0

    def observe(self, level: float) -> float:
        self._now = min(self._now, level)
        self._frames += 1
        floor = min(self._before, self._now)
        if self._frames == _WINDOW_FRAMES:
            self._before, self._now, self._frames = self._now, self._most, 0
        return floor


class SpeechDetector:
    def __init__(self, *, quietest_dbfs: float, onset_ms: int) -> None:
        self._noise = NoiseFloor()
        self._quietest = quietest_dbfs
        self._onset_frames = max(onset_ms // FRAME_MS, 1)
        self._recent: deque[bool] = deque(maxlen=self._onset_frames + 1)
        self._rest = b""
        self._position = 0
        self._silent_frames = 0
        self._voiced_frames = 0
        self.is_speech = False
        self.tune(threshold=0.5, hang_over_ms=500)

    def tune(self, *, threshold: float, hang_over_ms: int) -> None:
        """Set the vendor's activation threshold (0 to 1, 12 dB from the middle to either end) and the hang-over."""
        shift_db = (threshold - 0.5) * 24
        self._least = magnitude_at(self._quietest + shift_db)
        self._ratio = 10 ** ((_MARGIN_DB + shift_db / 2) / 20)
        self._hang_over_frames = max(-(-hang_over_ms // FRAME_MS), 1)

    def forget_speech(self) -> None:
        """What has been heard belongs to a finished turn: the next speech begins anew."""
        self.is_speech = False
        self._recent.clear()

    def feed(self, audio: bytes) -> list[Activity]:
        """Take the next audio of the stream, of any length."""
        audio = self._rest + audio
        whole = len(audio) - len(audio) % FRAME_BYTES
        found: list[Activity] = []
        for begin in range(0, whole, FRAME_BYTES):
            activity = self._hear(magnitude(audio[begin : begin + FRAME_BYTES]))
            if activity is not None:
                found.append(activity)
        self._rest = audio[whole:]
        return found

    def _hear(self, level: float) -> Activity | None:
        self._position += FRAME_BYTES
        loud_enough = max(self._noise.observe(level) * self._ratio, self._least)
        if self.is_speech:
            return self._wait_for_silence(level > loud_enough * _RELEASE)
        return self._wait_for_speech(level > loud_enough)

    def _wait_for_speech(self, is_voiced: bool) -> Activity | None:
        self._recent.append(is_voiced)
        if sum(self._recent) < self._onset_frames:
            return None
        first = list(self._recent).index(True)
        began = self._position - (len(self._recent) - first) * FRAME_BYTES
        self._recent.clear()
        self.is_speech, self._silent_frames, self._voiced_frames = True, 0, 0
        return SpeechBegan(began)

    def _wait_for_silence(self, is_voiced: bool) -> Activity | None:
        """One loud frame in silence is a click and does not prolong a turn."""
        self._voiced_frames = self._voiced_frames + 1 if is_voiced else 0
        self._silent_frames = 0 if self._voiced_frames > 1 else self._silent_frames + 1
        if self._silent_frames < self._hang_over_frames:
            return None
        self.forget_speech()
        return SpeechEnded(self._position)


def milliseconds(position: int) -> int:
    return position // BYTES_PER_MS
