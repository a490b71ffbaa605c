"""Frames by callback on any ASGI server: a queue and two pumps where the server offers no direct path."""

import asyncio
from collections import deque

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.api.websocket_protocol import FRAMES
from app.live.sockets import FrameListener, FrameSocket


def direct_frames(websocket: WebSocket, listener: FrameListener) -> FrameSocket | None:
    """The server's own path for frames, None when it has none. The socket must be accepted."""
    attach = websocket.scope.get("extensions", {}).get(FRAMES)
    if attach is None:
        return None
    socket: FrameSocket = attach(listener)
    return socket


class PumpedSocket:
    """A FrameSocket over ASGI messages; `pump` must run for as long as the socket is used."""

    def __init__(self, websocket: WebSocket, listener: FrameListener) -> None:
        self._websocket = websocket
        self._listener = listener
        self._outgoing: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._close_code: int | None = None

    def listen(self, listener: FrameListener) -> None:
        self._listener = listener

    def send(self, frame: bytes) -> None:
        self._outgoing.append(frame)
        self._wake.set()

    def close(self, code: int = 1000) -> None:
        if self._close_code is None:
            self._close_code = code
            self._wake.set()

    async def pump(self) -> None:
        """Move frames both ways until the peer is gone; the listener is told so exactly once."""
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send_all())
                await self._receive_all()
                sender.cancel()
        finally:
            self._listener.on_closed()

    async def _receive_all(self) -> None:
        try:
            while True:
                self._listener.on_frame((await self._websocket.receive_text()).encode())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            # RuntimeError: our own side has closed meanwhile. KeyError: a binary message, which no carrier sends.
            return

    async def _send_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outgoing:
                await self._websocket.send_text(self._outgoing.popleft().decode())
            if self._close_code is not None and self._websocket.application_state is WebSocketState.CONNECTED:
                await self._websocket.close(self._close_code)
                return
