"""Connections that are refused, broken or closed: the call is told once, and whether trying again can help."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest

from app.callflow.commands import RequestResponse, TellEngine
from app.callflow.events import EngineLost
from app.callflow.words import EngineLoss
from tests.adapters.openai_realtime.calling import calling, in_session
from tests.adapters.openai_realtime.scripted_server import PATIENCE_S, scripted_server

REFUSED, BROKEN, EXPIRED = EngineLoss.REFUSED, EngineLoss.BROKEN, EngineLoss.EXPIRED
SIXTY_MINUTES = "Your session hit the maximum duration of 60 minutes."


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that answers every request with the same bytes and hangs up; its base address."""

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(answers, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


class TestHandshake:
    async def test_asks_for_the_model_with_the_key_and_without_the_beta_header(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url, key="sk-mine"):
                await server.peer()
        (request,) = server.requests

        assert request.path == "/v1/realtime?model=gpt-realtime-2.1"
        assert request.headers["Authorization"] == "Bearer sk-mine"
        assert "OpenAI-Beta" not in request.headers
        assert "Sec-WebSocket-Extensions" not in request.headers

    @pytest.mark.parametrize(
        ("status", "loss"),
        [
            (400, REFUSED),
            (401, REFUSED),
            (403, REFUSED),
            (404, REFUSED),
            (429, BROKEN),
            (500, BROKEN),
            (502, BROKEN),
            (503, BROKEN),
        ],
    )
    async def test_is_refused_by_status(self, status: int, loss: EngineLoss) -> None:
        async with scripted_server() as server:
            server.refusals = [status]
            with calling(server.base_url) as (_, call):
                lost = await call.next(EngineLost)

        assert lost == EngineLost(loss, f"http_{status}")
        assert call.events == [lost]

    async def test_nobody_listens(self) -> None:
        with closing(socket.socket()) as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        with calling(f"http://127.0.0.1:{port}/v1") as (_, call):
            lost = await call.next(EngineLost)

        assert lost.loss is BROKEN

    @pytest.mark.parametrize(
        "answer",
        [b"", b"\x00\xff\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"],
        ids=["nothing", "rubbish", "no upgrade"],
    )
    async def test_is_answered_by_no_websocket_server(self, answer: bytes) -> None:
        async with answering(answer) as base_url:
            with calling(base_url) as (_, call):
                lost = await call.next(EngineLost)

        assert lost.loss is BROKEN
        assert call.events == [lost]

    async def test_does_not_take_the_key_elsewhere(self) -> None:
        async with scripted_server() as other:
            moved = f"HTTP/1.1 307 Moved\r\nlocation: ws://127.0.0.1:{other.port}/v1/realtime\r\n\r\n"
            async with answering(moved.encode()) as base_url:
                with calling(base_url) as (_, call):
                    lost = await call.next(EngineLost)

        assert lost == EngineLost(REFUSED, "http_307")
        assert other.requests == []

    async def test_given_up_by_the_call_leaves_no_connection(self) -> None:
        gone = asyncio.Event()

        async def keeps_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            gone.set()

        async with await asyncio.start_server(keeps_silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with calling(f"http://127.0.0.1:{port}/v1") as (_, call):
                await asyncio.sleep(0.1)
            await asyncio.wait_for(gone.wait(), PATIENCE_S)

        assert call.events == []


class TestClosedByTheServer:
    @pytest.mark.parametrize(
        ("code", "reason", "loss"),
        [
            (1000, "", BROKEN),
            (1001, "", BROKEN),
            (1001, SIXTY_MINUTES, EXPIRED),
            (1008, "policy", REFUSED),
            (1011, "", BROKEN),
            (1012, "", BROKEN),
            (1013, "", BROKEN),
            (3000, "invalid_request_error.invalid_api_key", REFUSED),
            (4000, "invalid_request_error.beta_api_shape_disabled", REFUSED),
            (4001, "insufficient_quota.credit_balance_exhausted", REFUSED),
            (4001, "invalid_request_error.session_expired", EXPIRED),
            (4500, "server_error", BROKEN),
        ],
    )
    async def test_by_code(self, code: int, reason: str, loss: EngineLoss) -> None:
        async with in_session() as (peer, _, call):
            await peer.connection.close(code, reason)
            lost = await call.next(EngineLost)
            await asyncio.wait_for(peer.connection.wait_closed(), PATIENCE_S)

        assert lost == EngineLost(loss, f"close_{code}")
        assert len(call.all(EngineLost)) == 1

    async def test_before_a_session_is_created(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                await peer.connection.close(3000, "invalid_request_error.invalid_api_key")
                lost = await call.next(EngineLost)

        assert lost == EngineLost(REFUSED, "close_3000")
        assert call.events == [lost]

    async def test_by_a_reset(self) -> None:
        async with in_session() as (peer, _, call):
            peer.reset()
            lost = await call.next(EngineLost)

        assert lost == EngineLost(BROKEN, "close_1006")

    async def test_by_a_reset_in_the_middle_of_a_frame(self) -> None:
        async with in_session() as (peer, _, call):
            peer.connection.transport.write(b"\x81\x7e\x01\x00" + b'{"type":')
            await asyncio.sleep(0.05)
            peer.reset()
            lost = await call.next(EngineLost)

        assert lost == EngineLost(BROKEN, "close_1006")

    async def test_what_is_asked_afterwards_does_nothing(self) -> None:
        async with in_session() as (peer, session, call):
            await peer.connection.close(1011)
            await call.next(EngineLost)
            session.send_audio("f39/")
            session.perform(RequestResponse())
            session.perform(TellEngine("hello"))
            session.close()
            session.close()

        assert isinstance(call.events[-1], EngineLost)
        assert await peer.hear_all() == peer.heard


class TestClosedByTheCall:
    async def test_says_goodbye_and_is_silent(self) -> None:
        async with in_session() as (peer, session, call):
            session.close()
            session.close()
            await asyncio.wait_for(peer.connection.wait_closed(), PATIENCE_S)

        assert peer.connection.close_code == 1000
        assert not call.all(EngineLost)

    async def test_frames_that_were_on_their_way_are_not_told(self) -> None:
        async with in_session() as (peer, session, call):
            for _ in range(200):
                await peer.say("input_audio_buffer.speech_started", audio_start_ms=1, item_id="item_1")
            session.close()
            told = len(call.events)
            await asyncio.wait_for(peer.connection.wait_closed(), PATIENCE_S)

        assert len(call.events) == told

    async def test_before_the_session_stands(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (session, call):
                peer = await server.peer()
                session.close()
                await asyncio.wait_for(peer.connection.wait_closed(), PATIENCE_S)

        assert call.events == []

    async def test_while_the_server_reads_nothing(self) -> None:
        async with in_session() as (peer, session, call):
            peer.connection.transport.pause_reading()
            for _ in range(4000):
                session.send_audio("f39/" * 1000)
            session.close()
            await asyncio.wait_for(_is_gone(peer.connection.transport), PATIENCE_S)

        assert not call.all(EngineLost)


async def _is_gone(transport: asyncio.Transport) -> None:
    """A paused transport learns of the end by writing."""
    while not transport.is_closing():
        transport.write(b"\x89\x00")
        await asyncio.sleep(0.05)
