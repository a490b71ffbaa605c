"""Agreeing with a server on a configuration: the whole one if it takes that, else what every server takes.

Servers of this protocol other than the vendor's may refuse fields, and most speak linear audio only
(openai-realtime.md §1.4, §6). So the whole configuration is proposed first, then the minimal one, then linear audio
instead of mu-law; a refusal that names its reason leads there at once.
"""

from dataclasses import dataclass

from app.adapters.openai_realtime.codec import AudioSide, Session
from app.adapters.openai_realtime.session_config import JsonObject, in_linear_audio, without_transcription

_MULAW = "audio/pcmu"
_LINEAR = "audio/pcm"
_LINEAR_HZ = 24_000
_SLOWEST_HZ, _FASTEST_HZ = 8_000, 48_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """How audio travels each way: None for mu-law at 8 kHz, else the rate of 16-bit linear audio in Hz."""

    caller_hz: int | None = None
    assistant_hz: int | None = None


class Negotiation:
    """Holds the proposal that is open, and knows the next one."""

    def __init__(self, whole: JsonObject, minimal: JsonObject) -> None:
        self._whole = whole
        self._minimal = minimal
        self._is_minimal = False
        self._is_linear = False
        self._is_transcribed = True

    @property
    def proposal(self) -> JsonObject:
        """The session object to send."""
        session = self._minimal if self._is_minimal else self._whole
        if self._is_linear:
            session = in_linear_audio(session, _LINEAR_HZ)
        return session if self._is_transcribed else without_transcription(session)

    def is_refused(self, param: str) -> bool:
        """The server took nothing of the proposal, because of `param` when it says so. True: there is another one."""
        if "format" in param and not self._is_linear:
            self._is_linear = True
        elif "transcription" in param and self._is_minimal and self._is_transcribed:
            self._is_transcribed = False
        elif not self._is_minimal:
            self._is_minimal = True
        elif not self._is_linear:
            self._is_linear = True
        elif self._is_transcribed:
            self._is_transcribed = False
        else:
            return False
        return True

    def is_answered_otherwise(self) -> bool:
        """The server took the proposal but speaks another format. True: there is another proposal."""
        was_linear, self._is_linear = self._is_linear, True
        return not was_linear

    def agreement(self, session: Session | None) -> Agreement | None:
        """What a server agreed to by the session it describes; None when it speaks what was not proposed.

        Silence about a format means linear audio, the protocol's default: believed once that was proposed.
        """
        audio = session.audio if session is not None else None
        sides = (audio.input, audio.output) if audio is not None else (None, None)
        rates = [self._rate_of(side) for side in sides]
        return None if -1 in rates else Agreement(*rates)

    def _rate_of(self, side: AudioSide | None) -> int | None:
        """None for mu-law, -1 for what cannot be used."""
        form = side.format if side is not None else None
        if form is not None and form.type == _MULAW:
            return None
        if not self._is_linear or (form is not None and form.type != _LINEAR):
            return -1
        rate = _LINEAR_HZ if form is None or form.rate is None else form.rate
        return rate if _SLOWEST_HZ <= rate <= _FASTEST_HZ else -1
