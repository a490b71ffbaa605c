"""What the sandbox's carrier calls when somebody rings: webhooks, a media stream and a history, as a test wants them.

It stands where the product stands, on the other side of the carrier's wires, so that the page and the carrier are the
real ones and a test knows every sample.
"""

import asyncio
import contextlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

STREAM = '<Connect><Stream url="{url}/audio-stream"/></Connect><Redirect>{url}/calls/after-stream</Redirect>'

_PIECE_BYTES = 4000


class Stream:
    """The media stream of one call, seen from the application."""

    def __init__(self, socket: WebSocket, started: dict[str, Any]) -> None:
        self._socket = socket
        self._sid = started["streamSid"]
        self._arrived = asyncio.Condition()
        self.call_sid = started["callSid"]
        self.heard = bytearray()
        self.marks: list[str] = []
        self.digits: list[str] = []

    async def play(self, audio: bytes, mark: str = "") -> None:
        """Queue mu-law at the carrier, and ask for a mark behind it."""
        for start in range(0, len(audio), _PIECE_BYTES):
            payload = b64encode(audio[start : start + _PIECE_BYTES]).decode()
            await self._send({"event": "media", "media": {"payload": payload}})
        if mark:
            await self._send({"event": "mark", "mark": {"name": mark}})

    async def clear(self) -> None:
        await self._send({"event": "clear"})

    async def close(self) -> None:
        """Leave; the carrier goes on with the document."""
        await self._socket.close()

    async def returned(self, mark: str) -> None:
        await self._until(lambda: mark in self.marks)

    async def pressed(self, digits: str) -> None:
        await self._until(lambda: "".join(self.digits).endswith(digits))

    async def hears(self, seconds: float) -> bytes:
        """The caller's audio from the stream's beginning, once there is as much."""
        await self._until(lambda: len(self.heard) >= seconds * 8000, 20 + 3 * seconds)
        return bytes(self.heard)

    async def _until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(condition)

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps({**message, "streamSid": self._sid}))

    async def take_in(self) -> None:
        """Note what the carrier sends until the stream is over."""
        while True:
            message = json.loads(await self._socket.receive_text())
            async with self._arrived:
                match message["event"]:
                    case "media":
                        self.heard += b64decode(message["media"]["payload"])
                    case "mark":
                        self.marks.append(message["mark"]["name"])
                    case "dtmf":
                        self.digits.append(message["dtmf"]["digit"])
                self._arrived.notify_all()


class Application:
    """Answers with the TwiML verbs `answer`, after a stream with `after_stream`; `records` are calls by carrier id."""

    def __init__(self) -> None:
        self.url = ""
        self.answer = STREAM
        self.after_stream = "<Hangup/>"
        self.records: dict[str, dict[str, Any]] = {}
        self.has_history = True
        self.rings: list[dict[str, str]] = []
        self._streams: list[Stream] = []
        self._opened = asyncio.Condition()

    def asgi(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/calls/inbound", self._inbound, methods=["POST"]),
                Route("/calls/after-stream", self._after_stream, methods=["POST"]),
                Route("/calls/status", lambda _: Response(status_code=204), methods=["POST"]),
                WebSocketRoute("/audio-stream", self._stream),
                Route("/api/calls", self._find),
                Route("/api/calls/{id}", self._read),
            ]
        )

    async def stream(self, number: int = 1) -> Stream:
        """The first, second … stream, once it is open."""
        async with asyncio.timeout(20), self._opened:
            await self._opened.wait_for(lambda: len(self._streams) >= number)
        return self._streams[number - 1]

    async def _inbound(self, request: Request) -> Response:
        self.rings.append(dict(parse_qsl((await request.body()).decode(), keep_blank_values=True)))
        return self._document(self.answer)

    async def _after_stream(self, _: Request) -> Response:
        return self._document(self.after_stream)

    def _document(self, verbs: str) -> Response:
        written = verbs.replace('url="{url}', f'url="{self.url.replace("http", "ws", 1)}').replace("{url}", self.url)
        return Response(f"<Response>{written}</Response>", media_type="text/xml")

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while (message := json.loads(await socket.receive_text()))["event"] != "start":
                pass
            stream = Stream(socket, message["start"])
            async with self._opened:
                self._streams.append(stream)
                self._opened.notify_all()
            await stream.take_in()

    async def _find(self, request: Request) -> Response:
        if not self.has_history:
            return JSONResponse({"title": "Unavailable", "detail": "The database is away."}, 503)
        sid = request.query_params.get("carrier_call_id")
        found = [record for key, record in self.records.items() if sid in (None, key)]
        return JSONResponse({"calls": found, "next_cursor": None})

    async def _read(self, request: Request) -> Response:
        return JSONResponse(next(one for one in self.records.values() if one["id"] == request.path_params["id"]))
