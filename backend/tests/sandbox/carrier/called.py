"""An application that is called: it answers webhooks from a script and takes media streams."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

Reply = str | tuple[int, str] | Response
_HTTP_METHODS = ["GET", "POST"]


@dataclass
class Hook:
    """A request that came in."""

    path: str
    method: str
    url: str
    headers: dict[str, str]
    fields: dict[str, str]


@dataclass
class Stream:
    """A media stream from the application's end."""

    socket: WebSocket
    url: str
    headers: dict[str, str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def sid(self) -> str:
        return str(self.of("start")[0]["streamSid"])

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == event]

    async def until(self, event: str, count: int = 1, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """Wait for so many messages of a kind."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self.of(event)) >= count)
        return self.of(event)

    async def play(self, audio: bytes) -> None:
        await self._send({"event": "media", "media": {"payload": b64encode(audio).decode()}})

    async def mark(self, name: str) -> None:
        await self._send({"event": "mark", "mark": {"name": name}})

    async def clear(self) -> None:
        await self._send({"event": "clear"})

    async def _send(self, message: dict[str, Any]) -> None:
        await self.socket.send_text(json.dumps({**message, "streamSid": self.sid}))

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                message = json.loads(await self.socket.receive_text())
                async with self._changed:
                    self.messages.append(message)
                    self.arrived.append(loop.time())
                    self._changed.notify_all()
        except WebSocketDisconnect:
            return


StreamHandler = Callable[[Stream], Awaitable[None]]


class CalledApp:
    """`replies` maps a path to what is answered there: one reply again and again, or a list used up one by one."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply | list[Reply]] = {}
        self.hooks: list[Hook] = []
        self.streams: list[Stream] = []
        self.port = 0
        self._changed = asyncio.Condition()
        self.asgi = Starlette(
            routes=[WebSocketRoute("/stream", self._stream), Route("/{path:path}", self._hook, methods=_HTTP_METHODS)]
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/stream"

    def at(self, path: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.path == path]

    async def hook(self, path: str, count: int = 1, timeout_s: float = 10.0) -> Hook:
        """Wait for the nth request to a path."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self.at(path)) >= count)
        return self.at(path)[count - 1]

    async def stream(self, timeout_s: float = 10.0) -> Stream:
        """Wait for a stream that has introduced itself."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: bool(self.streams))
        await self.streams[-1].until("start")
        return self.streams[-1]

    async def _hook(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        fields = form if request.method == "POST" else dict(request.query_params)
        async with self._changed:
            self.hooks.append(Hook(request.url.path, request.method, str(request.url), dict(request.headers), fields))
            self._changed.notify_all()
        return self._reply(request.url.path)

    def _reply(self, path: str) -> Response:
        reply = self.replies.get(path, "")
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if isinstance(reply, Response):
            return reply
        status, verbs = reply if isinstance(reply, tuple) else (200, reply)
        document = f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'
        return Response(document, status, media_type="text/xml")

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        stream = Stream(socket, str(socket.url), dict(socket.headers))
        async with self._changed:
            self.streams.append(stream)
            self._changed.notify_all()
        await stream.listen()
