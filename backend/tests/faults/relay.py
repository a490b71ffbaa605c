"""A stretch of network between two programs, which can be cut and can be slow to come back."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65536
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER without lingering: closing such a socket sends a reset instead of a farewell (socket(7))."""


class Relay:
    def __init__(self, port: int) -> None:
        self._to = port
        self._near: set[asyncio.StreamWriter] = set()
        self._may_pass = asyncio.Event()
        self._may_pass.set()
        self.port = 0

    def reset(self) -> None:
        """Break every connection as a network does when it forgets them."""
        for writer in self._near:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()

    def hold(self) -> None:
        """Take new connections, but let nothing through."""
        self._may_pass.clear()

    def release(self) -> None:
        self._may_pass.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._near.add(writer)
        try:
            await self._may_pass.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
            with suppress(OSError):
                there = asyncio.create_task(_pump(reader, far_writer))
                await _pump(far_reader, writer)
            there.cancel()
            far_writer.close()
        finally:
            self._near.discard(writer)
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """A relay to this port of the loopback."""
    between = Relay(port)
    server = await asyncio.start_server(between.take, "127.0.0.1", 0)
    between.port = server.sockets[0].getsockname()[1]
    async with server:
        yield between
        between.release()
        between.reset()
