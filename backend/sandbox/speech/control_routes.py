"""The sandbox's own interface to the speech service: health, sessions, voice, faults."""

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.speech.parts import Voice
from sandbox.speech.realtime.faults import AnyFault, Faults
from sandbox.speech.realtime.register import Register
from sandbox.speech.voice import VoiceUnavailable

_NO_CONTENT = 204


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    language: str = "en"
    voice: str = "caller"


_read_line = msgspec.json.Decoder(_Line).decode
_read_fault = msgspec.json.Decoder(AnyFault).decode


class ControlRoutes:
    def __init__(self, voice: Voice, faults: Faults, register: Register) -> None:
        self._voice = voice
        self._faults = faults
        self._register = register

    async def health(self, request: Request) -> Response:
        return _json({"status": "ok"})

    async def sessions(self, request: Request) -> Response:
        """Live and past sessions, newest first."""
        return _json({"sessions": self._register.listed()})

    async def voice(self, request: Request) -> Response:
        """Speak a line: mu-law at 8 kHz, which the ears know from then on."""
        try:
            line = _read_line(await request.body())
        except msgspec.DecodeError as error:
            return _problem(str(error))
        try:
            rendering = await self._voice.render(line.text, language=line.language, voice=line.voice)
        except VoiceUnavailable as error:
            return _problem(str(error), status=503)
        return Response(rendering.audio, media_type="audio/basic")

    async def faults(self, request: Request) -> Response:
        """List what is scripted, add to it, or forget it."""
        if request.method == "DELETE":
            self._faults.clear()
            return Response(status_code=_NO_CONTENT)
        if request.method == "POST":
            try:
                self._faults.add(_read_fault(await request.body()))
            except msgspec.DecodeError as error:
                return _problem(str(error))
            self._register.strike()
        return _json({"faults": self._faults.listed()}, status=201 if request.method == "POST" else 200)


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _problem(detail: str, status: int = 400) -> Response:
    """RFC 9457."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "detail": detail, "status": status}
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")
