"""WebSockets for uvicorn on picows: ASGI as usual, or frames by callback for the media path.

uvicorn's `ws=` accepts any protocol class. This one lets the application decide first, as ASGI wants (a refusal is an
HTTP answer, not a closed socket), and shakes hands on `websocket.accept`. A route that serves audio then takes the
frames by callback through the scope extension `FRAMES`, so that no task is woken for a frame.

picows' protocol class is not public API: the version is pinned, `tests/api/test_websocket_protocol.py` is the contract,
and WEBSOCKET_SERVER=websockets-sansio selects uvicorn's own implementation instead.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSAutoPingStrategy, WSProtocol  # type: ignore[attr-defined]  # compiled, left out of the stubs
from uvicorn.config import Config
from uvicorn.server import ServerState

from app.live.sockets import FrameListener, FrameSocket

FRAMES = "callassistant.frames"
"""Scope extension: a callable that gives a FrameListener the socket's frames and returns its FrameSocket."""

_LOG = logging.getLogger("picows.server")
_LOG.setLevel(logging.WARNING)

_TEXT, _BINARY, _CLOSE, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE, WSMsgType.CONTINUATION
_MOST_BYTES = 1 << 20
_HEAD_LIMIT = 32 * 1024
_READ_BUFFER = 4096
_HANDSHAKE_S = 5
_PING_IDLE_S = 30
_PONG_S = 20
_CLOSE_S = 1.0
_CUT_OFF_S = 3.0
_RESTART = 1012

Message = dict[str, Any]


