"""Whatever a peer sends into a running call: the call goes on or ends in order, and no other notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from app.numbers.service import Line
from app.store.database import Database
from audiokit import mulaw
from audiokit.mulaw import BYTES_PER_MS
from tests.faults.records import stored, troubles
from tests.faults.settings import engine_at
from tests.faults.stream_end import call, media_message, start_message
from tests.live.server import call_sid, parsed, serving, verbs
from tests.sandbox.speech.realtime_wire import Service

SID = call_sid(1)
BIG = 300_000
_MOST_BAD = 20


FRAMES: dict[str, str | bytes | list[str] | list[bytes]] = {
    "300 kB of nonsense": "x" * BIG,
    "300 kB of audio": media_message(mulaw.silence(BIG * 3 // 4 // BYTES_PER_MS)),
    "no JSON": "nonsense",
    "binary": b"\x00\xff" * 500,
    "empty binary": b"",
    "empty": "",
    "in pieces": ['{"event":"media","media":', '{"payload":', '"f39/"}}'],
    "binary in pieces": [b'{"event":', b'"media"}'],
    "introduced again": start_message(SID, "token"),
    "half a character": r'{"event":"media","media":{"payload":"\ud800"}}',
    "control characters": r'{"event":"media","media":{"payload":"\u0000\n"}}',
    "no base64": '{"event":"media","media":{"payload":"äöü€"}}',
    "no whole base64": '{"event":"media","media":{"payload":"f39"}}',
    "mark nobody set": '{"event":"mark","mark":{"name":"99:99"}}',
    "event of a later protocol": '{"event":"later","x":[{}]}',
    "nested without end": "[" * 100_000,
}


@pytest.fixture(autouse=True)
async def escaped() -> AsyncIterator[list[dict[str, Any]]]:
    """What got out of a callback or a task, which must be nothing."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    yield found
    assert found == []


async def test_call_goes_on_after_any_of_them(database: Database, line: Line, speech: Service) -> None:
    async with (
        serving(database.url, **engine_at(speech.port)) as server,
        call(server, SID) as end,
    ):
        await end.ask()
        for name, frame in FRAMES.items():
            await end.socket.send(frame)
            await (await end.socket.ping())
            assert end.socket.close_code is None, name
        await end.ask()
        await end.hang_up()
        found = await stored(database, SID, lambda it: it.disposition is not None)

    assert troubles(found.call) == []


async def test_call_ends_in_order_when_there_is_no_end_of_them(database: Database, line: Line, speech: Service) -> None:
    async with (
        serving(database.url, **engine_at(speech.port)) as server,
        call(server, SID) as end,
        call(server, call_sid(2)) as other,
    ):
        with suppress(ConnectionClosed):
            for _ in range(1000):
                await end.socket.send("nonsense")
        assert await end.close_code() == 1000
        await other.ask()
        answer = await server.post("/calls/after-stream", {"CallSid": SID, "CallStatus": "in-progress"})
        assert verbs(parsed(answer.text)) == ["Connect", "Redirect"]
        found = await stored(database, SID, lambda it: "stream_protocol" in troubles(it))

    assert sorted(troubles(found.call)) == ["stream_broken", "stream_protocol"]


async def test_message_without_end_is_cut_off(database: Database, line: Line, speech: Service) -> None:
    pieces = ("x" * 1000 for _ in range(5000))
    async with (
        serving(database.url, **engine_at(speech.port)) as server,
        call(server, SID) as end,
        call(server, call_sid(2)) as other,
    ):
        with suppress(ConnectionClosed):
            await end.socket.send(pieces)
        assert await end.close_code() == 1009
        await other.ask()
        found = await stored(database, SID, lambda it: it.disposition is not None)

    assert troubles(found.call) == []
