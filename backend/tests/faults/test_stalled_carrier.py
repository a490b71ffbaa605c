"""A carrier that stops reading its socket: its call ends in order, and no other call notices."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil

from app.calls.models import Call
from app.store.database import Database
from tests.faults.lines import a_speaking_line
from tests.faults.records import stored, troubles
from tests.faults.settings import engine_at
from tests.faults.stream_end import PATIENCE_S, StreamEnd, call, stream, token_of
from tests.live.server import Server, call_sid, serving
from tests.sandbox.speech.realtime_wire import Service

LONG_MS = 20_000
"""A sentence far longer than what fits between two sockets."""
STALLED, OTHER = call_sid(1), call_sid(2)
_MOST_GROWTH = 32 << 20


@asynccontextmanager
async def stalled(server: Server, sid: str) -> AsyncIterator[StreamEnd]:
    """A call whose carrier reads nothing after the handshake.

    Its windows are small as on a long way: between two sockets of one machine megabytes would fit.
    """
    token = token_of(await server.ring(sid))
    near = socket.socket()
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    near.setblocking(False)
    host, port = server.base.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(near, (host, int(port)))
    async with stream(server, sid, token, sock=near) as end:
        end.socket.transport.pause_reading()
        yield end


def was_given_up(call: Call) -> bool:
    return call.disposition is not None and bool(call.troubles)


def connections(end: StreamEnd) -> int:
    """How many of the server's ends of this stream's connection there are."""
    near, far = end.socket.local_address, end.socket.remote_address
    found = psutil.Process().net_connections("tcp4")
    return sum(it.laddr == tuple(far) and it.raddr == tuple(near) for it in found)


async def test_call_is_given_up_and_others_go_on(database: Database, speech: Service) -> None:
    async with database.sessions.begin() as session:
        await a_speaking_line(session, LONG_MS)
    process = psutil.Process()
    async with serving(database.url, **engine_at(speech.port)) as server, call(server, OTHER) as other:
        before = process.memory_info().rss
        async with stalled(server, STALLED) as end:
            assert connections(end) == 1
            found = None
            while found is None:
                await other.ask()
                assert process.memory_info().rss - before < _MOST_GROWTH
                with suppress(TimeoutError):
                    found = await stored(database, STALLED, was_given_up, timeout_s=0.5)
            async with asyncio.timeout(PATIENCE_S):
                while connections(end):
                    await other.ask()
        assert (await server.client.get("/ready")).json()["live_calls"] == 1

    assert troubles(found.call) == ["carrier_stalled"]


async def test_call_goes_on_when_the_carrier_reads_again(database: Database, speech: Service) -> None:
    async with database.sessions.begin() as session:
        await a_speaking_line(session, LONG_MS)
    async with serving(database.url, **engine_at(speech.port)) as server:
        async with stalled(server, STALLED) as end:
            await asyncio.sleep(1.0)
            end.socket.transport.resume_reading()
            await end.until(lambda it: it.played_ms >= 2 * LONG_MS)
            await end.ask()
            await end.hang_up()
        found = await stored(database, STALLED, lambda call: call.disposition is not None)

    assert troubles(found.call) == []
