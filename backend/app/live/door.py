"""The first messages of a stream, before it is known whose call it is."""

import asyncio

from app.adapters.twilio.stream import Started, StreamProtocolError, decode
from app.live.sockets import FrameListener

_MOST_WAITING = 500
"""Frames kept while the call is looked up: 10 s of audio; a peer that sends more has not waited its turn."""


class StreamClosed(Exception):
    """The peer went away before it had introduced itself."""


class StreamDoor:
    """Listens to a new stream until a call's runner takes over."""

    def __init__(self) -> None:
        self._started: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
        self._waiting: list[bytes] = []
        self._is_closed = False
        self._runner: FrameListener | None = None

    async def started(self, timeout_s: float) -> Started:
        """The stream's introduction. Raises TimeoutError, StreamClosed or StreamProtocolError."""
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(self._started)

    def hand_over(self, runner: FrameListener) -> None:
        """From now on `runner` hears the stream, beginning with what came since the introduction."""
        self._runner = runner
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            runner.on_frame(frame)
        if self._is_closed:
            runner.on_closed()

    def on_frame(self, frame: bytes) -> None:
        if self._runner is not None:
            self._runner.on_frame(frame)
        elif self._started.done():
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(frame)
        else:
            self._introduce(frame)

    def _introduce(self, frame: bytes) -> None:
        try:
            event = decode(frame)
        except StreamProtocolError as error:
            self._fail(error)
            return
        if isinstance(event, Started):
            self._started.set_result(event)

    def _fail(self, error: Exception) -> None:
        if not self._started.done():
            self._started.set_exception(error)
            # The route may have given up waiting; the error is then nobody's.
            self._started.exception()

    def on_closed(self) -> None:
        self._is_closed = True
        self._fail(StreamClosed())
        if self._runner is not None:
            self._runner.on_closed()

    def on_congested(self, is_congested: bool) -> None:
        if self._runner is not None:
            self._runner.on_congested(is_congested)
