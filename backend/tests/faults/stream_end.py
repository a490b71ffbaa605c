"""The carrier's end of a media stream, held by a test: it speaks, plays, returns marks, and breaks off as told."""

import asyncio
import json
import socket
import xml.etree.ElementTree as ET
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from audiokit import mulaw
from audiokit.mulaw import BYTES_PER_MS, FRAME_BYTES
from tests.live.server import Server, sign
from tests.sandbox.speech.realtime_wire import tone

PATIENCE_S = 20.0
"""The longest a test waits for what must come."""
SPOKEN = tone(600) + mulaw.silence(900)
"""An utterance, and the silence by which its end is known."""


def start_message(call_sid: str, token: str) -> str:
    body = {
        "streamSid": "MZ1",
        "callSid": call_sid,
        "accountSid": "AC0",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": body, "streamSid": "MZ1"})


def media_message(audio: bytes) -> str:
    return json.dumps({"event": "media", "media": {"track": "inbound", "payload": b64encode(audio).decode()}})


def token_of(document: ET.Element) -> str:
    """The one-time token of a document that connects a stream."""
    parameter = document.find("./Connect/Stream/Parameter[@name='token']")
    assert parameter is not None
    return parameter.attrib["value"]


class StreamEnd:
    """What was played is heard at once: marks come back as soon as they arrive, unless `returns_marks` is off."""

    def __init__(self, socket: ClientConnection, call_sid: str) -> None:
        self.socket = socket
        self.call_sid = call_sid
        self.returns_marks = True
        self.played_ms = 0.0
        self.marks: list[str] = []
        self.clears = 0
        self._changed = asyncio.Condition()

    async def listen(self) -> None:
        """Play what comes until the stream ends."""
        with suppress(ConnectionClosed):
            async for frame in self.socket:
                await self._obey(json.loads(frame))
                async with self._changed:
                    self._changed.notify_all()

    async def _obey(self, message: dict[str, Any]) -> None:
        match message["event"]:
            case "media":
                self.played_ms += len(b64decode(message["media"]["payload"])) / BYTES_PER_MS
            case "clear":
                self.clears += 1
            case "mark":
                self.marks.append(message["mark"]["name"])
                if self.returns_marks:
                    await self.return_mark(message["mark"]["name"])

    async def return_mark(self, name: str) -> None:
        await self.socket.send(json.dumps({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}}))

    async def speak(self, audio: bytes = SPOKEN) -> None:
        """Let the caller say something: frames of 20 ms, but faster than they are spoken."""
        for begin in range(0, len(audio), FRAME_BYTES):
            await self.socket.send(media_message(audio[begin : begin + FRAME_BYTES]))

    async def until(self, holds: Callable[["StreamEnd"], bool], timeout_s: float = PATIENCE_S) -> None:
        """Wait until something holds of what was played. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: holds(self))

    async def answer(self) -> None:
        """Wait until more is played than was by now."""
        before = self.played_ms
        await self.until(lambda end: end.played_ms > before)

    async def ask(self) -> None:
        """Say something and hear an answer."""
        before = self.played_ms
        await self.speak()
        await self.until(lambda end: end.played_ms > before)

    async def hang_up(self) -> None:
        """The caller hangs up: the carrier says stop and closes."""
        await self.socket.send('{"event":"stop","streamSid":"MZ1","stop":{}}')
        await self.socket.close()

    async def close_code(self) -> int | None:
        """The code with which the server closes."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def stream(
    server: Server, call_sid: str, token: str, *, at: str = "", sock: socket.socket | None = None
) -> AsyncIterator[StreamEnd]:
    """A stream that has introduced itself with the token: over `sock` when that is connected already, or to the
    address `at` where a balancer has led it.
    """
    url = server.stream_url
    signed = {"x-twilio-signature": sign(url)}
    async with connect(
        at or url, additional_headers=signed, max_queue=None, close_timeout=0.5, sock=sock
    ) as connection:
        await connection.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        await connection.send(start_message(call_sid, token))
        end = StreamEnd(connection, call_sid)
        listening = asyncio.create_task(end.listen())
        try:
            yield end
        finally:
            listening.cancel()


@asynccontextmanager
async def call(server: Server, call_sid: str) -> AsyncIterator[StreamEnd]:
    """Ring, and hold the stream of the call once the greeting plays."""
    document = await server.ring(call_sid)
    async with stream(server, call_sid, token_of(document)) as end:
        await end.until(lambda it: it.played_ms > 0)
        yield end
