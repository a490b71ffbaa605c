"""Speech for typed lines and for <Say>: by the speech service, so that its ears know the rendering; else our own."""

import math
from array import array
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import httpx
import structlog

from audiokit.mulaw import BYTES_PER_MS, SAMPLE_RATE, encode

log = structlog.get_logger(__name__)

_SERVICE_TIMEOUT_S = 20.0
_ESPEAK = "sandbox.speech.voice"


class _Rendering(Protocol):
    @property
    def audio(self) -> bytes: ...


class _OwnVoice(Protocol):
    async def render(self, text: str, *, language: str, voice: str) -> _Rendering: ...

    async def close(self) -> None: ...


class Voice:
    """Turns text into mu-law; never fails: without any voice there is a tone."""

    def __init__(self, speech_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=speech_url, timeout=_SERVICE_TIMEOUT_S, trust_env=False)
        self._own: _OwnVoice | None = None
        self._own_failure: type[Exception] = RuntimeError

    async def close(self) -> None:
        await self._client.aclose()
        if self._own is not None:
            await self._own.close()

    async def render(self, text: str, *, language: str = "en", voice: str = "caller") -> bytes:
        order = {"text": text, "language": language, "voice": voice}
        try:
            answer = await self._client.post("/sandbox/voice", json=order)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            log.info("no speech service, an own voice speaks", error=type(error).__name__)
            return await self._render_alone(text, language=language, voice=voice)
        return answer.content

    async def _render_alone(self, text: str, *, language: str, voice: str) -> bytes:
        own = self._own_voice()
        if own is None:
            return tone()
        try:
            return (await own.render(text, language=language, voice=voice)).audio
        except self._own_failure as error:
            log.warning("nobody can speak, a tone instead", error=type(error).__name__)
            return tone()

    def _own_voice(self) -> _OwnVoice | None:
        if self._own is None and find_spec(_ESPEAK) is not None:
            # The parts of the sandbox run without each other, so the other part is looked for only when it is needed.
            module = import_module(_ESPEAK)
            self._own = module.EspeakVoice()
            self._own_failure = module.VoiceUnavailable
        return self._own


def tone(ms: int = 400, hz: float = 880.0) -> bytes:
    """A tone as mu-law: a beep."""
    samples = (int(9000 * math.sin(2 * math.pi * hz * n / SAMPLE_RATE)) for n in range(ms * BYTES_PER_MS))
    return encode(array("h", samples))
