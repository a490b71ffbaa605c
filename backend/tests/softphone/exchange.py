"""The far end of the softphone's line: the control interface of the sandbox's carrier, with a script behind it.

The page is what is tested here; the carrier has tests of its own. Audio is paced as the carrier paces it: one frame of
160 bytes every 20 ms on an absolute schedule, silence included.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

import sandbox
from audiokit.mulaw import FRAME_BYTES, SILENCE

PAGE = Path(sandbox.__file__).parent / "softphone"
NUMBER = "+15550001111"


class Handset:
    """One call as the far end sees it."""

    def __init__(self, sid: str, order: dict[str, Any]) -> None:
        self.sid = sid
        self.order = order
        self.events: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.heard = bytearray()
        self.frames_sounding = 0
        self.has_ended = asyncio.Event()
        self._queue = bytearray()
        self._is_quiet = asyncio.Event()
        self._sent: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._arrived = asyncio.Condition()

    # --- what a script may do ----------------------------------------------------------------------------------------

    def tell(self, event: str, **facts: object) -> None:
        told = {"event": event, "at": asyncio.get_running_loop().time() - self._began, **facts}
        self.events.append(told)
        self._sent.put_nowait(json.dumps(told))

    def play(self, audio: bytes) -> None:
        self._is_quiet.clear()
        self._queue += audio

    async def played(self) -> None:
        await self._is_quiet.wait()

    def clear(self) -> None:
        self.tell("clear", dropped_ms=len(self._queue) / 8)
        self._queue.clear()

    async def ordered(self, do: str, count: int = 1) -> list[dict[str, Any]]:
        """The orders of this kind, once there are as many."""
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: len(self._of(do)) >= count)
        return self._of(do)

    async def hears(self, seconds: float) -> bytes:
        """What the caller's microphone sent, once there is as much."""
        async with asyncio.timeout(20 + 3 * seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.heard) >= seconds * 8000)
        return bytes(self.heard)

    def end(self, by: str = "app") -> None:
        if not self.has_ended.is_set():
            self.tell("ended", status="completed", duration_s=3, by=by)
            self.has_ended.set()

    # --- the socket --------------------------------------------------------------------------------------------------

    def _of(self, do: str) -> list[dict[str, Any]]:
        return [order for order in self.orders if order["do"] == do]

    async def serve(self, line: WebSocket, script: Callable[["Handset"], Awaitable[None]]) -> None:
        self._began = asyncio.get_running_loop().time()
        with contextlib.suppress(WebSocketDisconnect):
            async with asyncio.TaskGroup() as tasks:
                work = [tasks.create_task(part) for part in (self._listen(line), self._send(line), self._pace())]
                script_task = tasks.create_task(_as_coroutine(script(self)))
                await self.has_ended.wait()
                await self._sent.join()
                for task in (*work, script_task):
                    task.cancel()
            await line.close()

    async def _listen(self, line: WebSocket) -> None:
        while True:
            message = await line.receive()
            if message["type"] == "websocket.disconnect":
                self.has_ended.set()
                return
            async with self._arrived:
                if message.get("bytes"):
                    self.heard += message["bytes"]
                else:
                    self.orders.append(json.loads(message["text"]))
                self._arrived.notify_all()
            if self._of("hang_up"):
                self.end("caller")

    async def _send(self, line: WebSocket) -> None:
        while True:
            message = await self._sent.get()
            await (line.send_text(message) if isinstance(message, str) else line.send_bytes(message))
            self._sent.task_done()

    async def _pace(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            frame = bytes(self._queue[:FRAME_BYTES])
            del self._queue[:FRAME_BYTES]
            self.frames_sounding += bool(frame)
            self._sent.put_nowait(frame.ljust(FRAME_BYTES, SILENCE))
            if not self._queue:
                self._is_quiet.set()
            due += 0.02
            await asyncio.sleep(due - clock())


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work


async def _greet(handset: Handset) -> None:
    handset.tell("ringing")
    handset.tell("answered")
    handset.tell("stream_started", stream_sid="MZ1")


class Exchange:
    """Serves page and control interface. `script` is what the far end does with a call; `records` what it stored."""

    def __init__(self) -> None:
        self.script: Callable[[Handset], Awaitable[None]] = _greet
        self.records: dict[str, dict[str, Any]] = {}
        self.has_history = True
        self.url = ""
        self._calls: list[Handset] = []
        self._rung = asyncio.Condition()

    async def call(self, number: int = 1) -> Handset:
        """The first, second … call, once it was rung."""
        async with asyncio.timeout(20), self._rung:
            await self._rung.wait_for(lambda: len(self._calls) >= number)
        return self._calls[number - 1]

    def app(self) -> Starlette:
        routes = [
            Route("/sandbox/calls", self._ring, methods=["POST"]),
            Route("/sandbox/calls", self._list),
            Route("/sandbox/calls/{sid}", self._get),
            Route("/sandbox/calls/{sid}/audio.wav", lambda _: Response(status_code=404)),
            WebSocketRoute("/sandbox/calls/{sid}/line", self._line),
            Route("/sandbox/app/api/calls", self._find),
            Route("/sandbox/app/api/calls/{id}", self._read),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        return Starlette(routes=routes)

    async def _ring(self, request: Request) -> Response:
        order = await request.json()
        if order["to"] != NUMBER:
            problem = {"title": "Not in service", "detail": f"{order['to']} is not in service.", "status": 404}
            return JSONResponse(problem, 404, media_type="application/problem+json")
        handset = Handset(f"CA{len(self._calls):032x}", order)
        async with self._rung:
            self._calls.append(handset)
            self._rung.notify_all()
        return JSONResponse({"call_sid": handset.sid}, 201)

    async def _line(self, line: WebSocket) -> None:
        await line.accept()
        await self._with_sid(line.path_params["sid"]).serve(line, self.script)

    async def _list(self, _: Request) -> Response:
        return JSONResponse({"calls": [self._summary(call) for call in reversed(self._calls)]})

    async def _get(self, request: Request) -> Response:
        call = self._with_sid(request.path_params["sid"])
        return JSONResponse(self._summary(call) | {"events": call.events, "recordings": []})

    def _summary(self, call: Handset) -> dict[str, Any]:
        status = "completed" if call.has_ended.is_set() else "in-progress"
        facts = {"call_sid": call.sid, "from": call.order["from"], "to": call.order["to"]}
        return facts | {"status": status, "duration_s": 3, "started_at": "2026-11-23T12:00:00Z"}

    def _with_sid(self, sid: str) -> Handset:
        return next(call for call in self._calls if call.sid == sid)

    async def _find(self, request: Request) -> Response:
        if not self.has_history:
            return JSONResponse({"title": "Bad gateway", "detail": "The application does not answer."}, 502)
        sid = request.query_params.get("carrier_call_id")
        found = [record for key, record in self.records.items() if sid in (None, key)]
        return JSONResponse({"calls": found, "next_cursor": None})

    async def _read(self, request: Request) -> Response:
        return JSONResponse(next(one for one in self.records.values() if one["id"] == request.path_params["id"]))


@contextlib.asynccontextmanager
async def running_exchange() -> AsyncIterator[Exchange]:
    exchange = Exchange()
    server = uvicorn.Server(uvicorn.Config(exchange.app(), log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        exchange.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listening]))
            try:
                yield exchange
            finally:
                server.should_exit = True
