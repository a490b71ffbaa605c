"""Asking the espeak-ng program."""

import json
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from sandbox.speech.framed_process import FramedProcess, HelperFailed

_PROGRAM = Path(__file__).with_name("espeak_program.py")
_ANSWER_TIMEOUT_S = 15.0


class VoiceUnavailable(Exception):
    """No speech can be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the program is asked; see its documentation."""

    text: str
    voice: str
    rate: int
    pitch: int
    span: int


@dataclass(frozen=True, slots=True)
class Speech:
    """16-bit little-endian samples at `rate` Hz and espeak-ng's events: kind, character, sample."""

    pcm: bytes
    rate: int
    events: tuple[tuple[int, int, int], ...]


class EspeakLink:
    """The espeak-ng process."""

    def __init__(self) -> None:
        self._process = FramedProcess(_PROGRAM, answer_timeout_s=_ANSWER_TIMEOUT_S)

    @property
    def process_id(self) -> int | None:
        return self._process.process_id

    async def speak(self, request: Request) -> Speech:
        """Raises VoiceUnavailable when espeak-ng is not installed, refuses, or fails twice in a row."""
        if find_spec("espeakng_loader") is None:
            raise VoiceUnavailable("espeakng-loader is not installed; it comes with the sandbox extra")
        try:
            head, pcm = await self._process.exchange([json.dumps(asdict(request)).encode()], answers=2)
        except HelperFailed as failure:
            raise VoiceUnavailable(f"espeak-ng does not speak: {failure}") from None
        answer = json.loads(head)
        if "error" in answer:
            raise VoiceUnavailable(answer["error"])
        return Speech(pcm, answer["rate"], tuple((kind, at, sample) for kind, at, sample in answer["events"]))

    async def close(self) -> None:
        await self._process.close()