class _Listener(WSListener):
    """Hears one accepted socket; frames go to the ASGI queue until a FrameListener takes them."""

    def __init__(self, owner: "PicowsProtocol") -> None:
        self._owner = owner
        self._frames: Callable[[bytes], None] | None = None
        self._partial = bytearray()

    def take_frames(self, on_frame: Callable[[bytes], None]) -> None:
        self._frames = on_frame

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._owner.on_connected(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _TEXT and frame.fin:
            if self._frames is not None:
                self._frames(frame.get_payload_as_bytes())
            else:
                self._owner.push({"type": "websocket.receive", "text": _text(frame.get_payload_as_bytes())})
        elif kind is _CLOSE:
            self._owner.on_close_frame(int(frame.get_close_code().value))
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind in (_TEXT, _BINARY, _CONTINUATION):
            self._on_part(kind, frame)

    def _on_part(self, kind: WSMsgType, frame: WSFrame) -> None:
        """Binary messages and pieces of fragmented ones: legal, and never on the media path, which takes texts only:
        nobody there would ever read a binary message.
        """
        if kind is _BINARY and frame.fin:
            if self._frames is None:
                self._owner.push({"type": "websocket.receive", "bytes": frame.get_payload_as_bytes()})
            return
        self._partial += frame.get_payload_as_bytes()
        if len(self._partial) > _MOST_BYTES:
            self._partial.clear()
            self._owner.close(WSCloseCode.MESSAGE_TOO_BIG.value)
        elif frame.fin:
            whole = bytes(self._partial)
            self._partial.clear()
            if self._frames is not None:
                self._frames(whole)
            else:
                self._owner.push({"type": "websocket.receive", "text": _text(whole)})

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._owner.on_gone()

    def pause_writing(self) -> None:
        self._owner.on_congested(True)

    def resume_writing(self) -> None:
        self._owner.on_congested(False)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class PicowsProtocol(asyncio.Protocol):
    """One connection that asked for an upgrade, from its request head to its last frame."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app = config.loaded_app
        self._state = server_state
        self._app_state = app_state
        self._loop = asyncio.get_running_loop()
        self._http: asyncio.Transport | None = None
        self._ws: WSProtocol | None = None
        self._peer: WSTransport | None = None
        self._listener: _Listener | None = None
        self._frame_listener: FrameListener | None = None
        self._head = b""
        self._messages: deque[Message] = deque()
        self._receiver: asyncio.Future[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._close_code = WSCloseCode.ABNORMAL_CLOSURE.value
        self._is_gone = False
        self._is_running = False

    # --- asyncio's protocol, until picows takes the transport --------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._http = cast(asyncio.Transport, transport)
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn's set knows only its own classes

    def data_received(self, data: bytes) -> None:
        if self._is_running or len(self._head) > _HEAD_LIMIT:
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._is_running = True
            self._messages.append({"type": "websocket.connect"})
            task = self._loop.create_task(self._run(_scope(self._head, self._http, self._app_state, self._attach)))
            self._state.tasks.add(task)
            task.add_done_callback(self._state.tasks.discard)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ws is not None:
            self._ws.connection_lost(exc)
        else:
            self.on_gone()

    def eof_received(self) -> bool:
        return False

    def shutdown(self) -> None:
        """uvicorn is stopping: calls were drained before, whatever is still open is told to come back."""
        if self._peer is not None:
            self.close(_RESTART)
        elif self._http is not None:
            self._http.close()

    # --- from the accepted socket ------------------------------------------------------------------------------------

    def on_connected(self, peer: WSTransport) -> None:
        self._peer = peer
        # The media path: straight to the compiled sender, which ignores what comes after the end.
        self.send = partial(peer.send, _TEXT)  # type: ignore[method-assign]  # same signature, without a frame of Python

    def push(self, message: Message) -> None:
        self._messages.append(message)
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    def on_close_frame(self, code: int) -> None:
        self._close_code = code

    def on_gone(self) -> None:
        if self._is_gone:
            return
        self._is_gone = True
        self._may_write.set()
        self._state.connections.discard(self)
        if self._frame_listener is not None:
            self._frame_listener.on_closed()
        self.push({"type": "websocket.disconnect", "code": self._close_code})

    def on_congested(self, is_congested: bool) -> None:
        if is_congested:
            self._may_write.clear()
        else:
            self._may_write.set()
        if self._frame_listener is not None:
            self._frame_listener.on_congested(is_congested)

    # --- frames by callback (FrameSocket) ----------------------------------------------------------------------------

    def _attach(self, listener: FrameListener) -> FrameSocket:
        """Give `listener` every text frame from now on, beginning with those already queued."""
        if self._listener is None:
            raise RuntimeError("frames flow only after the socket was accepted")
        self.listen(listener)
        queued = [m for m in self._messages if m["type"] == "websocket.receive" and "text" in m]
        self._messages = deque(m for m in self._messages if m not in queued)
        for message in queued:
            listener.on_frame(message["text"].encode())
        if self._is_gone:
            listener.on_closed()
        return self

    def listen(self, listener: FrameListener) -> None:
        self._frame_listener = listener
        if self._listener is not None:
            self._listener.take_frames(listener.on_frame)

    def send(self, frame: bytes) -> None:
        """Send one text frame; before the handshake there is nobody to send to."""

    def close(self, code: int = 1000) -> None:
        if self._peer is None or self._is_gone:
            return
        self._close_code = code
        if not self._peer.is_close_frame_sent:
            self._peer.send_close(_close_code(code))
        # The peer answers with its own close frame. One that does not is left, and one that reads nothing, so that even
        # leaving would wait for it, is cut off.
        self._loop.call_later(_CLOSE_S, self._peer.disconnect)
        self._loop.call_later(_CUT_OFF_S, self._peer.disconnect, False)

    # --- ASGI --------------------------------------------------------------------------------------------------------

    async def _run(self, scope: Message) -> None:
        try:
            await self._app(scope, self._receive, self._send)
        finally:
            if self._peer is not None and not self._is_gone:
                self.close(WSCloseCode.INTERNAL_ERROR.value)
            elif self._ws is None:
                self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)

    async def _receive(self) -> Message:
        while not self._messages:
            self._receiver = self._loop.create_future()
            await self._receiver
        return self._messages.popleft()

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._accept(message.get("subprotocol"))
            case "websocket.send":
                await self._may_write.wait()
                if self._peer is not None and not self._is_gone:
                    text = message.get("text")
                    data = message["bytes"] if text is None else text.encode()
                    self._peer.send(_BINARY if text is None else _TEXT, data)
            case "websocket.close":
                if self._ws is None:
                    self._refuse(HTTPStatus.FORBIDDEN)
                else:
                    self.close(message.get("code", 1000))

    def _accept(self, subprotocol: str | None) -> None:
        if self._http is None or self._is_gone:
            return
        self._listener = listener = _Listener(self)

        def listen(_: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
            if not subprotocol:
                return listener
            chosen = {"Sec-WebSocket-Protocol": subprotocol}
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(chosen), listener)

        # Positional, as the compiled constructor wants it: host, path, is client, listener factory, logger,
        # disconnect on exception, handshake limit, auto ping (on, idle, reply, strategy), auto pong, largest frame,
        # headers, read buffer.
        self._ws = WSProtocol(
            None, None, False, listen, _LOG, True, _HANDSHAKE_S, True, _PING_IDLE_S, _PONG_S,
            WSAutoPingStrategy.PING_WHEN_IDLE, True, _MOST_BYTES, None, _READ_BUFFER,
        )  # fmt: skip
        self._ws.connection_made(self._http)
        view = memoryview(self._head)
        while view:
            buffer = self._ws.get_buffer(-1)
            size = min(len(buffer), len(view))
            buffer[:size] = view[:size]
            self._ws.buffer_updated(size)
            view = view[size:]
        self._head = b""
        self._http.set_protocol(self._ws)

    def _refuse(self, status: HTTPStatus) -> None:
        if self._http is None or self._http.is_closing():
            return
        body = status.phrase.encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self._http.write(head.encode() + body)
        self._http.close()


def _close_code(code: int) -> WSCloseCode:
    with contextlib.suppress(ValueError):
        return WSCloseCode(code)
    return WSCloseCode.OK


def _scope(
    head: bytes, transport: asyncio.Transport | None, app_state: dict[str, Any], attach: Callable[..., FrameSocket]
) -> Message:
    """The ASGI scope of an upgrade request (uvicorn has parsed and rebuilt the head, so it is well-formed)."""
    request, *lines = head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    raw_path, _, query = request.split(b" ")[1].partition(b"?")
    pairs = (line.partition(b":") for line in lines if line)
    headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    protocols = [
        p.strip().decode("latin-1") for n, v in headers if n == b"sec-websocket-protocol" for p in v.split(b",")
    ]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": unquote(raw_path.decode("ascii", "replace")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "subprotocols": protocols,
        "server": transport.get_extra_info("sockname") if transport is not None else None,
        "client": transport.get_extra_info("peername") if transport is not None else None,
        "headers": headers,
        "state": app_state.copy(),
        "extensions": {FRAMES: attach},
    }
