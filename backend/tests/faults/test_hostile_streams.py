"""Thousands of frames that no carrier sends, into running calls over real sockets: nothing escapes, every call ends."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed

from app.calls.models import Call, Trouble
from app.store.database import Database
from tests.faults.lines import a_speaking_line
from tests.faults.settings import engine_at
from tests.faults.stream_end import StreamEnd, start_message, stream, token_of
from tests.faults.voice import HastyVoice
from tests.live.server import Server, call_sid, serving
from tests.sandbox.speech.realtime_wire import running

Frame = str | bytes | list[bytes]

EXAMPLES, FRAMES = 120, 50
_LEAST = 5000
"""Together with the properties of the codec alone these are more than 10,000 cases."""

GOLDEN = (
    b'{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155",'
    b'"payload":"f39/f39/f38="},"streamSid":"MZ1"}',
    b'{"event":"media","media":{"payload":"f39/"}}',
    b'{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"0:1"}}',
    b'{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}',
    b'{"event":"connected","protocol":"Call","version":"1.0.0"}',
    b'{"event":"stop","streamSid":"MZ1","stop":{}}',
    start_message(call_sid(1), "token").encode(),
)
_VALUES = st.sampled_from(
    ['"x"', "7", "-1", "1e400", "null", "true", "[]", "{}", '""', '"\\u0000"', '"\\ud800"', '"\u20ac"', '"f39/"']
)
_EVENTS = st.sampled_from(["media", "mark", "dtmf", "start", "stop", "connected", "later", ""])
_KEYS = st.sampled_from(["payload", "track", "name", "digit", "mediaFormat", "callSid", "x"])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A frame as a carrier sends it, with some bytes changed, and perhaps cut."""
    frame = bytearray(draw(st.sampled_from(GOLDEN)))
    for at, byte in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3)):
        frame[at % len(frame)] = byte
    return bytes(frame[: draw(st.sampled_from([None, None, None, 5, 20, -1]))])


@st.composite
def assembled(draw: st.DrawFn) -> bytes:
    """JSON with the right words in the wrong places."""
    event = draw(_EVENTS)
    members = ",".join(f'"{draw(_KEYS)}":{draw(_VALUES)}' for _ in range(draw(st.integers(0, 3))))
    body = draw(st.sampled_from([f'"{event}":{{{members}}}', f'"{event}":{draw(_VALUES)}', members]))
    return f'{{"event":"{event}"{"," if body else ""}{body}}}'.encode("utf-8", "replace")


frames: st.SearchStrategy[tuple[bytes, str]] = st.tuples(
    mutated() | assembled() | st.binary(max_size=60), st.sampled_from(["text", "text", "text", "binary", "pieces"])
)


class Callers:
    """One server and its callers, for as many streams as a test wants."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._open: AsyncExitStack | None = None
        self._end: StreamEnd | None = None
        self.sent = 0

    async def send(self, script: list[tuple[bytes, str]]) -> None:
        """Send frames into a running call: a new one whenever the last has ended."""
        for frame, how in script:
            end = await self._live()
            with suppress(ConnectionClosed):
                if how == "pieces":
                    await end.socket.send([frame[:7], frame[7:]], text=True)
                else:
                    await end.socket.send(frame, text=how == "text")
                self.sent += 1
        with suppress(ConnectionClosed):
            await (await (await self._live()).socket.ping())

    async def _live(self) -> StreamEnd:
        if self._end is None or self._end.socket.close_code is not None:
            await self.leave()
            sid = call_sid(next(self._numbers))
            token = token_of(await self._server.ring(sid))
            self._open = AsyncExitStack()
            self._end = await self._open.enter_async_context(stream(self._server, sid, token))
            await self._end.until(lambda it: it.played_ms > 0)
        return self._end

    async def leave(self) -> None:
        if self._open is not None:
            await self._open.aclose()
        self._open = self._end = None

    async def all_idle(self) -> None:
        async with asyncio.timeout(20):
            while True:
                if (await self._server.client.get("/ready")).json()["live_calls"] == 0:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def callers(database_url: str) -> AsyncIterator[Callers]:
    async with running(voice=HastyVoice()) as speech, serving(database_url, **engine_at(speech.port)) as server:
        calling = Callers(server)
        yield calling
        await calling.leave()
        await calling.all_idle()


def test_whatever_comes_is_survived_or_ends_the_call(database_url: str) -> None:
    escaped: list[dict[str, Any]] = []
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, context: escaped.append(context))
        database = Database(database_url)
        runner.run(_prepare(database))
        context = callers(database_url)
        calling = runner.run(context.__aenter__())

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(frames, min_size=FRAMES, max_size=FRAMES))
        def send(script: list[tuple[bytes, str]]) -> None:
            runner.run(calling.send(script))
            assert escaped == []

        try:
            send()
        finally:
            runner.run(context.__aexit__(None, None, None))
        calls, troubles = runner.run(_results(database))
        runner.run(database.close())

    assert escaped == []
    assert calling.sent >= _LEAST
    assert [call for call in calls if call.disposition is None] == []
    assert troubles <= {"stream_protocol"}


async def _prepare(database: Database) -> None:
    async with database.sessions.begin() as session:
        await a_speaking_line(session)


async def _results(database: Database) -> tuple[list[Call], set[str]]:
    async with database.sessions() as session:
        calls = list(await session.scalars(select(Call)))
        return calls, set(await session.scalars(select(Trouble.what)))
