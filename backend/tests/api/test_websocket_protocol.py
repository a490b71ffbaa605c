"""The contract of our WebSocket protocol class under uvicorn: what picows' non-public parts must keep doing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.api.asgi_frames import PumpedSocket, direct_frames
from app.api.websocket_protocol import PicowsProtocol
from app.live.sockets import FrameSocket

ServerKind = type[asyncio.Protocol] | Literal["websockets-sansio"]
SERVERS: list[ServerKind] = [PicowsProtocol, "websockets-sansio"]


class Echo:
    """A frame listener that sends everything back and remembers what happened."""

    def __init__(self) -> None:
        self.socket: FrameSocket | None = None
        self.early: list[bytes] = []
        self.closed = 0
        self.gone = asyncio.Event()
        self.congested: list[bool] = []

    def on_frame(self, frame: bytes) -> None:
        if self.socket is None:
            self.early.append(frame)
        elif frame == b"close":
            self.socket.close(4001)
        else:
            self.socket.send(frame)

    def on_closed(self) -> None:
        self.closed += 1
        self.gone.set()

    def on_congested(self, is_congested: bool) -> None:
        self.congested.append(is_congested)


async def answer_hello() -> dict[str, str]:
    return {"hello": "world"}


async def serve_asgi(websocket: WebSocket) -> None:
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=offered[0] if offered else None)
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        if message.get("text") == "bye":
            await websocket.close(4002)
            return
        await websocket.send({**message, "type": "websocket.send"})


async def serve_refusal(websocket: WebSocket) -> None:
    await websocket.close(1008)


async def serve_bug(websocket: WebSocket) -> None:
    await websocket.accept()
    raise RuntimeError("a bug")


async def serve_frames(websocket: WebSocket) -> None:
    await websocket.accept()
    echo = Echo()
    websocket.app.state.echoes.append(echo)
    direct = direct_frames(websocket, echo)
    if direct is None:
        echo.socket = pumped = PumpedSocket(websocket, echo)
        await pumped.pump()
        return
    echo.socket = direct
    for frame in echo.early:
        direct.send(frame)
    await echo.gone.wait()


def application() -> FastAPI:
    app = FastAPI()
    app.state.echoes = []
    app.get("/hello")(answer_hello)
    for path, serve in {
        "/asgi": serve_asgi,
        "/refused": serve_refusal,
        "/broken": serve_bug,
        "/frames": serve_frames,
    }.items():
        app.websocket(path)(serve)
    return app


async def until_closed(app: FastAPI) -> int:
    """How often the listener of the one socket was told that it is gone, once it was."""
    async with asyncio.timeout(10):
        await app.state.echoes[0].gone.wait()
    return int(app.state.echoes[0].closed)


async def started(server: uvicorn.Server) -> None:
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 — uvicorn offers a flag, no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(ws: ServerKind) -> AsyncIterator[tuple[str, FastAPI, uvicorn.Server]]:
    app = application()
    config = uvicorn.Config(app, ws=ws, ws_per_message_deflate=False, log_config=None, timeout_graceful_shutdown=3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await started(server)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", app, server
        finally:
            server.should_exit = True
            await task


@pytest.mark.parametrize("ws", SERVERS)
class TestAnyServer:
    async def test_echoes_text_and_binary_in_order(self, ws: ServerKind) -> None:
        async with running(ws) as (address, _, _), connect(f"ws://{address}/asgi") as client:
            for index in range(1000):
                await client.send(str(index))
            assert [await client.recv() for _ in range(1000)] == [str(index) for index in range(1000)]
            await client.send(b"\x00\xff")
            assert await client.recv() == b"\x00\xff"

    async def test_carries_large_and_fragmented_messages(self, ws: ServerKind) -> None:
        large = "x" * 300_000
        async with running(ws) as (address, _, _), connect(f"ws://{address}/asgi", max_size=None) as client:
            await client.send(large)
            assert await client.recv() == large
            await client.send(["one ", "two ", "three"])
            assert await client.recv() == "one two three"

    async def test_refusal_is_an_http_answer(self, ws: ServerKind) -> None:
        async with running(ws) as (address, _, _):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"ws://{address}/refused"):
                    pass
            assert refused.value.response.status_code == 403

    async def test_chooses_the_subprotocol(self, ws: ServerKind) -> None:
        async with running(ws) as (address, _, _), connect(f"ws://{address}/asgi", subprotocols=["a", "b"]) as client:  # type: ignore[list-item]
            assert client.subprotocol == "a"

    async def test_application_closes_with_its_code(self, ws: ServerKind) -> None:
        async with running(ws) as (address, _, _), connect(f"ws://{address}/asgi") as client:
            await client.send("bye")
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4002

    async def test_frames_reach_a_listener_and_go_back(self, ws: ServerKind) -> None:
        async with running(ws) as (address, app, _), connect(f"ws://{address}/frames") as client:
            for index in range(200):
                await client.send(str(index))
            assert [await client.recv() for _ in range(200)] == [str(index) for index in range(200)]
            await client.close()
            assert await until_closed(app) == 1

    async def test_listener_can_close(self, ws: ServerKind) -> None:
        async with running(ws) as (address, _, _), connect(f"ws://{address}/frames") as client:
            await client.send("close")
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4001


class TestPicows:
    async def test_http_and_websockets_share_the_port(self) -> None:
        async with running(PicowsProtocol) as (address, _, _), connect(f"ws://{address}/asgi") as client:
            host, _, port = address.partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b'{"hello":"world"}' in await reader.read()
            writer.close()
            await client.send("still here")
            assert await client.recv() == "still here"

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    async def test_a_bug_in_the_application_closes_with_1011(self) -> None:
        async with running(PicowsProtocol) as (address, _, _), connect(f"ws://{address}/broken") as client:
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1011

    async def test_shutdown_tells_clients_to_come_back_and_ends(self) -> None:
        async with running(PicowsProtocol) as (address, _, server), connect(f"ws://{address}/asgi") as client:
            server.should_exit = True
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012

    async def test_a_message_beyond_the_limit_ends_the_connection_only(self) -> None:
        async with running(PicowsProtocol) as (address, _, _):
            async with connect(f"ws://{address}/asgi", max_size=None) as client:
                await client.send("x" * (2 << 20))
                with pytest.raises(ConnectionClosed):
                    await client.recv()
            async with connect(f"ws://{address}/asgi") as client:
                await client.send("hello")
                assert await client.recv() == "hello"

    async def test_a_peer_that_vanishes_is_noticed(self) -> None:
        async with running(PicowsProtocol) as (address, app, _):
            client = await connect(f"ws://{address}/frames")
            await client.send("hello")
            assert await client.recv() == "hello"
            client.transport.abort()
            assert await until_closed(app) == 1
