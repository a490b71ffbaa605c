"""A server of the Realtime protocol that does what a test tells it, be it right or wrong."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Event = dict[str, Any]

PATIENCE_S = 10.0
"""The longest a test waits for what must come."""

PCMU = {"type": "audio/pcmu"}
SESSION = {"type": "realtime", "object": "realtime.session", "id": "sess_1"}


class Peer:
    """The server's end of one connection; the test drives it."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.heard: list[Event] = []
        """Every client event that was taken from the socket, in order."""

    async def hear(self, kind: str) -> Event:
        """The next client event of a type; those before it are skipped."""
        while True:
            async with asyncio.timeout(PATIENCE_S):
                event: Event = json.loads(await self.connection.recv())
            self.heard.append(event)
            if event["type"] == kind:
                return event

    async def hear_all(self) -> list[Event]:
        """Everything the client sends until it has closed the socket."""
        try:
            while True:
                await self.hear("")
        except ConnectionClosed:
            return self.heard

    async def say(self, kind: str, **members: object) -> None:
        await self.connection.send(json.dumps({"type": kind, "event_id": "event_1", **members}))

    async def fail(self, code: str | None, kind: str = "invalid_request_error", **members: object) -> None:
        """Send an `error` event."""
        error = {"type": kind, "code": code, "message": "", "param": None, "event_id": None, **members}
        await self.say("error", error=error)

    async def accept(self, **session: object) -> Event:
        """Create the session and take its configuration as it is; returns that."""
        await self.say("session.created", session={**SESSION, **session})
        asked: Event = (await self.hear("session.update"))["session"]
        await self.say("session.updated", session={**SESSION, **asked})
        return asked

    async def respond(self, response_id: str = "resp_1") -> None:
        """Answer the next request for a response by beginning it."""
        await self.hear("response.create")
        await self.say("response.created", response={"id": response_id, "status": "in_progress"})

    async def finish(self, response_id: str = "resp_1", status: str = "completed", **members: object) -> None:
        await self.say("response.done", response={"id": response_id, "status": status, **members})

    def reset(self) -> None:
        """Break the connection by a TCP reset, without a closing frame."""
        no_linger = struct.pack("ii", 1, 0)
        raw: socket.socket = self.connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self.connection.transport.abort()


class ScriptedServer:
    """Takes connections; `peer` hands them to the test one by one."""

    def __init__(self) -> None:
        self.refusals: list[int] = []
        """HTTP statuses with which the next handshakes are answered."""
        self.requests: list[Request] = []
        self.port = 0
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def peer(self) -> Peer:
        async with asyncio.timeout(PATIENCE_S):
            return await self._peers.get()

    def on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        return connection.respond(self.refusals.pop(0), "no") if self.refusals else None

    async def on_connection(self, connection: ServerConnection) -> None:
        self._peers.put_nowait(Peer(connection))
        await connection.wait_closed()


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A server on a free port of the loopback."""
    script = ScriptedServer()
    server: Server = await serve(
        script.on_connection,
        "127.0.0.1",
        0,
        process_request=script.on_request,
        compression=None,
        max_queue=None,  # what a test leaves unread must not hold up a closing frame
        close_timeout=1,
    )
    script.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        await server.wait_closed()
